# SPDX-License-Identifier: BSD-2-Clause
"""The commands train and score, the help, exit statuses and outputs of all."""
import csv
import gzip
import io
import json
import os
import pty
import re
import signal
import stat
import struct
import subprocess
import time
import unittest

from cli import PROGRAM, Case, csv_text, labelled, machine_rows

COMMANDS = ['train', 'score', 'eval', 'explain', 'info', 'export', 'demo']


def as_float(text):
    """The value of a number as a C float."""
    return struct.unpack('f', struct.pack('f', float(text)))[0]


class Help(Case):
    def test_help_and_version_go_to_standard_output(self):
        top = self.run_program('--help')
        self.assertEqual(top.stderr, '')
        for command in COMMANDS:
            self.assertRegex(top.stdout, rf'(?m)^  {command} ')
            done = self.run_program(command, '--help')
            self.assertRegex(done.stdout, rf'(?m)^Usage: aepred {command} \[OPTION\.\.\.\]( [^[].*)?$')
            self.assertEqual(done.stderr, '')
            self.assertEqual(self.run_program('help', command).stdout, done.stdout)
        self.assertEqual(self.run_program('help').stdout, top.stdout)
        self.fails('help', 'frobnicate', saying="no command 'frobnicate'", status=2)
        self.assertRegex(self.run_program('--version').stdout, r'^aepred \d+\.\d+\.\d+\n$')

    def test_train_help_ends_with_every_option_of_the_library(self):
        text = self.run_program('train', '--help').stdout
        table = text[text.index('Options for --set'):]
        names = re.findall(r'(?m)^  (\w+) ', table)
        self.machine_model(name='m')
        info = json.loads(self.run_program('info', '--json', 'm').stdout)
        self.assertEqual(names, list(info['options']))
        self.assertGreater(len(names), 30)

    def test_defaults_in_the_help_are_those_of_the_library(self):
        text = re.sub(r'\s+', ' ', self.run_program('train', '--help').stdout)
        for name in ('epochs', 'batch', 'seed', 'alarm_rate'):
            option = name.replace('_', '-')
            shown = re.search(rf'--{option}=\w+ [^(]*\(default ([\d.]+)\)', text).group(1)
            preset = re.search(rf' {name} ([\d.]+) ', text).group(1)
            self.assertEqual(shown, preset, name)

    def test_wrong_usage_is_status_2(self):
        self.machine_model(name='m')
        for arguments, saying in (
                ([], 'no command given'),
                (['frobnicate'], "no command 'frobnicate'"),
                (['score'], 'no model given'),
                (['score', 'm'], 'no input file'),
                (['score', '--frob', 'm', 'train.csv'], '--frob: unknown option'),
                (['score', '--alarm-rate', '2', 'm', 'train.csv'], 'must be a number from 0 to 1'),
                (['score', '--threshold', 'x', 'm', 'train.csv'], '--threshold x'),
                (['score', '--score', 'x', 'm', 'train.csv'], 'must be prediction, reconstruction or signed'),
                (['score', '--header', 'x', 'm', 'train.csv'], 'must be auto, yes or no'),
                (['score', '--delimiter', '', 'm', 'train.csv'], 'must be one character'),
                (['eval', 'm', 'train.csv'], 'to know the truth'),
                (['eval', 'm', 'train.csv', '--label', '1'], 'to know the truth'),
                (['eval', 'm', 'train.csv', '--anomaly', '1'], 'need --label'),
                (['eval', 'm', 'train.csv', '--label', '1', '--anomaly', '1', '--normal', '0'], 'exclude each other'),
                (['explain', '--top', '0', 'm', 'train.csv'], '--top 0'),
                (['info'], 'one model'),
                (['info', 'm', 'm'], 'one model'),
                (['train', 'train.csv'], '-o MODEL is needed'),
                (['train', 'train.csv', '-o', ''], '-o MODEL is needed'),
                (['train', 'train.csv', '-o', '-'], 'not to standard output'),
                (['train', '-o', 'x'], 'no input file'),
                (['train', 'train.csv', '-o', 'x', '--label', '1'], '--label needs'),
                (['train', 'train.csv', '-o', 'x', '--epochs', '0'], ' --epochs: must be an integer from 1 to 1000000'),
                (['train', 'train.csv', '-o', 'x', '--batch', 'many'], "not 'many'"),
                (['train', 'train.csv', '-o', 'x', '--alarm-rate', 'x'], '--alarm-rate: must be a number'),
                (['train', 'train.csv', '-o', 'x', '--set', 'batch=x'], '--set batch: must be an integer'),
                (['train', 'train.csv', '-o', 'x', '--encoder', '8,x,70000'], "'x' is not a width from 1 to 65536"),
                (['train', 'train.csv', '-o', 'x', '--head', '8,70000'], "'70000' is not a width"),
                (['train', 'train.csv', '-o', 'x', '--head', ','.join('2' * 33)], 'more than 32 widths'),
                (['train', 'train.csv', '-o', 'x', '--encoder', '4,0'], '--encoder 4,0'),
                (['train', 'train.csv', '-o', 'x', '--encoder', ''], '--encoder'),
                (['train', 'train.csv', '-o', 'x', '--head', '4,,4'], '--head 4,,4'),
                (['train', 'train.csv', '-o', 'x', '--decoder', '4;4'], '--decoder 4;4'),
                (['train', 'train.csv', '-o', 'x', '--set', 'epochs'], 'must be KEY=VALUE'),
                (['train', 'train.csv', '-o', 'x', '--set', 'colour=1'], "there is no option 'colour'"),
                (['train', 'train.csv', '-o', 'x', '--set', 'scaling=log'], 'none of its choices'),
                (['train', 'train.csv', '-o', 'x', '--set', 'squared=maybe'], 'yes or no'),
                (['train', 'train.csv', '-o', 'x', '--set', 'seed=1.5'], 'seed'),
                (['train', 'train.csv', '-o', 'x', '--calibration', '1'], '--calibration 1'),
                (['train', 'train.csv', '-o', 'x', '--train-share', '-1'], '--train-share -1')):
            with self.subTest(arguments=arguments):
                done = self.fails(*arguments, saying=saying, status=2)
                self.assertEqual(done.stdout, '')
        self.assertFalse(os.path.exists(self.path('x')))


