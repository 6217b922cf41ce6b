# SPDX-License-Identifier: BSD-2-Clause
"""aepred drift: how far rows have moved from those calibrated on."""
import csv
import io
import unittest

from cli import Case, csv_text, machine_rows, png_chunks

FIELDS = ['kind', 'variable', 'psi', 'psi_noise', 'psi_p_value', 'ks', 'ks_p_value', 'change']


def shifted(rows, column, by):
    return [row[:column] + [f'{float(row[column]) + by:.5f}'] + row[column + 1:] for row in rows]


class Drift(Case):
    def setUp(self):
        super().setUp()
        self.write('train.csv', csv_text(machine_rows(4000)))
        self.train('-q', 'train.csv', 'm')
        self.write('same.csv', csv_text(machine_rows(1500, 7)))

    def figures(self, *arguments):
        text = self.run_program('drift', '--csv', 'm', *arguments).stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(list(rows[0]), FIELDS)
        return rows

    def test_rows_of_the_same_kind_have_not_moved(self):
        done = self.run_program('drift', 'm', 'same.csv')
        self.assertIn('1500 rows beside 400 of the calibration: 0 of ', done.stdout)
        self.assertEqual(done.stderr, '')
        rows = self.figures('same.csv')
        self.assertEqual([row['kind'] for row in rows[:2]], ['score', 'latent'])
        self.assertEqual([row['variable'] for row in rows[-3:]], ['speed', 'flow', 'mode'])
        self.assertEqual({row['change'] for row in rows}, {''})
        self.assertEqual((rows[-1]['ks'], rows[-1]['ks_p_value']), ('', ''))

    def test_the_column_that_moved_leads_the_table(self):
        self.write('moved.csv', csv_text(shifted(machine_rows(1500, 7), 0, 1)))
        done = self.run_program('drift', 'm', 'moved.csv')
        lines = done.stdout.splitlines()
        self.assertTrue(any(line.startswith('speed') and line.endswith('large') for line in lines[3:8]), done.stdout)
        moved = {row['variable']: row['change'] for row in self.figures('moved.csv') if row['kind'] == 'column'}
        self.assertEqual(moved, {'speed': 'large', 'flow': '', 'mode': ''})

    def test_files_are_one_window_and_the_order_of_rows_does_not_count(self):
        rows = machine_rows(1500, 7)
        self.write('first.csv', csv_text(rows[700:]))
        self.write('second.csv', csv_text(rows[:700]))
        whole = self.run_program('drift', '--csv', 'm', 'same.csv').stdout
        self.assertEqual(self.run_program('drift', '--csv', 'm', 'first.csv', 'second.csv').stdout, whole)
        self.assertEqual(self.run_program('drift', '--csv', 'm', '-', stdin=self.read('same.csv')).stdout, whole)

    def test_few_rows_are_warned_of_with_the_number_that_is_enough(self):
        self.write('few.csv', csv_text(machine_rows(30, 7)))
        done = self.run_program('drift', 'm', 'few.csv')
        self.assertRegex(done.stderr, r'30 rows are few: .* give at least \d+ rows')
        enough = int(done.stderr.split('at least ')[1].split()[0])
        self.write('enough.csv', csv_text(machine_rows(enough, 7)))
        self.assertEqual(self.run_program('drift', 'm', 'enough.csv').stderr, '')
        self.write('one.csv', csv_text(machine_rows(max(enough // 2, 1), 7)))
        self.assertIn('are few', self.run_program('drift', 'm', 'one.csv').stderr)

    def test_a_small_calibration_is_named_as_the_reason(self):
        self.write('small.csv', csv_text(machine_rows(300)))
        self.train('-q', '--calibration', '0.1', 'small.csv', 'small')
        done = self.run_program('drift', 'small', 'same.csv')
        self.assertIn('the model was calibrated on 30 rows, too few', done.stderr)

    def test_pictures(self):
        self.run_program('drift', 'm', 'same.csv', '--plot', 'p.png')
        self.assertEqual([kind for kind, _ in png_chunks(self.read_bytes('p.png'))][0], b'IHDR')
        self.run_program('drift', 'm', 'same.csv', '--plot', 'p.svg')
        self.assertIn('<svg', self.read('p.svg')[:200])
        self.fails('drift', 'm', 'same.csv', '--plot', 'p.gif', saying='ends in .png or .svg', status=2)
        self.fails('drift', 'm', 'same.csv', '--plot', 'nowhere/p.png', saying='nowhere/p.png: ')

    def test_output_is_a_file_and_none_that_is_read(self):
        self.run_program('drift', 'm', 'same.csv', '-o', 'table')
        self.assertIn('0 of ', self.read('table'))
        self.fails('drift', 'm', 'same.csv', '-o', 'm', saying='m', status=2)
        self.write('same.svg', csv_text(machine_rows(1500, 7)))
        self.fails('drift', 'm', 'same.svg', '--plot', 'same.svg', saying='same.svg', status=2)

    def test_a_model_without_calibration_and_files_without_rows(self):
        self.train('-q', '--calibration', '0', 'train.csv', 'raw')
        self.fails('drift', 'raw', 'same.csv', saying='raw: the model was not calibrated')
        self.write('empty.csv', 'speed,flow,mode\n')
        self.fails('drift', 'm', 'empty.csv', saying='')
        self.fails('drift', 'm', 'gone.csv', saying='gone.csv')
        self.write('bad.csv', 'speed,flow,mode\n1,2,fast\nx,2,fast\n')
        self.fails('drift', 'm', 'bad.csv', saying='bad.csv')


if __name__ == '__main__':
    unittest.main()
