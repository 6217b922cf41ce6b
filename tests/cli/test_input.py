# SPDX-License-Identifier: BSD-2-Clause
"""Reading CSV and NPY: headers, words, missing values, numbers, places in messages."""
import gzip
import json
import os
import resource
import unittest

from cli import Case, csv_text, machine_rows, npy

NUMBERS = [[f'{i % 7}', f'{i * i % 11}.5'] for i in range(40)]


class Csv(Case):
    def kinds(self, model):
        info = json.loads(self.run_program('info', '--json', model).stdout)
        return [(c['name'], c['kind'], c.get('levels')) for c in info['columns']]

    def test_a_header_is_found(self):
        self.write('a.csv', csv_text(NUMBERS, ('x', 'y')))
        self.train('a.csv', 'm')
        self.assertEqual(self.kinds('m'), [('x', 'numeric', None), ('y', 'numeric', None)])

    def test_rows_without_a_header_are_all_rows(self):
        self.write('a.csv', csv_text(NUMBERS, None))
        self.train('a.csv', 'm')
        self.assertEqual(self.kinds('m'), [(None, 'numeric', None)] * 2)
        self.assertEqual(len(self.scores('m', 'a.csv')), 40)

    def test_header_yes_and_no_override(self):
        self.write('a.csv', csv_text(NUMBERS, ('2019', '2020')))
        self.train('--header', 'yes', 'a.csv', 'm')
        self.assertEqual([name for name, _, _ in self.kinds('m')], ['2019', '2020'])
        self.write('b.csv', 'x,y\n' * 5 + 'y,x\n' * 5)
        self.train('--header', 'no', 'b.csv', 'm')
        self.assertEqual(self.kinds('m'), [(None, 'categorical', ['x', 'y']), (None, 'categorical', ['y', 'x'])])

    def test_columns_without_a_name_get_their_number(self):
        self.write('a.csv', csv_text(NUMBERS, ('', 'y')))
        self.train('a.csv', 'm')
        self.assertEqual([name for name, _, _ in self.kinds('m')], ['column 1', 'y'])

    def test_words_make_a_column_categorical(self):
        self.machine_model(name='m')
        kinds = self.kinds('m')
        self.assertEqual(kinds[:2], [('speed', 'numeric', None), ('flow', 'numeric', None)])
        self.assertEqual(sorted(kinds[2][2]), ['fast', 'slow'])

    def test_a_word_among_more_numbers_is_an_error(self):
        self.write('a.csv', 'x,y\n1,2\n2,3\nNone,4\n5,6\nNone,8\n')
        self.fails('train', 'a.csv', '-o', 'm', saying="a.csv:4: column 1 (x): expected a number, like most cells of "
                   "this column, found 'None'; mend it, or --categorical x")
        self.fails('train', '--header', 'no', '--drop', '2', '-', '-o', 'm', stdin='1,,2\n2,,3\n3,,oops\n',
                   saying="standard input:3: column 3: expected a number, like most cells of this column, found "
                   "'oops'; mend it, or --categorical 3")
        self.assertFalse(os.path.exists(self.path('m')))
        self.train('--categorical', 'x', 'a.csv', 'm')
        self.assertEqual(self.kinds('m')[0], ('x', 'categorical', ['1', '2', 'None', '5']))

    def test_numbers_among_as_many_words_are_pointed_out(self):
        self.write('a.csv', 'x,y\n1,2\n2,3\nb,4\na,6\nb,6\n')
        done = self.train('--drop', 'y', 'a.csv', 'm')
        self.assertIn("column 1 (x) holds words ('b') among numbers and is taken as categorical", done.stderr)
        self.assertEqual(self.kinds('m')[0][1], 'categorical')
        self.write('half.csv', 'x\n1\nb\n2\na\n')
        self.train('half.csv', 'm')

    def test_an_early_word_among_very_many_numbers_is_found_again(self):
        lines = [f'{i},{i % 3}\n' for i in range(4000)]
        lines[55] = 'x7,1\n'
        self.write('a.csv', 'x,y\n' + ''.join(lines))
        done = self.fails('train', 'a.csv', '-o', 'm', saying="a.csv:57: column 1 (x): expected a number")
        self.assertIn("found 'x7'", done.stderr)
        self.assertNotIn('--drop', done.stderr)

    def test_words_that_hardly_come_again_are_pointed_out(self):
        advice = 'like an identifier or a time; --drop it'
        for levels, cells, warned in ((20, 39, True), (20, 40, False), (19, 19, False)):
            with self.subTest(levels=levels, cells=cells):
                self.write('a.csv', 'y,at\n' + ''.join(f'{i},10:{i % levels}\n' for i in range(cells)))
                done = self.train('--drop', 'y', 'a.csv', 'm')
                self.assertEqual(f'column 2 (at) has {levels} different words in {cells} rows, {advice}'
                                 in done.stderr, warned, done.stderr)
        self.write('a.csv', 'at\n' + ''.join(f'10:{i}\n' for i in range(30)))
        self.assertIn(advice, self.train('a.csv', 'm').stderr)
        self.assertNotIn(advice, self.train('--categorical', 'at', 'a.csv', 'm').stderr)

    def test_another_delimiter_is_suspected(self):
        rows = ''.join(f'{i} D {i % 3}\n' for i in range(10))
        for delimiter, given, hint in ((';', (), "--delimiter ';'"), ('\t', (), '--delimiter tab'),
                                       (',', ('--delimiter', ';'), "--delimiter ','")):
            self.write('a.csv', 'x D y\n'.replace(' D ', delimiter) + rows.replace(' D ', delimiter))
            self.assertIn(hint, self.train(*given, 'a.csv', 'm').stderr)
        self.write('a.csv', 'x\n1\n2\n1\n')
        self.assertNotIn('--delimiter', self.train('a.csv', 'm').stderr)

    def test_categorical_numbers_are_levels_by_value(self):
        self.write('a.csv', 'x,y\n10,2\n9,3\n10.0,4\n1e1,6\n9,8\n')
        self.train('--categorical', 'x', 'a.csv', 'm')
        self.assertEqual(self.kinds('m')[0], ('x', 'categorical', ['9', '10']))
        first, second = self.scores('m', '-', stdin='x,y\n10,3\n10.00,3\n')
        self.assertEqual(first['score'], second['score'])

    def test_many_different_numbers_are_no_levels(self):
        self.write('a.csv', 'x,y\n' + ''.join(f'{i},{i % 3}\n' for i in range(1500)))
        self.train('a.csv', 'm')
        self.assertEqual(self.kinds('m')[0], ('x', 'numeric', None))
        self.fails('train', '--categorical', 'x', 'a.csv', '-o', 'm', saying='more than 1000 different values')
        self.train('--categorical', 'x', '--max-levels', '2000', 'a.csv', 'm')
        self.assertEqual(len(self.kinds('m')[0][2]), 1500)

    def test_a_column_of_identifiers_is_refused(self):
        self.write('a.csv', 'id,y\n' + ''.join(f'id{i},{i % 3}\n' for i in range(1500)))
        self.fails('train', 'a.csv', '-o', 'm', saying='a.csv:1002: column 1 (id): more than 1000 different words')
        self.train('--drop', 'id', 'a.csv', 'm')

    def test_a_word_after_very_many_numbers_is_an_error(self):
        self.write('a.csv', 'x,y\n' + ''.join(f'{i},{i % 3}\n' for i in range(1500)) + 'oops,1\n')
        self.fails('train', 'a.csv', '-o', 'm', saying="a.csv:1502: column 1 (x): expected a number")

    def test_values_survive_the_change_from_levels_to_numbers(self):
        rows = [[f'{i * 0.25}', f'{i % 3}'] for i in range(1400)]
        self.write('a.csv', csv_text(rows, ('x', 'y')))
        self.write('b.npy', npy([[float(cell) for cell in row] for row in rows]))
        self.train('--header', 'yes', '-q', 'a.csv', 'a')
        self.train('-q', 'b.npy', 'b')
        self.assertEqual([row['score'] for row in self.scores('a', 'a.csv')],
                         [row['score'] for row in self.scores('b', 'a.csv')])

    def test_missing_values_need_impute(self):
        for missing in ('', 'NA', 'NaN', 'nan', '?'):
            with self.subTest(missing=missing):
                self.write('a.csv', f'x,y\n1,2\n{missing},3\n3,4\n5,6\n')
                self.fails('train', 'a.csv', '-o', 'm', saying='a.csv:3: column 1 (x): the value is missing; '
                           '--set missing=impute')
                self.train('--set', 'missing=impute', 'a.csv', 'm')
                self.assertEqual(self.kinds('m')[0][1], 'numeric')
                self.assertEqual(len(self.scores('m', 'a.csv')), 4)

    def test_missing_words_are_no_level(self):
        rows = machine_rows(50)
        rows[7][2] = '?'
        self.write('a.csv', csv_text(rows))
        self.train('--set', 'missing=impute', 'a.csv', 'm')
        self.assertEqual(sorted(self.kinds('m')[2][2]), ['fast', 'slow'])

    def test_quotes_delimiters_and_line_ends(self):
        plain = csv_text(machine_rows(60))
        self.write('plain.csv', plain)
        self.train('-q', 'plain.csv', 'm')
        expected = self.scores('m', 'plain.csv')
        variants = {
            'crlf.csv': plain.replace('\n', '\r\n'),
            'cr.csv': plain.replace('\n', '\r'),
            'bom.csv': '\ufeff' + plain,
            'blank.csv': plain.replace('\n', '\n\n'),
            'quoted.csv': plain.replace('fast', '"fast"').replace('slow', ' slow '),
            'open.csv': plain.rstrip('\n'),
        }
        for name, text in variants.items():
            with self.subTest(name=name):
                self.write(name, text)
                self.assertEqual(self.scores('m', name), expected)
        self.write('semicolon.csv', plain.replace(',', ';'))
        self.assertEqual(self.scores('--delimiter', ';', 'm', 'semicolon.csv'), expected)
        self.write('tab.csv', plain.replace(',', '\t'))
        self.assertEqual(self.scores('--delimiter', 'tab', 'm', 'tab.csv'), expected)

    def test_gzip_and_standard_input(self):
        text = csv_text(machine_rows(60))
        self.write('a.csv', text)
        self.write('a.csv.gz', gzip.compress(text.encode()))
        self.train('-q', 'a.csv.gz', 'm')
        expected = self.scores('m', 'a.csv')
        self.assertEqual(self.scores('m', 'a.csv.gz'), expected)
        self.assertEqual(self.scores('m', '-', stdin=text), expected)
        self.assertEqual(self.scores('m', '-', stdin=gzip.compress(text.encode())), expected)
        self.train('-q', '-', 'from-stdin', stdin=text)
        self.assertEqual(self.scores('from-stdin', 'a.csv'), expected)

    def test_files_that_are_something_else_are_named(self):
        self.machine_model(name='m')
        for name, content, saying in (('a', b'\x89PNG\r\n\x1a\n\0', 'a: is a PNG picture; save images of one size as'),
                                      ('a', b'\xff\xd8\xff\xe0\0', 'a: is a JPEG picture; save images of one size as'),
                                      ('a', b'PK\3\4\0', 'a: is a ZIP archive, as NPZ files are; save the array alone'),
                                      ('m2', self.read_bytes('m'), 'm2: is an aepred model, where data are expected')):
            for data in (content, gzip.compress(content)):
                with self.subTest(name=name, data=data[:4]):
                    self.write(name, data)
                    self.fails('score', 'm', name, saying=saying)
                    self.fails('train', name, '-o', 'x', saying=saying)

    def test_wrong_files_are_refused(self):
        self.machine_model(name='m')
        text = csv_text(machine_rows(500))
        cases = {
            'ragged.csv': ('speed,flow,mode\n1,2,fast\n1,2\n', 'ragged.csv:3: has 2 cells, where the first row has 3'),
            'word.csv': ('speed,flow,mode\n1,2,fast\n\n"1",x y,fast\n', "word.csv:4: column 2 (flow): expected a "
                         "number, found 'x y'"),
            'lines.csv': ('speed,flow,mode\n1,2,"fa\nst"\n1,x,fast\n', 'lines.csv:4: column 2 (flow)'),
            'huge.csv': ('speed,flow,mode\n1,1e39,fast\n', "expected a number within the range of float, found '1e39'"),
            'inf.csv': ('speed,flow,mode\n1,inf,fast\n', "expected a finite number, found 'inf'"),
            'hex.csv': ('speed,flow,mode\n1,0x10,fast\n', "expected a number, found '0x10'"),
            'quote.csv': ('speed,flow,mode\n1,1,"fast\n1,1,slow\n', 'quote.csv:2: a quoted cell of this row is never'),
            'inch.csv': ('speed,flow,mode\n1,1,fast\n1,1,5" fast\n', 'inch.csv:3: a quote within a cell'),
            'zero.csv': (b'speed,flow,mode\n1,\0,fast\n', 'zero.csv:2: holds a zero byte'),
            'utf16.csv': (text.encode('utf-16'), 'is UTF-16 text'),
            'empty.csv': ('', 'is empty'),
            'cut.gz': (gzip.compress(text.encode())[:-300], 'the gzip data ends too early'),
            'twice.csv': ('speed,flow,mode,flow\n1,2,fast,3\n', "two columns are called 'flow'"),
        }
        for name, (content, saying) in cases.items():
            with self.subTest(name=name):
                self.write(name, content)
                self.fails('score', 'm', name, saying=saying)
        self.fails('score', 'm', 'absent.csv', saying='absent.csv: cannot open: No such file')
        self.fails('score', 'm', '.', saying='.: cannot read: Is a directory')