class Train(Case):
    def test_it_is_repeatable_and_follows_the_seed(self):
        self.write('a.csv', csv_text(machine_rows(200)))
        for name, seed in (('one', '7'), ('two', '7'), ('other', '8')):
            self.train('--seed', seed, 'a.csv', name)
        one, two, other = (self.read_bytes(name) for name in ('one', 'two', 'other'))
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)

    def test_options_reach_the_model(self):
        self.write('a.csv', csv_text(machine_rows(200)))
        self.run_program('train', 'a.csv', '-o', 'm', '--encoder', '7,5,2', '--decoder', '6', '--head', '9,8',
                         '--epochs', '2', '--batch', '50', '--seed', '3', '--alarm-rate', '0.2',
                         '--set', 'scaling=robust', '--set', 'squared=yes', '--set', 'learning_rate=0.01')
        info = json.loads(self.run_program('info', '--json', 'm').stdout)
        self.assertEqual(info['layers'], {'encoder': [7, 5, 2], 'decoder': [6], 'head': [9, 8]})
        options = info['options']
        self.assertEqual([options[key] for key in ('epochs', 'batch', 'seed', 'alarm_rate', 'scaling', 'squared')],
                         [2, 50, 3, 0.2, 'robust', True])
        self.assertAlmostEqual(options['learning_rate'], 0.01)
        self.assertEqual(info['code_size'], 2)
        self.assertEqual(info['statistics']['epochs'], 2)
        self.assertEqual(info['statistics']['calibration_rows'], 20)
        self.assertEqual(info['statistics']['scaling_rows'], 180)

    def test_anomalies_are_left_out(self):
        self.write('all.csv', labelled(200, 50))
        self.write('normal.csv', csv_text(machine_rows(200, 2)))
        self.train('-q', 'normal.csv', 'expected')
        for arguments in (['--label', 'state', '--anomaly', 'fault'], ['--label', 'state', '--normal', 'ok'],
                          ['--label', 'last', '--normal', 'fine,ok'], ['--label', '4', '--anomaly', 'fault,broken']):
            with self.subTest(arguments=arguments):
                self.train(*arguments, 'all.csv', 'm')
                self.assertEqual(self.read_bytes('m'), self.read_bytes('expected'))

    def test_a_label_that_never_occurs_is_pointed_out(self):
        self.write('all.csv', labelled(50, 5))
        done = self.train('--label', 'state', '--anomaly', 'fautl', 'all.csv', 'm')
        self.assertIn("no row has the label 'fautl' (--anomaly); the labels are: fault, ok\n", done.stderr)
        done = self.fails('train', 'all.csv', '-o', 'x', '--label', 'state', '--normal', 'OK',
                          saying='at least 2 normal rows, there are 0')
        self.assertIn("no row has the label 'OK'", done.stderr)

    def test_a_missing_label_is_an_error(self):
        self.write('all.csv', 'x,y,state\n1,2,ok\n2,3,\n')
        self.fails('train', 'all.csv', '-o', 'x', '--label', 'state', '--normal', 'ok',
                   saying='all.csv:3: column 3 (state): the label is missing')

    def test_columns_that_do_not_exist_are_named(self):
        self.write('a.csv', csv_text(machine_rows(20)))
        for option, *more in (['--drop'], ['--label', '--anomaly', '1']):
            self.fails('train', 'a.csv', '-o', 'x', option, 'pace', *more,
                       saying=f"a.csv: has no column 'pace' ({option})")
        self.fails('train', 'a.csv', '-o', 'x', '--categorical', 'pace', saying="there is no feature 'pace'")
        self.fails('train', 'a.csv', '-o', 'x', '--drop', '1,2,3', saying='no columns are left')
        self.fails('train', 'a.csv', '-o', 'x', '--drop', '4', saying="has no column '4'")

    def test_several_files_are_matched_by_name(self):
        rows = machine_rows(120)
        self.write('all.csv', csv_text(rows))
        self.write('a.csv', csv_text(rows[:70]))
        self.write('b.csv', csv_text([row[::-1] for row in rows[70:]], ('mode', 'flow', 'speed')))
        self.train('-q', 'all.csv', 'one')
        self.train('-q', 'a.csv', 'b.csv', 'two')
        self.assertEqual(self.read_bytes('one'), self.read_bytes('two'))

    def test_share_and_rest_split_the_rows(self):
        text = labelled(500, 40)
        self.write('all.csv', text)
        arguments = ['--label', 'state', '--anomaly', 'fault', '--train-share', '0.5', '--rest', 'rest.csv']
        self.train('--seed', '1', *arguments, 'all.csv', 'm')
        rest = self.read('rest.csv').splitlines()
        self.assertEqual(rest[0], 'speed,flow,mode,state')
        self.assertEqual(len(rest), 1 + 250 + 40)
        self.assertEqual([line for line in text.splitlines() if line in set(rest)], rest)
        self.train('--seed', '2', *arguments, 'all.csv', 'm')
        other = self.read('rest.csv').splitlines()
        self.assertEqual(len(other), len(rest))
        self.assertNotEqual(other, rest)

    def test_an_old_rest_survives_an_error(self):
        self.write('bad.csv', 'x,y\n1,2\n2,3\n1,2\n1\n')
        self.write('rest.csv', 'precious')
        self.fails('train', 'bad.csv', '-o', 'm', '--train-share', '0.1', '--rest', 'rest.csv', saying='bad.csv:5')
        self.assertEqual(self.read('rest.csv'), 'precious')
        self.assertEqual(sorted(os.listdir(self.folder)), ['bad.csv', 'rest.csv'])

    def test_very_few_rows(self):
        for n in (2, 3, 5, 12):
            self.write('a.csv', csv_text(machine_rows(n)))
            done = self.train('a.csv', 'm')
            self.assertEqual(len(self.scores('m', 'a.csv')), n)
            self.assertEqual('gets no threshold' in done.stderr, n == 2)
        self.write('a.csv', csv_text(machine_rows(1)))
        self.fails('train', 'a.csv', '-o', 'm', saying='at least 2 normal rows, there are 1')

    def test_a_folder_that_does_not_exist_is_told_first(self):
        self.write('a.csv', csv_text(machine_rows(20)))
        done = self.fails('train', 'a.csv', '-o', 'absent/m', saying='cannot write absent/m: No such file')
        self.assertNotIn('rows read', done.stderr)

    def test_where_no_model_can_stand_is_told_first(self):
        self.write('a.csv', csv_text(machine_rows(20)))
        os.mkdir(self.path('folder'))
        os.mkfifo(self.path('fifo'))
        for path, saying in (('folder', 'Is a directory'), ('folder/', 'Is a directory'),
                             ('fifo', 'not a regular file'), ('a.csv/m', 'Not a directory'),
                             ('m' * 300, 'File name too long')):
            with self.subTest(path=path):
                done = self.fails('train', 'a.csv', '-o', path, saying=f'cannot write {path}: {saying}')
                self.assertNotIn('rows read', done.stderr)

    def test_inputs_are_not_overwritten(self):
        text = csv_text(machine_rows(200))
        self.write('a.csv', text)
        os.link(self.path('a.csv'), self.path('hard.csv'))
        os.symlink('a.csv', self.path('soft.csv'))
        with open(self.path('a.csv'), 'rb') as file:
            done = subprocess.run([PROGRAM, 'train', '-', '-o', 'a.csv'], cwd=self.folder, stdin=file, check=False,
                                  stderr=subprocess.PIPE)
            self.assertEqual((done.returncode, b'both input and output' in done.stderr), (2, True), done.stderr)
        for same in ('a.csv', './a.csv', 'hard.csv', 'soft.csv'):
            with self.subTest(same=same):
                saying = f'{same} is both input and output'
                self.fails('train', 'a.csv', '-o', same, saying=saying, status=2)
                self.fails('train', 'a.csv', '-o', 'm', '--rest', same, saying=saying, status=2)
        for model, rest in (('m', 'm'), ('m', './m'), ('a.csv', 'soft.csv')):
            self.fails('train', '-', '-o', model, '--rest', rest, saying='is the same file', status=2, stdin=text)
        self.machine_model(name='m')
        model = self.read_bytes('m')
        for command in ('score', 'explain'):
            for output in ('a.csv', 'm', './m', 'hard.csv'):
                self.fails(command, 'm', 'a.csv', '-o', output, saying='is both input and output', status=2)
        self.assertEqual((self.read('a.csv'), self.read_bytes('m')), (text, model))
        with open(self.path('a.csv'), 'ab') as file:
            done = subprocess.run([PROGRAM, 'score', 'm', 'a.csv'], cwd=self.folder, stdout=file, check=False,
                                  stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, self.read('a.csv')), (2, text), done.stderr)

    def test_very_few_rows_are_pointed_out(self):
        for n, warned in ((99, True), (100, False)):
            self.write('a.csv', csv_text(machine_rows(n)))
            done = self.train('-q', '--calibration', '0', 'a.csv', 'm')
            self.assertEqual(f'only {n} rows to train on' in done.stderr, warned)

    def test_any_number_of_threads_gives_the_same_files(self):
        self.write('a.csv', csv_text(machine_rows(6000)))
        for threads in ('1', '2', 'all'):
            self.train('-q', '--threads', threads, '--epochs', '2', '--batch', '2000', 'a.csv', f'm{threads}')
            self.run_program('score', '--threads', threads, f'm{threads}', 'a.csv', '-o', f's{threads}')
        for name in ('m', 's'):
            for threads in ('2', 'all'):
                self.assertEqual(self.read_bytes(f'{name}{threads}'), self.read_bytes(f'{name}1'))
        for threads in ('0', '257', '1.5', 'many', ''):
            self.fails('score', '--threads', threads, 'm1', 'a.csv', saying='--threads', status=2)

    def test_quiet_and_no_progress_where_there_is_no_terminal(self):
        self.write('a.csv', csv_text(machine_rows(200)))
        self.assertNotIn('epoch', self.train('a.csv', 'm').stderr)
        done = self.train('-q', '--alarm-rate', '0.1', 'a.csv', 'm')
        self.assertEqual(done.stderr + done.stdout, '')


