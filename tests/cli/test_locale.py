#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""In any locale the program reads and writes the same bytes: models, tables, JSON, pictures and messages."""
import os
import random
import subprocess
import sys
import tempfile
import unittest

from cli import PROGRAM, Case, csv_text, idx, labelled, machine_rows

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import locales  # noqa: E402  (stands beside the folder of these tests)

QUICK = ['--epochs', '3', '--batch', '32']

# (status, arguments); each runs in the same folder, after those before it
COMMANDS = [
    (0, ['train', *QUICK, '--set', 'learning_rate=0.0025', '--set', 'weight_decay=1.5e-5', '--set', 'validation=0.25',
         '--alarm-rate', '0.025', '--calibration', '0.15', 'train.csv', '-o', 'm.aep']),
    (0, ['train', *QUICK, '--set', 'score=joint', '--train-share', '0.75', '--rest', 'rest.csv', '--label', 'state',
         '--normal', 'ok', 'labelled.csv', '-o', 'l.aep']),
    (0, ['train', *QUICK, '--conv', '4x3/2', 'a.idx', '-o', 'i.aep']),
    (0, ['train', *QUICK, '--delimiter', ';', 'comma.csv', '-o', 'c.aep']),
    (0, ['train', *QUICK, 'INFO.csv', '-o', 'w.aep']),
    (0, ['score', 'm.aep', 'train.csv']),
    (0, ['score', 'm.aep', 'train.csv', '-o', 'scores.csv', '--keep', 'speed', '--threshold', '0.75']),
    (0, ['score', 'c.aep', '--delimiter', ';', 'comma.csv']),
    (0, ['score', 'w.aep', 'INFO.csv']),
    (0, ['explain', 'm.aep', 'train.csv', '--alarm-rate', '0.125']),
    (0, ['explain', 'i.aep', 'a.idx', '--png', 'pictures', '--top-rows', '2']),
    (0, ['eval', 'l.aep', 'labelled.csv', '--label', 'state', '--normal', 'ok']),
    (0, ['eval', 'l.aep', 'labelled.csv', '--label', 'state', '--normal', 'ok', '--json']),
    (0, ['info', 'm.aep', '--history']),
    (0, ['info', 'm.aep']),
    (0, ['info', 'm.aep', '--history', '--json']),
    (0, ['info', 'w.aep', '--json']),
    (0, ['train', '--help']),
    (2, ['train', '--set', 'noise_level=0,5', 'train.csv', '-o', 'x.aep']),
    (2, ['train', '--set', 'learning_rate=1.5', 'train.csv', '-o', 'x.aep']),
    (2, ['train', '--alarm-rate', '0,5', 'train.csv', '-o', 'x.aep']),
    (2, ['train', '--set', 'TITLE=0.5', 'train.csv', '-o', 'x.aep']),
    (2, ['train', '--no-such-option', 'train.csv', '-o', 'x.aep']),
    (1, ['train', *QUICK, '--set', 'noise=masking', '--set', 'noise_level=1.5', 'train.csv', '-o', 'x.aep']),
    (1, ['train', *QUICK, 'holes.csv', '-o', 'x.aep']),
    (1, ['score', 'm.aep', 'no-such-file.csv']),
    (1, ['score', 'm.aep', 'a.idx']),
]


def infos():
    """Columns and words in capitals, with letters that are others in Turkish."""
    source = random.Random(5)
    words = ['INIT', 'init', 'Iı', 'İZ']
    rows = [[f'{source.gauss(0, 1):.4f}', f'{source.gauss(1e-7, 1e-9):.4e}', source.choice(words)] for _ in range(300)]
    return csv_text(rows, ('TITLE', 'info', 'INFO'))


def comma_rows():
    """Numbers with a decimal comma are words everywhere."""
    return ''.join(f'{i / 100:.2f};{str(i % 5 / 2).replace(".", ",")}\n' for i in range(300))


class Locale(Case):
    def run_all(self, variables):
        """What each command says, and each file, in a folder of its own."""
        with tempfile.TemporaryDirectory() as folder:
            files = {'train.csv': csv_text(machine_rows(300)), 'labelled.csv': labelled(200, 40), 'INFO.csv': infos(),
                     'holes.csv': 'a,b\n1.5,2.5\n,0.5\n', 'comma.csv': comma_rows()}
            source = random.Random(6)
            files['a.idx'] = idx([[[source.randrange(256) for _ in range(9)] for _ in range(8)] for _ in range(100)])
            for name, content in files.items():
                with open(os.path.join(folder, name), 'wb') as file:
                    file.write(content if isinstance(content, bytes) else content.encode())
            said = []
            for status, arguments in COMMANDS:
                done = subprocess.run([PROGRAM, *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                                      env={**locales.without(), **variables}, check=False, timeout=300)
                self.assertEqual(done.returncode, status, f'{arguments}\n{done.stderr.decode()}')
                said.append((arguments, done.stdout, done.stderr))
            written = {}
            for path, _, names in os.walk(folder):
                for name in names:
                    with open(os.path.join(path, name), 'rb') as file:
                        written[os.path.relpath(os.path.join(path, name), folder)] = file.read()
            return said, written

    def test_the_same_bytes_in_every_locale(self):
        said, written = self.run_all({'LC_ALL': 'C'})
        self.assertGreaterEqual(set(written), {'m.aep', 'l.aep', 'i.aep', 'c.aep', 'w.aep', 'rest.csv', 'scores.csv'})
        self.assertEqual(sum(name.endswith('.png') for name in written), 2)
        for name in locales.COMMA:
            with self.subTest(locale=name):
                variables = locales.environment(name, self.folder)
                if not variables:
                    self.skipTest(locales.absent(name))
                again, files = self.run_all(variables)
                for first, second in zip(said, again):
                    self.assertEqual(first, second)
                self.assertEqual(sorted(files), sorted(written))
                for file, content in written.items():
                    self.assertEqual(content, files[file], file)


if __name__ == '__main__':
    unittest.main()
