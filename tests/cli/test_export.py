# SPDX-License-Identifier: BSD-2-Clause
"""The command export. That what it writes scores as the model does: ../export."""
import os
import unittest

from cli import Case


class Export(Case):
    def setUp(self):
        super().setUp()
        self.machine_model(name='m')

    def test_it_writes_to_standard_output_or_to_a_file(self):
        shown = self.run_program('export', '--c', 'm')
        self.assertEqual(shown.stderr, '')
        self.assertIn('float model_score(const float row[3]);', shown.stdout)
        self.assertRegex(shown.stdout, r'(?m)^ \*   row\[2\]  mode, one of 2 levels: 0 (fast, 1 slow|slow, 1 fast)$')
        done = self.run_program('export', '--c', 'm', '-o', 'm.c')
        self.assertEqual((done.stdout, done.stderr), ('', ''))
        self.assertEqual(self.read('m.c'), shown.stdout)

    def test_names_begin_with_the_prefix(self):
        text = self.run_program('export', '--c', '--prefix', 'pump', 'm').stdout
        for name in ('pump_score(', 'pump_score_in(', 'pump_pvalue(', 'pump_is_anomaly(', 'PUMP_COLUMNS 3', 'PUMP_SCRATCH '):
            self.assertIn(name, text)
        self.assertNotIn('model_', text)
        self.fails('export', '--c', '--prefix', '2nd', 'm', saying='the prefix must be a letter')

    def test_threshold_and_score_are_those_asked_for(self):
        text = self.run_program('export', '--c', '--threshold', '0.375', 'm').stdout
        self.assertIn('return !((double)score < 0.375);', text)
        text = self.run_program('export', '--c', '--score', 'reconstruction', 'm').stdout
        self.assertNotIn('model_pvalue', text)
        self.assertIn('not calibrated', text)

    def test_wrong_usage(self):
        for arguments, saying in ((['m'], '--c is needed'), (['--c'], 'one model is needed'), (['--c', 'm', 'm'], 'one model'),
                                  (['--c', 'm', '-o', 'm'], 'both input and output')):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.fails('export', *arguments, saying=saying, status=2).stdout, '')

    def test_what_goes_wrong_leaves_no_file(self):
        self.write('bad', 'no model')
        self.write('old.c', 'precious')
        self.fails('export', '--c', 'bad', '-o', 'old.c', saying='not an aepred model')
        self.fails('export', '--c', 'm', '-o', 'absent/m.c', saying='cannot write absent/m.c')
        self.fails('export', '--c', 'm', '--prefix', '', '-o', 'new.c', saying='the prefix must be a letter')
        self.assertEqual(self.read('old.c'), 'precious')
        self.assertFalse(os.path.exists(self.path('new.c')))


if __name__ == '__main__':
    unittest.main()