class Interrupt(Case):
    def start(self, epochs):
        self.write('a.csv', csv_text(machine_rows(2000)))
        screen, program_end = pty.openpty()
        process = subprocess.Popen([PROGRAM, 'train', 'a.csv', '-o', 'm', '--epochs', epochs], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=program_end)
        os.close(program_end)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(os.close, screen)
        return process, screen

    def read_until(self, screen, wanted):
        shown, deadline = '', time.monotonic() + 60
        while wanted not in shown and time.monotonic() < deadline:
            try:
                shown += os.read(screen, 4096).decode()
            except OSError:  # the other end is closed
                break
        self.assertIn(wanted, shown)
        return shown

    def test_a_terminal_shows_progress_and_an_interrupt_saves_the_model(self):
        process, screen = self.start('1000000')
        shown = self.read_until(screen, ' left\x1b')
        self.assertRegex(shown, r'epoch \d+/1000000 \[[= ]+\] loss [\d.]+, \d+:\d\d left')
        process.send_signal(signal.SIGINT)
        self.read_until(screen, 'the model so far is calibrated and saved')
        self.assertEqual(process.wait(), 0)
        statistics = json.loads(self.run_program('info', '--json', 'm').stdout)['statistics']
        self.assertEqual(statistics['calibration_rows'], 200)


