# SPDX-License-Identifier: BSD-2-Clause
"""What the commands eval, explain and info tell."""
import csv
import io
import json
import re
import unittest

from cli import Case, csv_text, labelled, machine_rows

EVAL_KEYS = ['rows', 'anomalies', 'threshold', 'precision', 'recall', 'f1', 'f1_at_true_count', 'auroc',
             'average_precision']


class Eval(Case):
    def setUp(self):
        super().setUp()
        self.write('train.csv', csv_text(machine_rows(600)))
        self.run_program('train', '-q', 'train.csv', '-o', 'm', '--epochs', '40', '--batch', '32')
        self.write('test.csv', labelled(300, 30))
        self.truth = ['--label', 'state', '--anomaly', 'fault']

    def test_json_has_these_keys_and_the_right_values(self):
        result = json.loads(self.run_program('eval', '--json', 'm', 'test.csv', *self.truth).stdout)
        self.assertEqual(list(result), EVAL_KEYS)
        self.assertEqual((result['rows'], result['anomalies']), (330, 30))
        scores = [float(row['score']) for row in self.scores('m', 'test.csv', '--label', 'state')]
        normal, faults = scores[:300], scores[300:]
        flagged_normal = sum(score >= result['threshold'] for score in normal)
        flagged_faults = sum(score >= result['threshold'] for score in faults)
        self.assertGreater(flagged_faults, 0)
        self.assertAlmostEqual(result['recall'], flagged_faults / 30)
        self.assertAlmostEqual(result['precision'], flagged_faults / (flagged_faults + flagged_normal))
        pairs = sum((fault > row) + (fault == row) / 2 for fault in faults for row in normal)
        self.assertAlmostEqual(result['auroc'], pairs / 300 / 30)
        cut = sorted(scores)[-30]
        self.assertAlmostEqual(result['f1_at_true_count'], sum(score >= cut for score in faults) / 30)
        self.assertGreater(result['auroc'], 0.9)

    def test_text_shows_the_same_figures(self):
        text = self.run_program('eval', 'm', 'test.csv', *self.truth).stdout
        result = json.loads(self.run_program('eval', '--json', 'm', 'test.csv', *self.truth).stdout)
        names = ['rows', 'anomalies', 'threshold', 'precision', 'recall', 'F1', 'F1 at true count', 'AUROC',
                 'average precision']
        shown = re.findall(r'(?m)^(.*?) +(\S+)$', text)
        self.assertEqual([name for name, _ in shown], names)
        for (_, value), key in zip(shown, EVAL_KEYS):
            self.assertAlmostEqual(float(value), result[key], 4)

    def test_normal_and_anomaly_say_the_same(self):
        one = self.run_program('eval', 'm', 'test.csv', *self.truth).stdout
        self.assertEqual(self.run_program('eval', 'm', 'test.csv', '--label', 'last', '--normal', 'ok').stdout, one)

    def test_another_score_has_no_threshold(self):
        result = json.loads(self.run_program('eval', '--json', '--score', 'reconstruction', 'm', 'test.csv',
                                             *self.truth).stdout)
        self.assertEqual([key for key in EVAL_KEYS if result[key] is None], ['threshold', 'precision', 'recall', 'f1'])
        own = json.loads(self.run_program('eval', '--json', '--score', 'prediction', 'm', 'test.csv',
                                          *self.truth).stdout)
        self.assertIsNotNone(own['threshold'])

    def test_one_class_leaves_figures_undefined(self):
        self.write('normal.csv', labelled(20, 0))
        done = self.run_program('eval', '--json', 'm', 'normal.csv', *self.truth)
        result = json.loads(done.stdout)
        self.assertEqual([key for key in EVAL_KEYS if result[key] is None],
                         ['precision', 'recall', 'f1', 'f1_at_true_count', 'auroc', 'average_precision'])
        text = self.run_program('eval', 'm', 'normal.csv', *self.truth).stdout
        self.assertEqual(re.findall(r'(?m)^(.*?) +-$', text),
                         ['precision', 'recall', 'F1', 'F1 at true count', 'AUROC', 'average precision'])
        self.assertIn('all rows are normal', done.stderr)
        self.write('none.csv', 'speed,flow,mode,state\n')
        self.fails('eval', 'm', 'none.csv', *self.truth, saying='no rows')

    def test_without_a_flagged_row_precision_is_undefined(self):
        result = json.loads(self.run_program('eval', '--json', '--threshold', '1e9', 'm', 'test.csv',
                                             *self.truth).stdout)
        self.assertEqual((result['precision'], result['recall'], result['f1']), (None, 0, 0))

    def test_labels_that_occur_are_listed(self):
        done = self.run_program('eval', 'm', 'test.csv', '--label', 'state', '--anomaly', 'broken')
        self.assertIn("no row has the label 'broken' (--anomaly); the labels are: fault, ok\n", done.stderr)
        rows = ''.join(f'0.1,0.01,fast,{i % 12}\n' for i in range(24))
        done = self.run_program('eval', 'm', '-', '--label', 'state', '--normal', '2,99',
                                stdin='speed,flow,mode,state\n' + rows)
        self.assertIn("'99' (--normal); the labels are: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...\n", done.stderr)

    def test_explain_shows_errors_and_words_that_are_unknown(self):
        self.write('a.csv', 'speed,flow,mode\n0.5,30,fast\n0.5,0.25,reverse\n0.5,0.25,"a,b"\n')
        rows = list(csv.DictReader(io.StringIO(self.run_program('explain', 'm', 'a.csv').stdout)))
        for row in rows:
            score, error, predicted = (float(row[key]) for key in ('score', 'error', 'predicted'))
            self.assertGreater(error, 0)
            self.assertAlmostEqual(score, abs(error - predicted), delta=1e-4 * score)
        self.assertEqual([row['value'] for row in rows if row['column'] == 'mode'], ['fast', 'reverse', 'a,b'])
        self.run_program('train', '-q', 'train.csv', '-o', 'v', '--epochs', '2', '--set', 'error=vector')
        row = next(csv.DictReader(io.StringIO(self.run_program('explain', 'v', 'a.csv').stdout)))
        self.assertLessEqual(abs(float(row['error']) - float(row['predicted'])), float(row['score']) * 1.0001)

    def test_explain_names_the_tampered_column(self):
        self.write('a.csv', 'speed,flow,mode\n0.5,30,fast\n')
        done = self.run_program('explain', 'm', 'a.csv')
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(list(rows[0]), ['row', 'score', 'error', 'predicted', 'rank', 'column', 'share', 'value',
                                         'expected'])
        self.assertEqual([row['rank'] for row in rows], ['1', '2', '3'])
        self.assertAlmostEqual(sum(float(row['share']) for row in rows), 1, 4)
        self.assertEqual((rows[0]['column'], rows[0]['value']), ('flow', '30'))
        self.assertLess(float(rows[0]['expected']), 10)
        mode = next(row for row in rows if row['column'] == 'mode')
        self.assertEqual(mode['value'], 'fast')
        self.assertIn(mode['expected'], ('fast', 'slow'))
        one = self.run_program('explain', '--top', '1', 'm', 'a.csv').stdout
        self.assertEqual(one, ''.join(done.stdout.splitlines(True)[:2]))

    def test_explain_flagged_shows_only_those(self):
        arguments = ['m', 'test.csv', '--label', 'state']
        flagged = [row['row'] for row in self.scores(*arguments) if row['anomaly'] == '1']
        done = self.run_program('explain', '--flagged', '--top', '1', *arguments)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual([row['row'] for row in rows], flagged)
        self.fails('explain', '--flagged', '--score', 'signed', *arguments, saying='has no threshold')

    def test_names_with_commas_and_quotes_are_quoted(self):
        self.write('a.csv', '"a,b","say ""x"""\n' + '1,2\n3,4\n' * 5)
        self.train('a.csv', 'q')
        rows = list(csv.DictReader(io.StringIO(self.run_program('explain', 'q', 'a.csv').stdout)))
        self.assertEqual({row['column'] for row in rows}, {'a,b', 'say "x"'})

    def test_names_that_are_not_utf8_still_give_json(self):
        self.write('a.csv', b'caf\xe9,y\n' + b'\xe91,2\n\xe92,3\n' * 5)
        self.train('a.csv', 'l')
        column = json.loads(self.run_program('info', '--json', 'l').stdout)['columns'][0]
        self.assertEqual((column['name'], column['levels']), ('caf?', ['?1', '?2']))

    def test_info_text_and_history(self):
        text = self.run_program('info', 'm').stdout
        self.assertRegex(text, r'3  mode +categorical, 2 levels: (fast, slow|slow, fast)\n')
        self.assertRegex(text, r'(?m)^epochs +40$')
        history = list(csv.DictReader(io.StringIO(self.run_program('info', '--history', 'm').stdout)))
        self.assertEqual([row['epoch'] for row in history], [str(i + 1) for i in range(40)])
        self.assertLess(float(history[-1]['loss']), float(history[0]['loss']))
        info = json.loads(self.run_program('info', '--history', '--json', 'm').stdout)
        self.assertEqual([list(row) for row in info['history']], [list(history[0])] * 40)
        self.assertAlmostEqual(info['history'][-1]['loss'], float(history[-1]['loss']))
        self.assertIsNone(info['history'][0]['loss_validation'])
        del info['history']
        self.assertEqual(info, json.loads(self.run_program('info', '--json', 'm').stdout))


if __name__ == '__main__':
    unittest.main()
