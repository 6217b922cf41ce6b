# SPDX-License-Identifier: BSD-2-Clause
"""aepred drift: how far rows have moved from those calibrated on."""
import csv
import io
import os
import unittest

from cli import Case, csv_text, labelled, machine_rows, png_chunks

FIELDS = ['kind', 'variable', 'psi', 'psi_noise', 'psi_p_value', 'ks', 'ks_p_value', 'rows_needed', 'change']


def shifted(rows, column, by):
    return [row[:column] + [f'{float(row[column]) + by:.5f}'] + row[column + 1:] for row in rows]


SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fontconfig.supp')
FONTS = {**os.environ, 'LSAN_OPTIONS': f'suppressions={SUPPRESSIONS}:print_suppressions=0'}  # for pictures


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

    def test_anomalies_by_their_labels_are_left_out(self):
        self.write('labelled.csv', labelled(800, 300))
        done = self.run_program('drift', '--csv', 'm', 'labelled.csv', '--label', 'state', '--normal', 'ok')
        self.assertIn('300 rows with labels of anomalies are left out', done.stderr)
        self.write('normal.csv', csv_text(machine_rows(800, 2)))
        self.assertEqual(self.run_program('drift', '--csv', 'm', 'normal.csv').stdout, done.stdout)
        self.fails('drift', 'm', 'labelled.csv', '--label', 'state', '--normal', 'none such', saying='no normal rows')

    def test_what_moved_is_shown_before_what_varies_by_chance(self):
        words = [[f'w{(i * 7 + k) % (150 + k)}' for k in range(25)] for i in range(1500)]
        header = tuple(f'word{k}' for k in range(25)) + ('x',)
        uniform = [row[0] for row in machine_rows(2000, 5)]
        self.write('words.csv', csv_text([[*row, x] for row, x in zip(words, uniform)], header))
        self.train('-q', '--calibration', '0.3', 'words.csv', 'words')
        moved = [[*row, f'{float(x) + 0.5:.5f}'] for row, x in zip(words[:200], uniform[1500:])]
        self.write('today.csv', csv_text(moved, header))
        lines = self.run_program('drift', 'words', 'today.csv').stdout.splitlines()
        first = [line for line in lines if line.endswith(('moderate', 'large'))]
        self.assertTrue(any(line.startswith('x ') for line in first), '\n'.join(lines))
        self.assertEqual(lines[3:3 + len(first)], first)

    def test_names_are_shown_safely(self):
        name = 'a\x1b[31mred' + 'n' * 60
        rows = [[row[0], row[1]] for row in machine_rows(400)]
        self.write('odd.csv', (name + ',Größe\n').encode() + csv_text(rows, None).encode())
        self.write('latin.csv', b'caf\xe9,y\n' + csv_text(rows, None).encode())
        for file in 'odd.csv', 'latin.csv':
            self.train('-q', file, 'odd')
            done = self.run_program('drift', 'odd', file, '--plot', 'p.png', env=FONTS)
            self.assertNotIn('\x1b', done.stdout)
            self.assertEqual({len(line) for line in done.stdout.splitlines()[3:] if not line.endswith(('e', 'l'))},
                             {28 + 9 + 9 + 10 + 8 + 10})
        self.assertIn('caf?', done.stdout)

    def test_pictures(self):
        self.run_program('drift', 'm', 'same.csv', '--plot', 'p.png', env=FONTS)
        self.assertEqual([kind for kind, _ in png_chunks(self.read_bytes('p.png'))][0], b'IHDR')
        self.run_program('drift', 'm', 'same.csv', '--plot', 'p.svg', env=FONTS)
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