class Score(Case):
    def test_output_has_a_line_for_each_row(self):
        self.machine_model('--alarm-rate', '0.1', name='m')
        rows = self.scores('m', 'train.csv')
        self.assertEqual(list(rows[0]), ['row', 'score', 'p_value', 'anomaly'])
        self.assertEqual([row['row'] for row in rows], [str(i + 1) for i in range(300)])
        self.assertEqual({row['anomaly'] for row in rows}, {'0', '1'})
        for row in rows:
            self.assertTrue(0 < float(row['p_value']) <= 1)
            self.assertEqual(row['anomaly'] == '1', float(row['p_value']) <= 0.1)

    def test_rows_count_over_files(self):
        self.machine_model(name='m')
        self.write('b.csv', csv_text(machine_rows(5)))
        rows = self.scores('m', 'b.csv', 'b.csv')
        self.assertEqual([row['row'] for row in rows], [str(i + 1) for i in range(10)])
        self.assertEqual([row['score'] for row in rows[:5]], [row['score'] for row in rows[5:]])

    def test_without_calibration_verdicts_are_empty(self):
        self.machine_model('--calibration', '0', name='m')
        row = self.scores('m', 'train.csv')[0]
        self.assertEqual((row['p_value'], row['anomaly']), ('', ''))
        low, high = (self.scores('--threshold', t, 'm', 'train.csv')[0] for t in ('0', '1000'))
        self.assertEqual((low['p_value'], low['anomaly'], high['anomaly']), ('', '1', '0'))
        self.fails('score', '--alarm-rate', '0.1', 'm', 'train.csv', saying='is not calibrated')

    def test_the_alarm_rate_moves_the_threshold(self):
        self.machine_model(name='m', rows=2000)
        flagged = [sum(row['anomaly'] == '1' for row in self.scores('--alarm-rate', rate, 'm', 'train.csv'))
                   for rate in ('0.01', '0.1', '0.5')]
        self.assertEqual(flagged, sorted(flagged))
        self.assertTrue(700 < flagged[2] < 1300, flagged)

    def test_columns_are_matched_by_name(self):
        self.machine_model(name='m')
        rows = machine_rows(20, 5)
        self.write('a.csv', csv_text(rows))
        expected = self.scores('m', 'a.csv')
        self.write('b.csv', csv_text([[row[2], 'extra', row[0], row[1]] for row in rows],
                                     ('mode', 'note', 'speed', 'flow')))
        self.assertEqual(self.scores('m', 'b.csv'), expected)
        done = self.run_program('score', 'm', 'b.csv')
        self.assertEqual(done.stderr, 'aepred: b.csv: not among the columns that the model wants, and ignored: note '
                         '(--drop them to silence this)\n')
        self.assertEqual(self.run_program('score', 'm', 'b.csv', 'b.csv').stderr, done.stderr)
        self.assertEqual(self.run_program('score', '--drop', 'note', 'm', 'b.csv').stderr, '')
        self.write('c.csv', csv_text(rows, None))
        self.assertEqual(self.scores('m', 'c.csv'), expected)
        self.fails('score', '--drop', 'flow', 'm', 'a.csv', saying="'flow' is named by --label or --drop")
        self.write('d.csv', csv_text([row[:2] for row in rows], ('speed', 'flow')))
        self.fails('score', 'm', 'd.csv', saying="d.csv: has no column 'mode', which the model wants")

    def test_the_label_column_is_skipped(self):
        self.write('a.csv', labelled(50, 5).split('\n', 1)[1])
        self.train('--label', 'last', '--anomaly', 'fault', 'a.csv', 'm')
        self.assertEqual(len(self.scores('--label', 'last', 'm', 'a.csv')), 55)
        self.fails('score', 'm', 'a.csv', saying='has 4 columns, where the model wants 3; --label')
        self.write('b.csv', '1,2\n')
        self.machine_model(name='named')
        self.fails('score', 'named', 'b.csv', saying='has 2 columns, where the model wants 3: speed, flow, mode\n')
        self.fails('score', 'named', 'b.csv', '--drop', '1', saying='has 1 column besides those left out')

    def test_unseen_words(self):
        self.machine_model(name='m')
        unseen = 'speed,flow,mode\n0.1,0.01,reverse\n'
        self.assertEqual(len(self.scores('m', '-', stdin=unseen)), 1)
        self.machine_model('--set', 'unseen=error', name='strict')
        self.fails('score', 'strict', '-', stdin=unseen, saying="standard input:2: column 3 (mode): expected one of "
                   "the words that the model was trained on, found 'reverse'")

    def test_missing_values_in_scoring(self):
        self.machine_model(name='m')
        self.fails('score', 'm', '-', stdin='speed,flow,mode\n0.1,,fast\n', saying='standard input:2: column 2 (flow): '
                   'the value is missing')

    def test_output_files_are_replaced_only_when_whole(self):
        self.machine_model(name='m')
        self.write('out.csv', 'precious')
        self.write('bad.csv', csv_text(machine_rows(3000)) + '1,x,fast\n')
        self.fails('score', 'm', 'bad.csv', '-o', 'out.csv', saying='bad.csv:3002')
        self.assertEqual(self.read('out.csv'), 'precious')
        os.chmod(self.path('out.csv'), 0o640)
        os.symlink('out.csv', self.path('link.csv'))
        self.run_program('score', 'm', 'train.csv', '-o', 'link.csv')
        self.assertEqual(self.read('out.csv'), self.run_program('score', 'm', 'train.csv').stdout)
        self.assertTrue(os.path.islink(self.path('link.csv')))
        self.assertEqual(stat.S_IMODE(os.stat(self.path('out.csv')).st_mode), 0o640)
        self.assertEqual(sorted(os.listdir(self.folder)), ['bad.csv', 'link.csv', 'm', 'out.csv', 'train.csv'])
        self.fails('score', 'm', 'train.csv', '-o', 'absent/out.csv', saying='cannot write absent/out.csv')
        self.assertEqual(self.run_program('score', 'm', 'train.csv', '-o', '/dev/null').stdout, '')

    def test_what_is_no_regular_file_is_written_to_directly(self):
        self.machine_model(name='m')
        expected = self.run_program('score', 'm', 'train.csv').stdout
        for standard in ('-', '/dev/stdout'):
            self.assertEqual(self.run_program('score', 'm', 'train.csv', '-o', standard).stdout, expected)
            with open(self.path('all.csv'), 'ab') as file:
                subprocess.run([PROGRAM, 'score', 'm', 'train.csv', '-o', standard], cwd=self.folder, stdout=file,
                               check=True)
        self.assertEqual(self.read('all.csv'), expected * 2)
        os.mkfifo(self.path('fifo'))
        process = subprocess.Popen([PROGRAM, 'score', 'm', 'train.csv', '-o', 'fifo'], cwd=self.folder)
        self.assertEqual(self.read('fifo'), expected)
        self.assertEqual(process.wait(), 0)
        arguments = ['train.csv', '--label', 'mode', '--anomaly', 'fast', '-o', 'n', '--epochs', '1', '--rest']
        self.run_program('train', *arguments, 'rest.csv')
        self.assertEqual(self.run_program('train', *arguments, '/dev/stdout').stdout, self.read('rest.csv'))
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path('fifo')).st_mode))

    def test_numbers_are_short_and_exact(self):
        self.machine_model(name='m')
        for row in self.scores('m', 'train.csv'):
            for text in (row['score'], row['p_value']):
                value = as_float(text)
                shorter = [f'{value:.{digits}g}' for digits in range(6, 10)]
                self.assertEqual(text, next(t for t in shorter if as_float(t) == value))

    def test_columns_are_carried_through(self):
        self.machine_model(name='m')
        self.write('a.csv', 'time,speed,flow,mode\n"10:00, noon",0.1,0.01,fast\n,-0.1,0.01,slow\n')
        self.write('b.csv', 'mode,speed,flow,time\nfast,0.1,0.01,late\n')
        done = self.run_program('score', '--keep', 'time,mode', 'm', 'a.csv', 'b.csv')
        self.assertEqual(done.stderr, '')
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(list(rows[0]), ['row', 'time', 'mode', 'score', 'p_value', 'anomaly'])
        self.assertEqual([(row['row'], row['time'], row['mode']) for row in rows],
                         [('1', '10:00, noon', 'fast'), ('2', '', 'slow'), ('3', 'late', 'fast')])
        self.assertEqual(rows[0]['score'], rows[2]['score'])
        plain = self.scores('m', 'train.csv', 'train.csv', 'train.csv', 'train.csv')  # more than are read at a time
        kept = self.scores('--keep', 'last', 'm', 'train.csv', 'train.csv', 'train.csv', 'train.csv')
        self.assertEqual([row.pop('mode') for row in kept], [row[2] for row in machine_rows(300)] * 4)
        self.assertEqual(kept, plain)
        self.fails('score', '--keep', 'place', 'm', 'a.csv', saying="has no column 'place' (--keep)")

    def test_a_closed_pipe_is_no_news_and_a_full_disk_an_error(self):
        self.machine_model(name='m')
        for arguments in (['score', 'm', 'train.csv'], ['--help'], ['score', '--help'], ['info', 'm']):
            read_end, write_end = os.pipe()
            os.close(read_end)
            done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdout=write_end, stderr=subprocess.PIPE,
                                  check=False)
            os.close(write_end)
            self.assertEqual((done.returncode, done.stderr), (1, b''), arguments)
        if not os.path.exists('/dev/full'):
            self.skipTest('there is no /dev/full')
        for arguments in (['score', 'm', 'train.csv'], ['info', 'm'], ['--help'], ['score', '--help']):
            with open('/dev/full', 'wb') as full:
                done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                      check=False)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(b'No space left', done.stderr)

    def peaks(self, text, repeats, *arguments):
        """Kilobytes that `score m - ARGUMENTS` has held at most once the text has been read so many times."""
        # else that keeps what has been freed
        sanitized = {**os.environ, 'ASAN_OPTIONS': 'quarantine_size_mb=0:thread_local_quarantine_size_kb=0'}
        process = subprocess.Popen([PROGRAM, 'score', 'm', '-', *arguments], cwd=self.folder, stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, env=sanitized)
        peaks, done = [], 0
        for wanted in repeats:  # a pipe holds little, so nearly all of it has been scored once it is written
            for _ in range(wanted - done):
                process.stdin.write(text)
            done = wanted
            with open(f'/proc/{process.pid}/status', encoding='ascii') as file:
                peaks.append(int(re.search(r'VmHWM:\s+(\d+) kB', file.read()).group(1)))
        process.stdin.close()
        self.assertEqual(process.wait(), 0)
        return peaks

    @unittest.skipUnless(os.path.exists('/proc/self/status'), 'there is no /proc')
    def test_memory_does_not_grow_with_the_rows(self):
        self.machine_model(name='m')
        rows = machine_rows(3000)
        plain = csv_text(rows, None).encode()
        unusual = csv_text([[speed, f'"{flow}"', mode + flow[-2:]] for speed, flow, mode in rows], None).encode()
        for text, arguments in ((plain, []), (gzip.compress(plain), []), (plain, ['--keep', '3,1', '-o', 'out.csv']),
                                (unusual, [])):
            with self.subTest(text=text[:20], arguments=arguments):
                few, many = self.peaks(text, (10, 100), *arguments)
                self.assertLess(many, few + 1000, 'kilobytes at 30,000 and at 300,000 rows')

    def test_wrong_models_are_refused(self):
        self.machine_model(name='m')
        self.fails('score', 'absent', 'train.csv', saying='absent: cannot load the model: No such file')
        self.fails('info', 'train.csv', saying='train.csv: cannot load the model: not an aepred model')
        model = self.read_bytes('m')
        self.write('cut', model[:-10])
        self.fails('score', 'cut', 'train.csv', saying='cut: cannot load the model')
        self.write('bent', model[:200] + bytes([model[200] ^ 1]) + model[201:])
        self.fails('score', 'bent', 'train.csv', saying='bent: cannot load the model')


if __name__ == '__main__':
    unittest.main()
