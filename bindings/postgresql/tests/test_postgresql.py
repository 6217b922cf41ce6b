# SPDX-License-Identifier: BSD-2-Clause
"""The PostgreSQL extension, in a server that the tests start: scores of the library bit for bit, and all that may go wrong."""
import csv
import io
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import server

PROGRAM = os.environ['AEPRED_PROGRAM']
NAMES = ('speed', 'flow', 'mode')
WORDS = "ARRAY[speed::text, flow::text, mode]"
NUMBERS = "ARRAY[speed, flow, code]"


def machine_rows(n, seed=1, fault=False):
    """Rows speed, flow, mode of a machine: flow follows speed, and mode says which half speed lies in."""
    source = random.Random(seed)
    rows = []
    for _ in range(n):
        speed = source.uniform(-1, 1)
        flow = (source.uniform(3, 4) if fault else speed * speed) + source.gauss(0, 0.01)
        rows.append((f'{speed:.5f}', f'{flow:.5f}', 'fast' if speed > 0 else 'slow'))
    return rows


def csv_text(rows):
    return ''.join(','.join(row) + '\n' for row in [NAMES, *rows])


def single(number):
    """The nearest number of single precision."""
    return struct.unpack('f', struct.pack('f', float(number)))[0]


class Case(unittest.TestCase):
    """All tests have one server, each test a schema of its own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='aepred-')
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.write('rows.csv', csv_text(machine_rows(400)))
        cls.models = {
            'pump': cls.train('rows.csv'),
            'gaps': cls.train('rows.csv', '--set', 'missing=impute'),
            'strict': cls.train('rows.csv', '--set', 'unseen=error'),
            'open': cls.train('rows.csv', '--calibration', '0'),
            'large': cls.train('rows.csv', '--encoder', '100,60,10'),
        }
        cls.test = machine_rows(100, seed=2) + machine_rows(20, seed=3, fault=True)
        cls.write('test.csv', csv_text(cls.test))

    @classmethod
    def write(cls, name, content):
        with open(os.path.join(cls.folder, name), 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)

    @classmethod
    def program(cls, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=cls.folder, capture_output=True, text=True, timeout=300, check=True).stdout

    @classmethod
    def train(cls, rows, *options):
        cls.program('train', '-q', '--epochs', '3', '--batch', '32', *options, rows, '-o', 'm.aep')
        with open(os.path.join(cls.folder, 'm.aep'), 'rb') as file:
            return file.read()

    def by_program(self, command, model, *options):
        """What the program says of the test rows."""
        self.write('m.aep', self.models[model])
        return list(csv.DictReader(io.StringIO(self.program(command, '-q', 'm.aep', 'test.csv', *options))))

    def run_psql(self, script, user='test'):
        """Lines printed, and errors, of a session that has the models and the test rows."""
        code = {'slow': 0, 'fast': 1}
        names = [level for column in self.levels() for level in column]
        code = {name: i for i, name in enumerate(names)}
        rows = ',\n'.join(f"({i}, {row[0]}, {row[1]}, '{row[2]}', {code[row[2]]})" for i, row in enumerate(self.test, 1))
        models = ',\n'.join(f"('{name}', '\\x{model.hex()}')" for name, model in self.models.items())
        prelude = f"""SET client_min_messages = warning;
            CREATE EXTENSION IF NOT EXISTS aepred;
            CREATE TEMP TABLE models(name text PRIMARY KEY, model bytea);
            INSERT INTO models VALUES {models};
            CREATE TEMP TABLE today(id int, speed float8, flow float8, mode text, code int);
            INSERT INTO today VALUES {rows};
            CREATE FUNCTION pg_temp.m(which text) RETURNS bytea LANGUAGE sql AS 'SELECT model FROM models WHERE name = which';
            """
        status, lines, errors = SERVER.psql(prelude + script, user)
        self.assertNotIn('server closed the connection', errors)
        self.assertEqual(status, 0, errors)
        return lines, errors

    def levels(self):
        """Levels of the column mode, in their order: that in which they came."""
        return [list(dict.fromkeys(row[2] for row in machine_rows(400)))]

    def sql(self, script):
        lines, errors = self.run_psql(script)
        self.assertEqual(errors, '', script)
        return lines

    def refused(self, statements, saying):
        """Statements fail, each saying what stands beside it, and the session goes on."""
        lines, errors = self.run_psql(''.join(f'{statement};\nSELECT {i};\n' for i, statement in enumerate(statements)))
        self.assertEqual(lines, [str(i) for i in range(len(statements))])
        found = re.split(r'^ERROR:  ', errors, flags=re.MULTILINE)[1:]
        self.assertEqual(len(found), len(statements), errors)
        for statement, error, wanted in zip(statements, found, saying):
            with self.subTest(statement):
                self.assertIn(wanted, error)


class Scores(Case):
    def check_scores(self, row, model):
        lines = self.sql(f"""SELECT aep_score(model, {row}), aep_pvalue(model, {row}), aep_is_anomaly(model, {row})
                             FROM today, models WHERE name = '{model}' ORDER BY id;""")
        theirs = self.by_program('score', model)
        self.assertEqual(len(lines), 120)
        for line, wanted in zip(lines, theirs):
            score, pvalue, anomaly = line.split('|')
            self.assertEqual((single(score), single(pvalue), anomaly == 't'),
                             (single(wanted['score']), single(wanted['p_value']), wanted['anomaly'] == '1'))
        self.assertGreater(sum(line.endswith('t') for line in lines[100:]), 15)

    def test_scores_are_those_of_the_program_bit_for_bit(self):
        for row in (WORDS, f'{NUMBERS}::real[]', f'{NUMBERS}::float8[]', 'ARRAY[speed::numeric, flow::numeric, code]'):
            for model in ('pump', 'large'):
                with self.subTest(row, model=model):
                    self.check_scores(row, model)

    def test_whole_numbers_and_arrays_of_more_dimensions(self):
        self.assertEqual(self.sql("""SELECT aep_score(m, ARRAY[1, 0, 1]) = aep_score(m, ARRAY[1, 0, 1]::real[]),
            aep_score(m, ARRAY[1, 0, 1]::bigint[]) = aep_score(m, ARRAY[1, 0, 1]::real[]),
            aep_score(m, ARRAY[1, 0, 1]::smallint[]) = aep_score(m, ARRAY[1, 0, 1]::real[]),
            aep_score(m, ARRAY['1', '0', 'slow']::varchar[]) = aep_score(m, ARRAY['1', '0', 'slow']),
            aep_score(m, ARRAY[[[1], [0], [1]]]) = aep_score(m, ARRAY[1, 0, 1]) FROM pg_temp.m('pump') AS m;"""), ['t|t|t|t|t'])

    def test_explanation_is_that_of_the_program(self):
        lines = self.sql(f"SELECT aep_explain(model, {WORDS}) FROM today, models WHERE name = 'pump' ORDER BY id;")
        theirs = {}
        for line in self.by_program('explain', 'pump', '--top', '3'):
            theirs.setdefault(line['row'], {})[line['column']] = single(line['share'])
        ours = [{name: single(share) for name, share in json.loads(line).items()} for line in lines]
        self.assertEqual(ours, list(theirs.values()))
        for shares in ours:
            self.assertEqual(list(shares.values()), sorted(shares.values(), reverse=True))

    def test_scores_are_the_same_in_parallel(self):
        plan = self.sql("""CREATE TABLE many AS SELECT speed, flow, code FROM today, generate_series(1, 200);
            CREATE TABLE kept AS SELECT * FROM models;
            SET max_parallel_workers_per_gather = 0;
            CREATE TABLE alone AS SELECT sum(aep_score((SELECT model FROM kept WHERE name = 'pump'), ARRAY[speed, flow, code])::numeric) FROM many;
            SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
            EXPLAIN SELECT sum(aep_score((SELECT model FROM kept WHERE name = 'pump'), ARRAY[speed, flow, code])::numeric) FROM many;
            SELECT (SELECT sum(aep_score((SELECT model FROM kept WHERE name = 'pump'), ARRAY[speed, flow, code])::numeric) FROM many)
                   = (SELECT sum FROM alone);
            DROP TABLE many, kept, alone;""")
        self.assertIn('Parallel Seq Scan', '\n'.join(plan))
        self.assertEqual(plan[-1], 't')

    def test_what_a_model_is(self):
        lines = self.sql("""SELECT aep_columns(pg_temp.m('pump'));
            SELECT aep_info(pg_temp.m('pump')) -> 'options' ->> 'epochs', aep_info(pg_temp.m('pump')) ->> 'calibration_rows';""")
        self.assertEqual(json.loads(lines[0]), [
            {'name': 'speed', 'kind': 'numeric', 'levels': None}, {'name': 'flow', 'kind': 'numeric', 'levels': None},
            {'name': 'mode', 'kind': 'categorical', 'levels': self.levels()[0]}])
        self.assertEqual(lines[1], '3|40')

    def test_missing_values(self):
        self.assertEqual(self.sql("""SELECT aep_score(pg_temp.m('gaps'), ARRAY[NULL, '0.25', 'fast']) >= 0,
            aep_score(pg_temp.m('gaps'), ARRAY[NULL, 0.25, 1]::real[]) = aep_score(pg_temp.m('gaps'), ARRAY['NaN', 0.25, 1]::float8[]);"""),
                         ['t|t'])

    def test_rows_are_checked(self):
        rows = (
            ('ARRAY[0.5, 0.25]', 'the row has 2 values, the model has 3 columns'),
            ('ARRAY[0.5]', 'the row has 1 value, the model has 3 columns'),
            ("'{}'::real[]", 'the row has 0 values'),
            ('ARRAY[0.5, NULL, 1]', 'column 2 (flow): the value is NULL; the model was trained with missing=error'),
            ("ARRAY[0.5, 'NaN', 1]::real[]", 'column 2 (flow): the value is NULL'),
            ("ARRAY[0.5, 'infinity', 1]::real[]", 'column 2 (flow): Infinity is beyond single precision'),
            ('ARRAY[1e39, 0.25, 1]', 'column 1 (speed): 1e+39 is beyond single precision'),
            ('ARRAY[1e300, 0.25, 1]::float8[]', 'column 1 (speed): 1e+300 is beyond single precision'),
            ("ARRAY['x', '0.25', 'fast']", 'column 1 (speed): "x" is no number'),
            ("ARRAY['0.5', '', 'fast']", 'column 2 (flow): "" is no number'),
            ("ARRAY['0.5', '1e999', 'fast']", 'column 2 (flow): Infinity is beyond single precision'),
            ('ARRAY[0.5, 0.25, 0.5]', '0.5 is no level code of a column with 2 levels'),
            ('ARRAY[true, true, false]', 'a row is an array of numbers or of text, not of boolean'),
            ('NULL::real[]', 'the row is NULL'),
            ('ARRAY[]::date[]', 'not of date'),
        )
        for function in ('aep_score', 'aep_pvalue', 'aep_is_anomaly', 'aep_explain'):
            self.refused([f"SELECT {function}(pg_temp.m('pump'), {row})" for row, _ in rows], [saying for _, saying in rows])

    def test_errors_have_the_states_of_their_kind(self):
        calls = (("pg_temp.m('pump'), ARRAY[1e39, 0.25, 1]", '22003'), ("pg_temp.m('pump'), ARRAY[NULL, 0.25, 1]", '22004'),
                 ('NULL, ARRAY[1]', '22004'), ("pg_temp.m('strict'), ARRAY['1', '0.25', 'idle']", '22023'),
                 ("pg_temp.m('pump'), ARRAY['x', '0.25', 'fast']", '22P02'), ("pg_temp.m('pump'), ARRAY[1]", '2202E'),
                 ("'\\x00', ARRAY[1]", '22P03'), ("pg_temp.m('pump'), ARRAY[true]", '42804'),
                 ("pg_temp.m('open'), ARRAY[0.5, 0.25, 1]", '55000'))
        script = '\\set VERBOSITY sqlstate\n' + ''.join(f'SELECT aep_pvalue({call});\n' for call, _ in calls)
        _, errors = self.run_psql(script)
        self.assertEqual(re.findall(r'ERROR:  (\w+)', errors), [state for _, state in calls])

    def test_unseen_levels(self):
        self.assertEqual(self.sql("SELECT aep_score(pg_temp.m('pump'), ARRAY['0.5', '0.25', 'idle']) >= 0;"), ['t'])
        self.refused(["SELECT aep_score(pg_temp.m('strict'), ARRAY['0.5', '0.25', 'idle'])"],
                     ['column 3 (mode): "idle" is no level that the model was trained on'])

    def test_bytes_that_are_no_model(self):
        pump = "pg_temp.m('pump')"
        models = (
            ('NULL', 'the model is NULL'), ("pg_temp.m('pmup')", 'the model is NULL'), ("''", 'not a well-formed model'),
            ("'\\x00'", 'not a well-formed model'), ("decode(repeat('00', 5000), 'hex')", 'not a well-formed model'),
            (f'substr({pump}, 1, length({pump}) - 1)', 'damaged or cut short'), (f'substr({pump}, 1, 100)', 'damaged or cut short'),
            (f'set_byte({pump}, 200, 255 - get_byte({pump}, 200))', 'damaged'),
        )
        for call in ('aep_score({}, ARRAY[1, 2, 3])', 'aep_explain({}, ARRAY[1, 2, 3])', 'aep_info({})', 'aep_columns({})'):
            self.refused([f'SELECT {call.format(model)}' for model, _ in models], [saying for _, saying in models])

    def test_model_without_calibration(self):
        self.assertEqual(self.sql("SELECT aep_score(pg_temp.m('open'), ARRAY[0.5, 0.25, 1]) >= 0;"), ['t'])
        self.refused([f"SELECT {name}(pg_temp.m('open'), ARRAY[0.5, 0.25, 1])" for name in ('aep_pvalue', 'aep_is_anomaly')],
                     ['the model is not calibrated'] * 2)

    def test_names_that_are_not_utf8(self):
        self.write('odd.csv', csv_text(machine_rows(50)).replace('flow', 'fl\xf6w').encode('latin-1'))
        odd = self.train('odd.csv').hex()
        self.refused([f"SELECT aep_columns('\\x{odd}')", f"SELECT aep_explain('\\x{odd}', ARRAY['0.5', '0.5', 'slow'])"],
                     ['invalid byte sequence for encoding "UTF8"'] * 2)

    def test_other_encodings(self):
        self.write('umlaut.csv', csv_text(machine_rows(50)).replace('flow', 'flöw').replace('slow', 'träge'))
        model = self.train('umlaut.csv').hex()
        script = f"""CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
            \\c latin
            CREATE EXTENSION aepred;
            SET client_encoding = 'UTF8';
            SELECT aep_columns('\\x{model}') -> 1 ->> 'name';
            SELECT aep_score('\\x{model}'::bytea, ARRAY['0.5', '0.5', 'träge']) = aep_score('\\x{model}'::bytea, ARRAY[0.5, 0.5, code])
            FROM generate_series(0, 1) AS code ORDER BY 1;
            \\c postgres
            DROP DATABASE latin;"""
        _, lines, errors = SERVER.psql(script)
        self.assertEqual((lines, errors), (['flöw', 'f', 't'], ''))


class Parsing(Case):
    """How often models are parsed in a statement."""

    def parsed(self, statement):
        lines = self.sql(f'SELECT aep_parsed() AS before \\gset\n{statement};\nSELECT aep_parsed() - :before;')
        return [int(line) for line in lines]

    def test_constant_is_parsed_once(self):
        literal = f"'\\x{self.models['pump'].hex()}'::bytea"
        self.assertEqual(self.parsed(f'SELECT count(aep_score({literal}, {NUMBERS})) FROM today'), [120, 1])

    def test_parameter_is_parsed_once(self):
        self.assertEqual(self.parsed(f"PREPARE p(bytea) AS SELECT count(aep_score($1, {NUMBERS})) FROM today;\nEXECUTE p(pg_temp.m('pump'))"),
                         [120, 1])

    def test_subquery_is_parsed_once(self):
        for model in ('pump', 'large'):
            self.assertEqual(self.parsed(f"SELECT count(aep_score((SELECT model FROM models WHERE name = '{model}'), {NUMBERS})) FROM today"),
                             [120, 1])

    def test_join_is_parsed_once_for_each_model(self):
        self.assertEqual(self.parsed(f'SELECT count(aep_score(model, {NUMBERS})) FROM today, models'), [600, 5])
        self.assertEqual(self.parsed(f'SELECT count(aep_score(model, {NUMBERS})) FROM (SELECT * FROM today, models ORDER BY id, name) x'), [600, 5])

    def test_large_models_lie_out_of_line(self):
        """So that the tests above have seen both ways to know a model again."""
        self.assertEqual(self.sql("""SELECT pg_column_size(model) > 2000, pg_relation_size(reltoastrelid) > 100000
            FROM models, pg_class WHERE name = 'large' AND relname = 'models' AND relpersistence = 't';"""), ['t|t'])

    def test_more_models_than_are_kept_score_the_same(self):
        lines = self.sql(f"""CREATE TEMP TABLE more AS SELECT a.name, model FROM models, generate_series(1, 18) AS a(name) WHERE models.name = 'pump';
            UPDATE more SET model = set_byte(model, 0, get_byte(model, 0)) || '';
            SELECT count(DISTINCT aep_score(model, ARRAY[0.5, 0.25, 1])) FROM more;""")
        self.assertEqual(lines, ['1'])
        models = [self.train('rows.csv', '--seed', str(seed)) for seed in range(18)]
        values = ','.join(f"({i}, '\\x{model.hex()}'::bytea)" for i, model in enumerate(models))
        self.assertEqual(self.sql(f"""CREATE TEMP TABLE more(name, model) AS VALUES {values};
            CREATE TEMP TABLE one AS SELECT name, id, aep_score(model, {NUMBERS}) AS score FROM (SELECT * FROM more, today ORDER BY name, id) x;
            CREATE TEMP TABLE two AS SELECT name, id, aep_score(model, {NUMBERS}) AS score FROM (SELECT * FROM more, today ORDER BY id, name) x;
            SELECT count(*) FROM one JOIN two USING (name, id, score);"""), [str(18 * 120)])

    def test_model_that_changes_in_a_loop_is_not_mistaken(self):
        """A function in PL/pgSQL keeps its expressions, and what they have cached, from turn to turn."""
        self.assertEqual(self.sql(f"""CREATE FUNCTION pg_temp.all_scores() RETURNS SETOF real LANGUAGE plpgsql AS $$
            DECLARE m bytea; n text; s real;
            BEGIN
              FOREACH n IN ARRAY ARRAY['pump', 'large', 'pump', 'gaps', 'large'] LOOP
                SELECT model INTO m FROM models WHERE name = n;
                s := aep_score(m, ARRAY[0.5, 0.3, 1]); RETURN NEXT s;
                UPDATE models SET model = pg_temp.m('open') WHERE name = n;
                SELECT model INTO m FROM models WHERE name = n;
                s := aep_score(m, ARRAY[0.5, 0.3, 1]); RETURN NEXT s;
                UPDATE models SET model = o.model FROM old AS o WHERE o.name = n AND models.name = n;
              END LOOP;
            END $$;
            CREATE TEMP TABLE old AS SELECT * FROM models;
            CREATE TEMP TABLE made AS SELECT * FROM pg_temp.all_scores() WITH ORDINALITY AS x(score, i);
            SELECT count(*) FROM made JOIN unnest(ARRAY['pump', 'large', 'pump', 'gaps', 'large']) WITH ORDINALITY AS u(name, k) ON i = 2 * k - 1
            JOIN old USING (name) WHERE score = aep_score(old.model, ARRAY[0.5, 0.3, 1]);
            SELECT count(*) FROM made WHERE i % 2 = 0 AND score = aep_score(pg_temp.m('open'), ARRAY[0.5, 0.3, 1]);"""), ['5', '5'])


class Hosting(Case):
    def test_memory_does_not_grow_with_rows(self):
        lines = self.sql(f"""CREATE TEMP TABLE used(at int, bytes bigint);
            CREATE FUNCTION pg_temp.note(int) RETURNS void LANGUAGE sql AS
            'INSERT INTO used SELECT $1, sum(total_bytes) FROM pg_backend_memory_contexts';
            SELECT 1 FROM (SELECT count(aep_explain(pg_temp.m('large'), {WORDS})) FROM today LIMIT 1) x;
            SELECT sum(aep_score(model, {NUMBERS})) > 0 FROM (SELECT * FROM today, generate_series(1, 10)) t, models WHERE name = 'large';
            SELECT pg_temp.note(1);
            SELECT sum(aep_score(model, {NUMBERS})) > 0, count(aep_explain(model, {WORDS}))
            FROM (SELECT * FROM today, generate_series(1, 300)) t, models WHERE name = 'large';
            SELECT pg_temp.note(2);
            SELECT (SELECT bytes FROM used WHERE at = 2) - (SELECT bytes FROM used WHERE at = 1) < 100000;""")
        self.assertEqual(lines[-1], 't')

    def test_models_are_in_contexts_of_the_statement(self):
        lines = self.sql(f"""SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'aepred model';
            SELECT (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'aepred model')
            FROM (SELECT aep_score(model, {NUMBERS}) FROM today, models WHERE models.name = 'pump' OFFSET 0) x LIMIT 1;
            BEGIN;
            DECLARE c CURSOR FOR SELECT aep_score(model, {NUMBERS}) >= 0 FROM today, models;
            FETCH 130 FROM c;
            SELECT count(*) BETWEEN 2 AND 5, sum(total_bytes) < 4000000 FROM pg_backend_memory_contexts WHERE name = 'aepred model';
            CLOSE c;
            SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'aepred model';
            COMMIT;""")
        self.assertEqual((lines[0], lines[-2], lines[-1]), ('0', 't|t', '0'))

    def test_no_memory_is_an_error_and_the_session_goes_on(self):
        """A model whose making takes more than the process may have: each limit gives the score or an error."""
        big = self.train('rows.csv', '--encoder', '1200,1000,8', '--epochs', '1', '--set', 'save_training=no')
        steps = '\n'.join(f"""\\! prlimit --pid $PID --as=$((BASE + {size}000000)):unlimited
            SELECT 'score', aep_score(model, {NUMBERS}) IS NOT NULL FROM big, today LIMIT 1;
            \\! prlimit --pid $PID --as=unlimited
            SELECT 'on';""" for size in range(1, 121, 3))
        lines, errors = self.run_psql(f"""CREATE TEMP TABLE big AS SELECT '\\x{big.hex()}'::bytea AS model;
            SELECT pg_backend_pid() AS pid \\gset
            \\setenv PID :pid
            SELECT sum(length(model)) > 1000000 FROM big;
            \\set base `awk '/VmSize/ {{printf "%d", $2 * 1024}}' /proc/$PID/status`
            \\setenv BASE :base
            {steps}""")
        self.assertEqual(lines.count('on'), 40)
        scored = lines.count('score|t')
        self.assertGreater(scored, 5)
        self.assertLess(scored, 35)
        found = re.findall(r'^ERROR:  (.*)$', errors, re.MULTILINE)
        self.assertEqual(found, ['out of memory'] * (40 - scored), errors)
        self.assertIn('A model found none.', errors)

    def test_query_can_be_cancelled(self):
        _, errors = self.run_psql(f"SET statement_timeout = 300;\nSELECT count(aep_explain(pg_temp.m('large'), {NUMBERS})) "
                                  'FROM today, generate_series(1, 100000);')
        self.assertIn('canceling statement due to statement timeout', errors)

    def test_index_and_generated_column(self):
        small = self.train('rows.csv', '--encoder', '2', '--head', '2', '--calibration', '0.02', '--set', 'save_training=no')
        literal = f"'\\x{small.hex()}'::bytea"
        self.assertEqual(self.sql(f"""ALTER TABLE today ADD score real GENERATED ALWAYS AS (aep_score({literal}, {NUMBERS})) STORED;
            CREATE INDEX ON today(aep_score({literal}, {NUMBERS}));
            SELECT count(*) FROM today WHERE score = aep_score(decode('{small.hex()}', 'hex'), {NUMBERS});"""), ['120'])

    def test_user_without_privileges_may_create_it_in_an_own_database(self):
        """It is a trusted extension."""
        _, lines, errors = SERVER.psql("""CREATE ROLE plain LOGIN;
            CREATE DATABASE own OWNER plain;
            \\c own plain
            CREATE EXTENSION aepred;
            SELECT aep_version() <> '';
            \\dx aepred
            DROP EXTENSION aepred;
            SELECT count(*) FROM pg_proc WHERE proname LIKE 'aep\\_%';
            \\c postgres test
            DROP DATABASE own;
            DROP ROLE plain;""")
        self.assertEqual(errors, '')
        self.assertEqual((lines[0], lines[-1]), ('t', '0'))

    def test_extension_may_be_dumped_and_moved(self):
        self.assertEqual(self.sql("""CREATE SCHEMA other; ALTER EXTENSION aepred SET SCHEMA other;
            SELECT other.aep_score(pg_temp.m('pump'), ARRAY[0.5, 0.25, 1]) >= 0;
            ALTER EXTENSION aepred SET SCHEMA public; DROP SCHEMA other;"""), ['t'])

    def test_server_has_not_crashed(self):
        self.assertNotRegex(SERVER.messages(), 'terminated by signal|PANIC|server process .* exited')


def main():
    global SERVER
    absent = server.missing()
    if absent:
        print(f'skipped: {absent} missing (Debian: postgresql-15)')
        return 77
    SERVER = server.Server()
    try:
        result = unittest.main(exit=False).result
        crashed = 'terminated by signal' in SERVER.messages()
        if crashed:
            print(SERVER.messages())
        return int(crashed or not result.wasSuccessful())
    finally:
        SERVER.stop()


if __name__ == '__main__':
    sys.exit(main())
