# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the SQLite extension share: the real sqlite3 shell with the extension loaded, and data.

Environment: SQLITE_SHELL, SQLITE_EXTENSION, AEPRED_PROGRAM (if it was built), SQLITE_PRELOAD (a sanitizer's library).
"""
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

SHELL, EXTENSION = os.environ['SQLITE_SHELL'], os.environ['SQLITE_EXTENSION'].removesuffix('.so')
PROGRAM = os.environ.get('AEPRED_PROGRAM')
PRELOAD = os.environ.get('SQLITE_PRELOAD')
# A shell that is stopped by a signal, or has found no memory, does not free all that it has.
PATIENCE = 10 if PRELOAD else 1


def environment(leaks=True):
    found = dict(os.environ)
    if PRELOAD:
        found['LD_PRELOAD'] = PRELOAD
        found['ASAN_OPTIONS'] = f'detect_leaks={int(leaks)}:abort_on_error=0:exitcode=86'
    return found


def machine_rows(n, seed=1, fault=False):
    """Rows speed, flow, mode of a machine: flow follows speed, and mode says which half speed lies in."""
    source = random.Random(seed)
    rows = []
    for _ in range(n):
        speed = source.uniform(-1, 1)
        flow = (source.uniform(3, 4) if fault else speed * speed) + source.gauss(0, 0.01)
        rows.append((f'{speed:.5f}', f'{flow:.5f}', 'fast' if speed > 0 else 'slow'))
    return rows


def literal(cell):
    return 'NULL' if cell is None else f"'{cell}'" if cell.isalpha() else cell


def table(rows, name='readings'):
    """Statements that make a table of rows."""
    values = ',\n'.join('(' + ','.join(map(literal, row)) + ')' for row in rows)
    return f'CREATE TABLE {name}(id INTEGER PRIMARY KEY, speed, flow, mode);\nINSERT INTO {name}(speed, flow, mode) VALUES\n{values};\n'


def blob(values):
    """A row in a BLOB, as SQL writes it."""
    return "x'" + struct.pack(f'<{len(values)}f', *values).hex() + "'"


def single(number):
    """The nearest number of single precision."""
    return struct.unpack('f', struct.pack('f', float(number)))[0]


class Case(unittest.TestCase):
    """A test with a folder of its own, in which the shell runs."""

    maxDiff = 2000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='aepred-')
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def run_shell(self, script, database=':memory:', leaks=True):
        """Lines printed, and lines of errors. The shell's own commands may be indented here."""
        script = re.sub(r'^ +\.', '.', script, flags=re.MULTILINE)
        done = subprocess.run([SHELL, '-batch', database], input=f'.load {EXTENSION}\n{script}', env=environment(leaks),
                              cwd=self.folder, capture_output=True, text=True, timeout=300 * PATIENCE, check=False)
        self.assertNotIn('Sanitizer', done.stderr)
        self.assertGreaterEqual(done.returncode, 0, f'the shell was ended by a signal\n{done.stderr[-2000:]}')
        self.assertNotEqual(done.returncode, 86, done.stderr[-2000:])
        return done.stdout.splitlines(), done.stderr.splitlines()

    def sql(self, script, **options):
        """The lines that a script prints; it must succeed."""
        lines, errors = self.run_shell(script, **options)
        self.assertEqual(errors, [], script[-500:])
        return lines

    def refused(self, statement, saying, before=''):
        """A statement fails, saying that, and prints nothing; the connection goes on."""
        lines, errors = self.run_shell(f"{before}\nSELECT 'here';\n{statement};\nSELECT 'there';\n")
        self.assertEqual(lines[-2:], ['here', 'there'], f'{statement} has printed {lines}')
        self.assertEqual([line for line in errors if 'near line' in line][1:], [], errors)
        self.assertIn(saying, '\n'.join(errors), statement)

    def run_program(self, *arguments):
        if not PROGRAM:
            self.skipTest('the program aepred was not built')
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout
