# SPDX-License-Identifier: BSD-2-Clause
"""The SQLite extension, in the real shell: training, scores of the library bit for bit, and all that may go wrong."""
import csv
import io
import json
import re
import signal
import subprocess
import time
import unittest

from shell import EXTENSION, PATIENCE, SHELL, Case, blob, environment, machine_rows, single, table

ROWS = machine_rows(400)
READINGS = table(ROWS)
OPTIONS = 'epochs=3 batch=32 columns=speed,flow,mode'
TRAIN = f"CREATE TABLE models(name TEXT PRIMARY KEY, model BLOB);\n" \
        f"INSERT INTO models SELECT 'pump', aep_train('{OPTIONS}', speed, flow, mode) FROM readings;\n"
MADE = READINGS + TRAIN
FEW = table(ROWS[:20])
MODEL = '(SELECT model FROM models)'


def csv_text(rows):
    return ''.join(','.join(row) + '\n' for row in [('speed', 'flow', 'mode'), *rows])


class Training(Case):
    def test_model_is_that_of_the_program_byte_for_byte(self):
        self.write('rows.csv', csv_text(ROWS))
        self.run_program('train', '-q', '--epochs', '3', '--batch', '32', '--encoder', '8,2', '--seed', '5', '--alarm-rate', '0.05',
                         'rows.csv', '-o', 'program.aep')
        self.sql(READINGS + "SELECT writefile('sql.aep', aep_train('encoder=8,2 epochs=3;batch=32  seed=5 alarm_rate=0.05\n"
                            "columns=speed,flow,mode', speed, flow, mode)) FROM readings;\n")
        with open(self.path('program.aep'), 'rb') as ours, open(self.path('sql.aep'), 'rb') as theirs:
            self.assertEqual(ours.read(), theirs.read())

    def test_same_rows_in_the_same_order_give_the_same_model(self):
        train = "aep_train('epochs=2', speed, flow, mode)"
        self.assertEqual(self.sql(READINGS + f"""
            CREATE TABLE made AS SELECT {train} AS model FROM readings;
            SELECT (SELECT {train} FROM readings) = model FROM made;
            SELECT (SELECT {train} FROM (SELECT * FROM readings ORDER BY id)) = model FROM made;
            SELECT (SELECT {train} FROM (SELECT * FROM readings ORDER BY id DESC)) = model FROM made;
            SELECT (SELECT {train} FROM (SELECT * FROM readings ORDER BY id DESC)) =
                   (SELECT {train} FROM (SELECT * FROM readings ORDER BY id DESC));
            SELECT (SELECT aep_train('epochs=2 seed=1', speed, flow, mode) FROM readings) = model FROM made;
            SELECT (SELECT aep_train('epochs=2 threads=2', speed, flow, mode) FROM readings) = model FROM made;
            """), ['1', '1', '0', '1', '0', '1'])

    def test_threads_give_the_same_model(self):
        wide = 'encoder=128,64,8 epochs=1 batch=300'  # 300 rows of some 20,000 parameters: work for two
        self.assertEqual(self.sql(READINGS + f"""
            SELECT (SELECT aep_train('{wide}', speed, flow, mode) FROM readings) =
                   (SELECT aep_train('{wide} threads=2', speed, flow, mode) FROM readings);"""), ['1'])

    def test_each_group_gives_a_model(self):
        self.assertEqual(self.sql(READINGS + """
            CREATE TABLE made AS SELECT mode, aep_train('epochs=2', speed, flow) AS model FROM readings GROUP BY mode;
            SELECT mode, model = (SELECT aep_train('epochs=2', speed, flow) FROM readings AS r WHERE r.mode = made.mode) FROM made;
            SELECT aep_train('epochs=2', speed, flow) FILTER (WHERE mode = 'fast') = (SELECT model FROM made WHERE mode = 'fast')
            FROM readings;
            """), ['fast|1', 'slow|1', '1'])

    def test_texts_become_levels_in_the_order_in_which_they_come(self):
        names = list(dict.fromkeys(row[2] for row in ROWS))
        lines = self.sql(MADE + f'SELECT aep_columns({MODEL});')
        self.assertEqual(json.loads(lines[0]), [
            {'name': 'speed', 'kind': 'numeric', 'levels': None}, {'name': 'flow', 'kind': 'numeric', 'levels': None},
            {'name': 'mode', 'kind': 'categorical', 'levels': names}])

    def test_declared_levels_are_all_there_are(self):
        declared = "'epochs=1 columns=\"the \"\"speed\"\"\",flow,mode(off,slow, \"fast\")'"
        lines = self.sql(READINGS + f'SELECT aep_columns(aep_train({declared}, speed, flow, mode)) FROM readings;')
        columns = json.loads(lines[0])
        self.assertEqual(columns[0]['name'], 'the "speed"')
        self.assertEqual(columns[2]['levels'], ['off', 'slow', 'fast'])
        self.refused("SELECT aep_train('columns=speed,flow,mode(slow)', speed, flow, mode) FROM readings",
                     "column 3 (mode): 'fast' is none of the levels that the option columns declares", READINGS)

    def test_codes_are_categorical_where_they_are_named(self):
        for name in ('code', '2'):
            lines = self.sql(f"""{READINGS}
                CREATE TABLE made AS SELECT aep_train('columns=speed,code epochs=1 categorical={name}', speed, id % 3) AS model FROM readings;
                SELECT aep_columns(model) ->> '$[1].levels' FROM made;
                SELECT aep_score(model, 0.5, 2) = aep_score(model, 0.5, 2.0), aep_score(model, 0.5, 2) = aep_score(model, 0.5, '2'),
                       aep_score(model, 0.5, 2) = aep_score(model, 0.5, 1) FROM made;""")
            self.assertEqual(lines, ['["1","2","0"]', '1|1|0'])

    def test_texts_that_are_numbers_are_numbers(self):
        """As columns are that .import makes."""
        self.write('rows.csv', csv_text(ROWS))
        self.assertEqual(self.sql(MADE + f"""
            .import --csv rows.csv imported
            SELECT DISTINCT typeof(flow) FROM imported;
            SELECT (SELECT aep_train('{OPTIONS}', speed, flow, mode) FROM imported) = {MODEL};
            SELECT count(*) FROM imported WHERE aep_score({MODEL}, speed, flow, mode) IS NOT
                aep_score({MODEL}, CAST(speed AS REAL), CAST(flow AS REAL), mode);
            """), ['text', '1', '0'])

    def test_missing_values_are_filled_in_where_that_is_wanted(self):
        rows = [(None if i % 7 == 0 else row[0], row[1], None if i % 11 == 0 else row[2]) for i, row in enumerate(ROWS)]
        lines = self.sql(table(rows) + f"""
            CREATE TABLE models AS SELECT aep_train('{OPTIONS} missing=impute', speed, flow, mode) AS model FROM readings;
            SELECT count(*) FROM readings WHERE aep_score({MODEL}, speed, flow, mode) >= 0;
            SELECT aep_score({MODEL}, NULL, NULL, NULL) >= 0;""")
        self.assertEqual(lines, ['400', '1'])
        self.write('rows.csv', csv_text([tuple(cell or '' for cell in row) for row in rows]))
        self.run_program('train', '-q', '--epochs', '3', '--batch', '32', '--set', 'missing=impute', 'rows.csv', '-o', 'program.aep')
        self.assertEqual(self.sql(table(rows) + f"""
            SELECT readfile('program.aep') = aep_train('{OPTIONS} missing=impute', speed, flow, mode) FROM readings;"""), ['1'])

    def test_column_without_any_value_is_a_constant(self):
        lines = self.sql(FEW + "SELECT aep_info(aep_train('epochs=1 missing=impute', speed, NULL)) ->> 'constant_columns' FROM readings;")
        self.assertEqual(lines, ['1'])

    def test_rows_in_blobs_train_the_same_model(self):
        numbers = [[float(cell) for cell in row[:2]] for row in ROWS]
        values = ','.join(f'({blob(row)},{row[0]},{row[1]})' for row in numbers)
        self.assertEqual(self.sql(f"""CREATE TABLE readings AS SELECT column1 AS row, column2 AS a, column3 AS b FROM (VALUES {values});
            CREATE TABLE models AS SELECT aep_train('epochs=1', row) AS model FROM readings;
            SELECT {MODEL} = aep_train('epochs=1', a, b) FROM readings;
            SELECT count(*) FROM readings WHERE aep_score({MODEL}, row) = aep_score({MODEL}, a, b);"""), ['1', '400'])

    def test_few_rows(self):
        for n, saying in ((0, 'there are no rows'), (1, 'there is 1 row, and training needs at least 2')):
            self.refused(f"SELECT aep_train('', speed, flow) FROM (SELECT * FROM readings LIMIT {n})", saying, FEW)
        self.assertEqual(self.sql(FEW + "SELECT aep_info(aep_train('epochs=1', speed, flow)) ->> 'calibration_rows' FROM "
                                        "(SELECT * FROM readings LIMIT 3);"), ['1'])

    def test_warnings_go_to_the_log_of_sqlite(self):
        _, errors = self.run_shell(f".log stderr\n{FEW}SELECT length(aep_train('epochs=1 patience=3', speed, flow)) FROM readings;")
        self.assertTrue([line for line in errors if 'aep_train: option patience has no effect' in line], errors)

    def test_options_are_checked(self):
        for options, saying in (
                ('epoch=3', "there is no option 'epoch'; did you mean 'epochs'? SELECT aep_options() lists all"),
                ('nois_level=1', "did you mean 'noise_level'?"),
                ('calibraton=0', "did you mean 'calibration'?"),
                ('alarm-rate=2', "option alarm_rate: must be a number from 0 to 1, not '2'"),
                ('qqqqqqqqqq=1', "there is no option 'qqqqqqqqqq'; SELECT"),
                ('q' * 70 + '=1', 'options are NAME=VALUE'),
                ('epochs', "options are NAME=VALUE, separated by spaces or semicolons, and 'epochs' is not"),
                ('=3', "'=3' is not"),
                ('epochs=', "option epochs: must be an integer from 1 to"),
                ('epochs=three', "not 'three'"),
                ('epochs=' + '1' * 80, 'option epochs: must be'),
                ('noise=loud', "option noise: must be one of none, gaussian, masking, block, not 'loud'"),
                ('squared=maybe', "option squared: must be yes or no, not 'maybe'"),
                ('noise=masking noise_level=1.5', 'noise_level'),
                ('noise=block', 'block'),
                ('encoder=8,0', "option encoder: a width must be from 1 to 65536, not '0'"),
                ('encoder=8,', "option encoder: a width must be from 1 to 65536, not ''"),
                ('encoder=8x2', "not '8x2'"),
                ('head=' + ','.join('1' * 33), 'more than 32 widths'),
                ('calibration=0.95', "a share of the rows from 0 to 0.9, not '0.95'"),
                ('threads=0', "option threads: the number must be from 1 to 256, not '0'"),
                ('max_levels=99999', 'from 1 to 65536'),
                ('columns=a', 'option columns: there are 2 columns, and names for 1'),
                ('columns=a,b,c', "more names than columns, from 'c' on"),
                ('columns=a,"b', """the quote of '"b' has no end"""),
                ('columns=a,b(x', "the levels '(x' do not end in ')'"),
                ('columns=a,b(x,x)', "a level is given twice, from 'x)' on"),
                ('columns=,b', "a name is missing in front of ',b'"),
                ('columns=a,b"c"', 'is not understood'),
                ('columns=a,' + 'b' * 300, '255'),
                ('categorical=7', "there is no column '7'"),
                ('image=1,2,1', 'models of images are not trained in SQL'),
        ):
            with self.subTest(options):
                self.refused(f"SELECT aep_train('{options}', speed, flow) FROM readings", saying, FEW)

    def test_rows_are_checked(self):
        for arguments, saying in (
                ("'', speed, CASE id WHEN 7 THEN NULL ELSE 1 END",
                 'row 7, column 2: the value is NULL; set the option missing to impute if values can be missing'),
                ("'columns=a,b', speed, CASE id WHEN 7 THEN 'x' ELSE 1 END",
                 "row 7, column 2 (b): 'x' stands among numbers; if they are codes, name the column by the option categorical"),
                ("'', speed, CASE id WHEN 7 THEN '' ELSE 1 END", 'row 7, column 2: the text is empty'),
                ("'', speed, x'00'", 'row 1, column 2: the value is a BLOB'),
                ("'', speed, 9e999", 'row 1, column 2: Inf is beyond single precision'),
                ("'', 1e300, 2", 'row 1, column 1: 1.0e+300 is beyond single precision'),
                ("'max_levels=3', 'x' || id", 'row 4, column 1: more than 3 different texts'),
                ("'', CASE id WHEN 2 THEN printf('%.*c', 256, 'x') ELSE 'y' END", 'row 2, column 1:'),
                ("'', 'x' || char(0)", 'holds a NUL'),
                ("'epochs=' || id, speed, flow", 'row 2 has other options than the rows before'),
                ("'', x''", 'this one has 0'),
                ("'', x'000000'", 'this one has 3'),
                ("'', CASE id WHEN 2 THEN x'00000000' ELSE x'0000000000000000' END", 'row 2 has 4 bytes, where the rows before have 8'),
                ("'', CASE id WHEN 2 THEN 5 ELSE x'0000000000000000' END", 'row 2 has 0 bytes, where the rows before have 8'),
                ("'', x'0000807f'", 'row 1, column 1: the value is infinite'),
                ("'', x'0000c07f'", 'row 1, column 1: the value is NaN; set the option missing to impute'),
                ("'categorical=1', x'00000000'", 'the columns of rows in BLOBs are numeric'),
                ("x'00', 1", 'takes the text of options'), ("'x'", 'takes the text of options'), ('', 'takes the text of options'),
                ("'learning_rate=1 scaling=none squash=none squared=yes activation=identity head_activation=identity schedule=constant', "
                 '1e9 * speed, 1e9 * flow', 'lower learning_rate'),
        ):
            with self.subTest(arguments):
                self.refused(f'SELECT length(aep_train({arguments})) FROM readings', saying, FEW)

    def test_no_window_function(self):
        self.refused("SELECT aep_train('', speed) OVER (ORDER BY id) FROM readings", 'may not be used as a window function', FEW)

    def test_rows_are_bounded_by_the_limit_of_sqlite(self):
        statement = "SELECT length(aep_train('epochs=1', id, id)) FROM (WITH RECURSIVE n(id) AS (VALUES(1) UNION ALL SELECT id + 1 " \
                    "FROM n LIMIT {}) SELECT id FROM n)"
        self.refused(statement.format(12501), 'more than 12500 rows of 2 columns take more than 100000 bytes (SQLITE_LIMIT_LENGTH)',
                     '.limit length 100000')
        self.assertTrue(int(self.sql('.limit length 100000\n' + statement.format(12500) + ';')[-1]) > 0)

    def test_model_is_bounded_by_the_limit_of_sqlite(self):
        self.refused("SELECT length(aep_train('encoder=200,100 epochs=1', speed, flow)) FROM readings", 'too big',
                     FEW + '.limit length 50000')

    def test_errors_of_other_functions_end_the_query(self):
        self.refused("SELECT length(aep_train('epochs=1', speed, abs(CASE id WHEN 9 THEN -9223372036854775807 - 1 ELSE id END))) "
                     'FROM readings', 'integer overflow', FEW)


