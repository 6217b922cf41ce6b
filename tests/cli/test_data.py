# SPDX-License-Identifier: BSD-2-Clause
"""The command line on the raw files of public data sets; how well they are detected is the tutorial's matter."""
import json
import os
import unittest

from cli import Case

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get('AEPRED_DATA') or os.path.join(ROOT, '..', 'shared', 'data')


class Data(Case):
    def data(self, name):
        path = os.path.join(DATA, name)
        if not os.path.exists(path):
            self.skipTest(f'{name} is not in {DATA}; AEPRED_DATA names the folder')
        return path

    def split_and_evaluate(self, path, *truth, options=()):
        self.run_program('train', '-q', path, '-o', 'm', *truth, *options, '--train-share', '0.5', '--rest', 'rest.csv',
                         '--epochs', '2')
        return json.loads(self.run_program('eval', '--json', 'm', 'rest.csv', *truth).stdout)

    def columns(self):
        return json.loads(self.run_program('info', '--json', 'm').stdout)['columns']

    def test_thyroid(self):
        result = self.split_and_evaluate(self.data('thyroid.csv'), '--label', 'label', '--anomaly', '1')
        self.assertEqual(result['anomalies'], 93)
        self.assertAlmostEqual(result['rows'], 93 + 3679 / 2, delta=50)
        self.assertEqual([c['name'] for c in self.columns()], ['f1', 'f2', 'f3', 'f4', 'f5', 'f6'])

    def test_arrhythmia(self):
        result = self.split_and_evaluate(self.data('arrhythmia.csv'), '--label', 'label', '--anomaly', '1')
        self.assertEqual(result['anomalies'], 66)
        self.assertEqual(len(self.columns()), 274)
        self.assertEqual({c['kind'] for c in self.columns()}, {'numeric'})

    def test_arrhythmia_uci_with_missing_values(self):
        path = self.data('arrhythmia-uci.csv')
        truth = ['--label', 'last', '--anomaly', '3,4,5,7,8,9,14,15']
        self.fails('train', path, '-o', 'm', *truth, saying='column 14 (J): the value is missing; --set missing=impute')
        result = self.split_and_evaluate(path, *truth, options=['--set', 'missing=impute'])
        self.assertEqual(result['anomalies'], 66)
        self.assertEqual(len(self.columns()), 279)

    def test_kdd(self):
        path = self.data('kddcup.data_10_percent.gz')
        result = self.split_and_evaluate(path, '--label', 'last', '--anomaly', 'normal.')
        self.assertEqual(result['anomalies'], 97278)
        self.assertAlmostEqual(result['rows'], 97278 + 396743 / 2, delta=50)
        categorical = {i + 1: len(c['levels']) for i, c in enumerate(self.columns()) if c['kind'] == 'categorical'}
        self.assertEqual(list(categorical), [2, 3, 4])
        self.assertEqual(categorical[2], 3)

    def test_mnist_zeros_are_told_from_other_digits(self):
        train, test = ([self.data(f'{name}-images-idx3-ubyte.gz'), '--labels',
                        self.data(f'{name}-labels-idx1-ubyte.gz'), '--normal', '0'] for name in ('train', 't10k'))
        self.run_program('train', '-q', *train, '-o', 'm', '--conv', '16x3/2,32x3/2', '--epochs', '2')
        result = json.loads(self.run_program('eval', '--json', 'm', *test).stdout)
        self.assertEqual((result['rows'], result['anomalies']), (10000, 10000 - 980))
        self.assertGreater(result['auroc'], 0.9)


if __name__ == '__main__':
    unittest.main()