class Npy(Case):
    rows = [[i % 7, i * i % 11] for i in range(40)]

    def setUp(self):
        super().setUp()
        self.write('a.csv', csv_text([[str(cell) for cell in row] for row in self.rows], None))
        self.train('-q', 'a.csv', 'm')
        self.expected = self.scores('m', 'a.csv')

    def test_every_type_reads_the_same(self):
        for descr, code in (('<f4', 'f'), ('>f4', 'f'), ('<f8', 'd'), ('>f8', 'd'), ('|i1', 'b'), ('|u1', 'B'),
                            ('<i2', 'h'), ('>i2', 'h'), ('<u2', 'H'), ('<i4', 'i'), ('<u4', 'I'), ('<i8', 'q'),
                            ('>u8', 'Q')):
            for version in (1, 2, 3):
                with self.subTest(descr=descr, version=version):
                    self.write('a.npy', npy(self.rows, descr, code, version))
                    self.assertEqual(self.scores('m', 'a.npy'), self.expected)

    def test_negative_integers_keep_their_sign(self):
        rows = [[-1, 2], [-3, -4]]
        self.write('a.csv', csv_text([[str(cell) for cell in row] for row in rows], None))
        for descr, code in (('|i1', 'b'), ('<i2', 'h'), ('<i4', 'i'), ('<i8', 'q')):
            with self.subTest(descr=descr):
                self.write('a.npy', npy(rows, descr, code))
                self.assertEqual(self.scores('m', 'a.npy'), self.scores('m', 'a.csv'))

    def test_one_dimension_is_one_column(self):
        self.write('a.npy', npy([[float(i % 5)] for i in range(30)], shape='(30,)'))
        self.train('a.npy', 'one')
        self.assertEqual(len(self.scores('one', 'a.npy')), 30)

    def test_labels_and_categories_by_number(self):
        rows = [row + [i % 4 == 0] for i, row in enumerate(self.rows)]
        self.write('a.npy', npy(rows, '<f8', 'd'))
        self.train('--label', 'last', '--anomaly', '1', '--categorical', '1', 'a.npy', 'l')
        info = json.loads(self.run_program('info', '--json', 'l').stdout)
        self.assertEqual([c['kind'] for c in info['columns']], ['categorical', 'numeric'])
        self.assertEqual(info['columns'][0]['levels'], ['0', '1', '2', '3', '4', '5', '6'])
        done = self.run_program('eval', '--json', 'l', 'a.npy', '--label', '3', '--anomaly', '1')
        self.assertEqual(json.loads(done.stdout)['anomalies'], 10)

    def test_gzip(self):
        self.write('a.npy.gz', gzip.compress(npy(self.rows)))
        self.assertEqual(self.scores('m', 'a.npy.gz'), self.expected)

    def test_rows_longer_than_the_first_buffer_read_the_same(self):
        rows = [[(i * j + j) % 17 / 2 for j in range(9000)] for i in range(20)]
        self.write('a.csv', csv_text([[str(cell) for cell in row] for row in rows], None))
        self.write('a.npy', npy(rows, '<f8', 'd'))
        for name in ('a.csv', 'a.npy'):
            self.train('-q', '--encoder', '2', '--head', '2', name, name + '.aep')
        self.assertEqual(self.read_bytes('a.csv.aep'), self.read_bytes('a.npy.aep'))

    @unittest.skipIf('AEPRED_DEMO_SECONDS' in os.environ, 'sanitizers take terabytes of addresses')
    def test_a_short_file_that_promises_much_takes_little_memory(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
        self.write('huge.npy', npy(self.rows, '<f8', 'd', shape='(1, 16777216)'))
        self.write('huge.idx', b'\0\0\x0e\x03' + b'\0\0\0\x01' + 2 * b'\0\0\x10\0' + bytes(100))
        for name, what in (('huge.npy', 'row'), ('huge.idx', 'image')):
            done = self.run_program('train', name, '-o', 'n', status=1, preexec_fn=limit)
            self.assertIn(f'{name}: ends after {what} 0 of 1', done.stderr)

    def test_wrong_files_are_refused(self):
        good = npy(self.rows)
        cut_type = good[:8] + b'\x0c\x00' + b"'descr': '<f"
        cases = {
            'fortran': (npy(self.rows, order='True'), 'is not in C order'),
            'half': (npy(self.rows, '<f2', 'e'), 'unusual size'),
            'complex': (npy(self.rows, '<c8', 'd'), 'holds neither floats nor integers'),
            'five': (npy(self.rows, shape='(2, 20, 1, 1, 2)'), 'one to four dimensions'),
            'scalar': (npy(self.rows, shape='()'), 'one to four dimensions'),
            'wide': (npy(self.rows, shape='(1, 99999999999)'), 'has no columns, or more than'),
            'none': (npy(self.rows, shape='(1, 0)'), 'has no columns, or more than'),
            'overflow': (npy(self.rows, shape='(1, 99999999999999999999999)'), 'damaged NPY header'),
            'cut': (good[:-3], 'ends after row 39 of 40'),
            'cut-row': (good[:-8], 'ends after row 39 of 40'),
            'cut-header': (good[:30], 'ends too early'),
            'cut-type': (cut_type, 'unusual size'),
            'version': (good[:6] + b'\x09' + good[7:], 'unknown version of the NPY format'),
            'columns': (npy([[1, 2, 3]]), 'has 3 columns, where the model wants 2;'),
            'nan': (npy([[1, float('nan')]]), 'nan: row 1, column 2: the value is missing'),
            'inf': (npy([[1, 2], [float('inf'), 2]]), 'inf: row 2, column 1: expected a finite number'),
            'too-large': (npy([[1, 1e300]], '<f8', 'd'), 'within the range of float, found 1e+300'),
        }
        for name, (content, saying) in cases.items():
            with self.subTest(name=name):
                self.write(name, content)
                self.fails('score', 'm', name, saying=saying)


if __name__ == '__main__':
    unittest.main()