class Scoring(Case):
    def test_scores_are_those_of_the_program_bit_for_bit(self):
        test = machine_rows(100, seed=2) + machine_rows(20, seed=3, fault=True)
        self.write('test.csv', csv_text(test))
        lines = self.sql(MADE + table(test, 'today') + f"""
            SELECT writefile('m.aep', {MODEL}) > 0;
            SELECT printf('%!.17g,%!.17g,%d', aep_score({MODEL}, speed, flow, mode), aep_pvalue({MODEL}, speed, flow, mode),
                          aep_is_anomaly({MODEL}, speed, flow, mode)) FROM today ORDER BY id;""")
        ours = [line.split(',') for line in lines[1:]]
        theirs = list(csv.DictReader(io.StringIO(self.run_program('score', '-q', 'm.aep', 'test.csv'))))
        self.assertEqual(len(ours), 120)
        for row, (score, pvalue, anomaly) in zip(theirs, ours):
            self.assertEqual(float(score), single(row['score']))
            self.assertEqual(float(pvalue), single(row['p_value']))
            self.assertEqual(anomaly, row['anomaly'])
        self.assertGreater(sum(anomaly == '1' for *_, anomaly in ours[100:]), 15)

    def test_explanation_is_that_of_the_program(self):
        faults = machine_rows(20, seed=3, fault=True)
        self.write('test.csv', csv_text(faults))
        lines = self.sql(MADE + table(faults, 'today') + f"""
            SELECT writefile('m.aep', {MODEL}) > 0;
            SELECT aep_explain({MODEL}, speed, flow, mode) FROM today ORDER BY id;""")
        theirs = {}
        for line in csv.DictReader(io.StringIO(self.run_program('explain', '-q', 'm.aep', 'test.csv', '--top', '3'))):
            theirs.setdefault(line['row'], {})[line['column']] = single(line['share'])
        ours = [{name: single(share) for name, share in json.loads(line).items()} for line in lines[1:]]
        self.assertEqual(ours, list(theirs.values()))
        for shares in ours:
            self.assertEqual(list(shares.values()), sorted(shares.values(), reverse=True))

    def test_columns_without_names_are_explained_by_number(self):
        lines = self.sql(FEW + "SELECT aep_explain(aep_train('epochs=1', speed, flow), 0.5, 3) FROM readings;")
        self.assertEqual(set(json.loads(lines[0])), {'1', '2'})

    def test_json_of_odd_names(self):
        columns = json.loads(self.sql(FEW + """SELECT aep_columns(aep_train('epochs=1 columns="a\\""' || char(10) || '","é"', speed, flow))
                                         FROM readings;""")[0])
        self.assertEqual([column['name'] for column in columns], ['a\\"\n', 'é'])

    def test_json_is_json_to_other_functions(self):
        self.assertEqual(self.sql(MADE + f"""
            SELECT json_type(json_array(aep_explain({MODEL}, 0.5, 3, 'fast')), '$[0]');
            SELECT key FROM json_each(aep_explain({MODEL}, 0.5, 3, 'fast')) LIMIT 1;
            SELECT json_valid(aep_info({MODEL})), json_valid(aep_options());
            SELECT value ->> 'preset' FROM json_each(aep_options()) WHERE value ->> 'name' = 'epochs';
            SELECT aep_info({MODEL}) ->> '$.options.epochs', aep_info({MODEL}) ->> '$.options.noise';
            """), ['object', 'flow', '1|1', '100', '3|gaussian'])

    def test_models_of_the_program_score(self):
        """Among them one with more columns than a function has arguments: images."""
        source = machine_rows(160)
        images = [[float(source[(i + j) % 160][0]) * (j % 12) for j in range(144)] for i in range(160)]
        self.write('images.csv', ''.join(','.join(f'{value:.4f}' for value in image) + '\n' for image in images))
        self.run_program('train', '-q', '--image', '1,12,12', '--conv', '4x3/2', '--epochs', '1', 'images.csv', '-o', 'images.aep')
        theirs = [single(line['score']) for line in csv.DictReader(io.StringIO(self.run_program('score', '-q', 'images.aep', 'images.csv')))]
        values = ','.join(f'({blob([float(f"{value:.4f}") for value in image])})' for image in images)
        lines = self.sql(f"CREATE TABLE images AS SELECT column1 AS image FROM (VALUES {values});\n"
                         "SELECT printf('%!.17g', aep_score(readfile('images.aep'), image)) FROM images;\n"
                         "SELECT count(*) FROM json_each(aep_explain(readfile('images.aep'), (SELECT image FROM images)));\n"
                         'SELECT aep_parsed();')
        self.assertEqual([float(line) for line in lines[:-2]], theirs)
        self.assertEqual(lines[-2:], ['144', '1'])

    def test_unseen_levels(self):
        self.assertEqual(self.sql(MADE + f"SELECT aep_score({MODEL}, 0.5, 0.25, 'idle') >= 0;"), ['1'])
        strict = READINGS + TRAIN.replace(OPTIONS, OPTIONS + ' unseen=error')
        self.refused(f"SELECT aep_score({MODEL}, 0.5, 0.25, 'idle')", "column 3 (mode): 'idle' is no level that the model was trained on",
                     strict)

    def test_rows_are_checked(self):
        for arguments, saying in (
                ('0.5, 0.25', '2 columns were given, the model has 3: speed, flow, mode'),
                ("0.5, 0.25, 'fast', 1", '4 columns were given, the model has 3'),
                ('0.5', '1 column was given, the model has 3'),
                ("NULL, 0.25, 'fast'", 'column 1 (speed): the value is NULL; the model was trained with missing=error'),
                ("0.5, 0.25, NULL", 'column 3 (mode): the value is NULL'),
                ("0.5, 'x', 'fast'", "column 2 (flow): 'x' is no number"),
                ("0.5, '', 'fast'", "column 2 (flow): '' is no number"),
                ("0.5, x'00', 'fast'", 'column 2 (flow): the value is a BLOB'),
                ("1e39, 0.25, 'fast'", 'column 1 (speed): 1.0e+39 is beyond single precision'),
                ("-9e999, 0.25, 'fast'", 'column 1 (speed): -Inf is beyond single precision'),
                (blob([0.5]), '1 column was given, the model has 3'),
                (blob([0.5, float('nan'), 0]), 'column 1 (flow): the value is NaN'),
                ("x'00'", 'this one has 1'),
        ):
            for function in ('aep_score', 'aep_pvalue', 'aep_is_anomaly', 'aep_explain'):
                with self.subTest(arguments, function=function):
                    self.refused(f'SELECT {function}({MODEL}, {arguments})', f'{function}: ' if function else '', MADE)
                    self.refused(f'SELECT {function}({MODEL}, {arguments})', saying, MADE)

    def test_bytes_that_are_no_model(self):
        for model, saying in (
                ('NULL', 'the model is NULL: does the query that gives it find a row?'),
                ("(SELECT model FROM models WHERE name = 'pmup')", 'the model is NULL'),
                ("'pump'", 'the first argument must be a model'), ('7', 'the first argument must be a model'),
                ("x''", 'not a well-formed model'), ("x'00'", 'not a well-formed model'), ('zeroblob(5000)', 'not a well-formed model'),
                (f'substr({MODEL}, 1, length({MODEL}) - 1)', 'damaged or cut short'),
                (f'substr({MODEL}, 1, 100)', 'damaged or cut short'),
                (f"CAST(substr({MODEL}, 1, 200) || x'ff' || substr({MODEL}, 202) AS BLOB)", 'damaged'),
        ):
            for function, arguments in (('aep_score', ', 1, 2, 3'), ('aep_explain', ', 1, 2, 3'), ('aep_info', ''), ('aep_columns', '')):
                with self.subTest(model, function=function):
                    self.refused(f'SELECT {function}({model}{arguments})', saying, MADE)

    def test_model_of_a_later_version(self):
        later = f"CAST(substr({MODEL}, 1, 8) || x'63' || substr({MODEL}, 10) AS BLOB)"
        _, errors = self.run_shell(MADE + f'SELECT aep_info({later});')
        self.assertTrue(re.search('newer|damaged|well-formed', errors[0]), errors)

    def test_model_without_calibration(self):
        made = READINGS + TRAIN.replace(OPTIONS, OPTIONS + ' calibration=0')
        self.assertEqual(self.sql(made + f"SELECT aep_score({MODEL}, 0.5, 0.25, 'fast') >= 0;"), ['1'])
        for function in ('aep_pvalue', 'aep_is_anomaly'):
            self.refused(f"SELECT {function}({MODEL}, 0.5, 0.25, 'fast')",
                         f'{function}: the model is not calibrated; train it with the option calibration above 0', made)

    def test_functions_without_arguments(self):
        for function in ('aep_score', 'aep_pvalue', 'aep_is_anomaly', 'aep_explain'):
            self.refused(f'SELECT {function}()', 'takes a model and the columns of a row')
            self.refused(f'SELECT {function}({MODEL})', 'takes a model and the columns of a row', MADE)


class Parsing(Case):
    """How often models are parsed."""

    def parsed(self, query, models=1):
        lines = self.sql(READINGS + 'CREATE TABLE models(name, model);\n' + ''.join(
            f"INSERT INTO models SELECT {i}, aep_train('epochs=1 seed={i}', speed, flow) FROM readings;\n" for i in range(models)) +
            f'{query};\nSELECT aep_parsed();\n')
        self.assertEqual(lines[0], str(400 * models))
        return int(lines[-1])

    def test_constant_is_parsed_once(self):
        self.assertEqual(self.parsed(".parameter init\nINSERT INTO temp.sqlite_parameters SELECT '?1', model FROM models;\n"
                                     'SELECT count(aep_score(?1, speed, flow)) FROM readings'), 1)

    def test_subquery_is_parsed_once(self):
        self.assertEqual(self.parsed('SELECT count(aep_score((SELECT model FROM models), speed, flow)) FROM readings'), 1)

    def test_join_is_parsed_once(self):
        self.assertEqual(self.parsed('SELECT count(aep_score(model, speed, flow)) FROM readings, models'), 1)

    def test_models_that_alternate_are_parsed_once_each(self):
        self.assertEqual(self.parsed('SELECT count(aep_score(model, speed, flow)) FROM readings CROSS JOIN models', 16), 16)

    def test_more_models_than_are_kept_score_the_same(self):
        query = 'SELECT count(aep_score(model, speed, flow)) FROM {}'
        self.assertEqual(self.parsed(query.format('models CROSS JOIN readings'), 18), 18)
        self.assertEqual(self.sql(READINGS + 'CREATE TABLE models(name, model);\n' + ''.join(
            f"INSERT INTO models SELECT {i}, aep_train('epochs=1 seed={i}', speed, flow) FROM readings;\n" for i in range(18)) + """
            CREATE TABLE one AS SELECT name, id, aep_score(model, speed, flow) AS score FROM models CROSS JOIN readings;
            CREATE TABLE two AS SELECT name, id, aep_score(model, speed, flow) AS score FROM readings CROSS JOIN models;
            SELECT count(*) FROM one JOIN two USING (name, id, score);
            SELECT aep_parsed() > 18 + 400;"""), ['7200', '1'])

    def test_functions_and_statements_share_what_is_parsed(self):
        self.assertEqual(self.parsed('SELECT count(aep_score(model, speed, flow)) FROM readings, models;\n'
                                     'SELECT count(aep_pvalue(model, speed, flow) + aep_is_anomaly(model, speed, flow)) '
                                     'FROM readings, models; CREATE TEMP TABLE x AS SELECT aep_info(model) FROM models'), 1)


class Hosts(Case):
    """What hosts do: interrupts, memory, schemas, many statements and connections."""

    def interrupted(self, statement):
        """The shell's answer to Ctrl-C, and the time it took."""
        shell = subprocess.Popen([SHELL, '-batch', ':memory:'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=environment(leaks=False), text=True)
        shell.stdin.write(f".load {EXTENSION}\n{READINGS}SELECT 'begun';\n{statement};\nSELECT 'done';\n")
        shell.stdin.flush()
        self.assertEqual(shell.stdout.readline(), 'begun\n')
        time.sleep(2 * PATIENCE)
        self.assertIsNone(shell.poll())
        begun = time.monotonic()
        shell.send_signal(signal.SIGINT)
        out, errors = shell.communicate(timeout=60)
        self.assertIn('interrupted', errors)
        self.assertNotIn('done', out)
        return time.monotonic() - begun

    def test_interrupt_ends_training(self):
        self.assertLess(self.interrupted("SELECT length(aep_train('epochs=1000000', speed, flow, mode)) FROM readings"), 5 * PATIENCE)

    def test_interrupt_ends_training_inside_of_an_insert(self):
        self.assertLess(self.interrupted("CREATE TABLE models(model); INSERT INTO models SELECT aep_train('epochs=1000000', speed, flow) "
                                         'FROM readings'), 5 * PATIENCE)

    def test_interrupt_while_rows_are_gathered_does_not_train(self):
        endless = 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 40000000)'
        self.assertLess(self.interrupted(f"{endless} SELECT length(aep_train('epochs=1000000', i)) FROM n"), 10 * PATIENCE)

    def test_progress_handler_ends_training(self):
        _, errors = self.run_shell(READINGS + ".progress 1000 --limit 50\nSELECT length(aep_train('epochs=1000000', speed, flow)) FROM readings;")
        self.assertIn('interrupted', '\n'.join(errors))

    def test_interrupted_insert_leaves_no_trace(self):
        lines, errors = self.run_shell(READINGS + """CREATE TABLE models(model);
            .progress 1000 --limit 50
            INSERT INTO models SELECT aep_train('epochs=1000000', speed, flow) FROM readings;
            .progress 0
            SELECT count(*) FROM models;
            SELECT length(aep_train('epochs=1', speed, flow)) > 0 FROM readings;""")
        self.assertIn('interrupted', '\n'.join(errors))
        self.assertEqual(lines[-2:], ['0', '1'])

    def test_each_amount_of_memory_gives_the_same_or_an_error(self):
        """The heap's hard limit can only be lowered: from plenty to none, in steps of 1 %."""
        limits = [int(6e6 * 0.99 ** i) for i in range(0, 300, 1 if PATIENCE == 1 else 3)]
        train = f"SELECT aep_train('{OPTIONS}', speed, flow, mode) = {MODEL} FROM readings;\n"
        score = f"SELECT sum(aep_score({MODEL}, speed, flow, mode) + aep_pvalue({MODEL}, speed, flow, mode)) = " \
                f"(SELECT score FROM known), length(aep_explain({MODEL}, 0, 0, 'fast')) > 0 FROM readings;\n"
        lines, errors = self.run_shell(MADE + f"""CREATE TABLE known AS SELECT sum(aep_score({MODEL}, speed, flow, mode) +
            aep_pvalue({MODEL}, speed, flow, mode)) AS score FROM readings;\n""" + ''.join(
            f'PRAGMA hard_heap_limit={limit};\n{train}{score}' for limit in limits), leaks=False)
        results = [line for line in lines if '|' in line or line in ('0', '1')]
        self.assertLessEqual(set(results), {'1', '1|1'})
        trained, scored = results.count('1'), results.count('1|1')
        self.assertGreater(trained, len(limits) // 10)
        self.assertLess(trained, len(limits) * 9 // 10, 'training never ran out of memory')
        self.assertGreater(scored, trained)
        others = [line for line in errors if not re.search('out of memory', line)]
        self.assertEqual(others, [])

    def test_memory_is_given_back(self):
        """What SQLite has given out is the same after many statements, good and bad."""
        bad = "SELECT aep_train('epoch=3', 1); SELECT aep_score(x'00', 1); SELECT aep_train('columns=a(b,\"c', 1, 2);" \
              "SELECT length(aep_train('columns=a(b,c),d epochs=1', 'b', 2)) FROM (VALUES (1), (2)); SELECT aep_train('', speed, NULL) FROM readings;"
        good = f"SELECT sum(aep_score({MODEL}, speed, flow, mode)) FROM readings;" \
               f"SELECT length(aep_train('{OPTIONS}', speed, flow, mode)), length(aep_explain({MODEL}, 1, 2, 'fast')) FROM readings;"
        lines, _ = self.run_shell(MADE + '.stats on\n' + (bad + good).replace(';', ';\n') * 30)
        used = [int(re.search(r'\d+', line)[0]) for line in lines if line.startswith('Memory Used')]
        self.assertGreater(len(used), 60)
        self.assertLess(max(used[-20:]), max(used[:20]) + 1000)

    def test_views_and_triggers_of_an_untrusted_schema(self):
        made = MADE + f"""CREATE VIEW scored AS SELECT id, aep_score({MODEL}, speed, flow, mode) AS score FROM readings;
            CREATE VIEW trained AS SELECT aep_train('', speed, flow) AS model FROM readings;
            PRAGMA trusted_schema=OFF;"""
        self.assertEqual(self.sql(made + 'SELECT count(score) FROM scored;'), ['400'])
        self.refused('SELECT * FROM trained', 'unsafe use of aep_train()', made)

    def test_scores_in_triggers_and_indices(self):
        quoted = self.sql(MADE + f'SELECT quote({MODEL});')[0]
        self.assertEqual(self.sql(MADE + f"""
            CREATE TABLE alarms(id, score);
            CREATE TRIGGER judge AFTER INSERT ON readings WHEN aep_is_anomaly({MODEL}, new.speed, new.flow, new.mode)
            BEGIN INSERT INTO alarms VALUES (new.id, aep_score({MODEL}, new.speed, new.flow, new.mode)); END;
            INSERT INTO readings VALUES (5001, 0.5, 3.5, 'fast'), (5002, 0.5, 0.25, 'fast');
            SELECT id FROM alarms;
            CREATE INDEX by_score ON readings(aep_score({quoted}, speed, flow, mode));
            PRAGMA integrity_check;"""), ['5001', 'ok'])

    def test_model_lives_in_a_file(self):
        self.sql(MADE, database='machine.db')
        self.assertEqual(self.sql(f"SELECT aep_is_anomaly({MODEL}, 0.5, 3.5, 'fast');", database='machine.db'), ['1'])

    def test_several_connections(self):
        self.assertEqual(self.sql(MADE + f"""
            SELECT aep_score({MODEL}, 0.5, 3.5, 'fast') > 0;
            .connection 1
            .open other.db
            .load {EXTENSION}
            SELECT aep_parsed();
            {MADE}
            SELECT aep_score({MODEL}, 0.5, 3.5, 'fast') > 0;
            .connection close 0
            SELECT aep_score({MODEL}, 0.5, 3.5, 'fast') > 0, aep_parsed();
            .load {EXTENSION}
            SELECT aep_score({MODEL}, 0.5, 3.5, 'fast') > 0;
            """), ['1', '0', '1', '1|1', '1'])

    def test_only_the_entry_point_is_exported(self):
        done = subprocess.run(['nm', '-D', '--defined-only', EXTENSION + '.so'], capture_output=True, text=True, check=True)
        names = [line.split()[-1] for line in done.stdout.splitlines()]
        self.assertEqual([name for name in names if 'asan' not in name and 'odr' not in name], ['sqlite3_aepred_init'])
        needed = subprocess.run(['readelf', '-d', EXTENSION + '.so'], capture_output=True, text=True, check=True).stdout
        self.assertNotIn('libsqlite3', needed)
        self.assertNotIn('libaepred', needed)


if __name__ == '__main__':
    unittest.main()
