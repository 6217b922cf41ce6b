#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`aepred demo` as a user runs it. The program is named by the environment variable AEPRED_PROGRAM."""
import os
import re
import resource
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import locales  # noqa: E402  (stands beside the folder of these tests)

PROGRAM = os.environ['AEPRED_PROGRAM']
SECONDS = float(os.environ.get('AEPRED_DEMO_SECONDS', 30))  # of processor time; builds that are checked need more
SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fontconfig.supp')
FAULTS = ['cavitation', 'stuck flow meter', 'smoothed data', 'check valve leaks', 'crossed wires', 'bearing wear',
          'fouled impeller', 'pressure drift', 'pipe leak', 'winding sensor']


def demo(folder, *arguments, **environment):
    """Run the program; its result and the processor time that it took."""
    leaks = {'LSAN_OPTIONS': f'suppressions={SUPPRESSIONS}:print_suppressions=0'}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([PROGRAM, 'demo', *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, **leaks, **environment}, encoding='utf-8',
                          check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def comparison(text):
    """{fault: [(alarm or 'missed', per cent flagged) for prediction, reconstruction, sigma]} from the second table."""
    cell = r'\s+(missed|[\d.]+ (?:min|h))\s+(\d+) %'
    rows = re.findall(r'^  [a-j] ([a-z ]+?)' + 3 * cell + '$', text, re.MULTILINE)
    return {row[0]: [(row[i], int(row[i + 1])) for i in (1, 3, 5)] for row in rows}


def overall(text):
    """{method: (found, false alarms a day)} from the last table."""
    rows = re.findall(r'^  (\S.*?)\s{2,}[\d.]+\s+(\d+)/10 .* ([\d.]+)/day$', text, re.MULTILINE)
    return {name: (int(found), float(alarms)) for name, found, alarms in rows}


def png_pixels(data):
    """Width, height and filtered rows of a PNG, with every checksum verified."""
    assert data[:8] == b'\x89PNG\r\n\x1a\n'
    at, chunks = 8, []
    while at < len(data):
        size, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack('>I', data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
        chunks.append((kind, body))
        at += 12 + size
    assert chunks[0][0] == b'IHDR' and chunks[-1] == (b'IEND', b'')
    width, height = struct.unpack('>II', chunks[0][1][:8])
    return width, height, zlib.decompress(b''.join(body for kind, body in chunks if kind == b'IDAT'))


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        cls.done, cls.seconds = demo(cls.folder, LC_ALL='C.UTF-8')

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def picture(self, name):
        with open(os.path.join(self.folder, name), 'rb') as file:
            return file.read()

    def test_succeeds_in_time(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertLess(self.seconds, SECONDS)

    def test_reports_every_fault(self):
        self.assertEqual(list(comparison(self.done.stdout)), FAULTS)
        for fault in FAULTS:
            self.assertRegex(self.done.stdout, rf'(?m)^  [a-j] {fault} +(day [ \d]+ \d\d:\d\d, after|missed)')

    def test_finds_what_plain_reconstruction_misses(self):
        rows = comparison(self.done.stdout).values()
        self.assertTrue([row for row in rows if row[0][0] != 'missed' and row[1][0] == 'missed'])

    def test_finds_most_faults_without_crying_wolf(self):
        methods = overall(self.done.stdout)
        self.assertEqual(len(methods), 4)
        found, false_alarms = methods['prediction error']
        self.assertGreaterEqual(found, 8)
        self.assertLessEqual(false_alarms, 1)
        self.assertGreaterEqual(found, methods['reconstruction error'][0])

    def test_names_the_sensor_that_is_wrong(self):
        self.assertRegex(self.done.stdout, r'b stuck flow meter .* flow \d+ %')
        self.assertRegex(self.done.stdout, r'f bearing wear .* vib_de \d+ %')
        self.assertRegex(self.done.stdout, r'e crossed wires .* mode \d+ %')

    def test_prints_plain_text_of_at_most_100_columns(self):
        self.assertNotIn('\033', self.done.stdout + self.done.stderr)
        self.assertLessEqual(max(len(line) for line in self.done.stdout.splitlines()), 100)

    def test_draws_a_png(self):
        width, height, pixels = png_pixels(self.picture('aepred-demo.png'))
        self.assertGreater(width, height)
        self.assertGreater(len(set(pixels)), 16)

    def test_draws_an_svg(self):
        root = ElementTree.fromstring(self.picture('aepred-demo.svg'))
        self.assertEqual(root.tag, '{http://www.w3.org/2000/svg}svg')
        self.assertGreater(len(root.findall('.//{http://www.w3.org/2000/svg}path')), 50)

    def test_the_same_seed_gives_the_same_results_also_with_a_decimal_comma(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as compiled:
            comma = locales.environment('de_DE', compiled)
            if not comma:
                print(locales.absent('de_DE'))
            again, _ = demo(folder, '--seed', '1', '--picture', 'a.png', '--picture', 'b.svg', **comma)
            self.assertEqual(again.stdout, self.done.stdout)
            self.assertEqual(sorted(os.listdir(folder)), ['a.png', 'b.svg'])
            for name, first in (('a.png', 'aepred-demo.png'), ('b.svg', 'aepred-demo.svg')):
                with open(os.path.join(folder, name), 'rb') as file:
                    self.assertEqual(file.read(), self.picture(first))

    def test_another_seed_gives_other_results_quietly_in_ascii_without_pictures(self):
        with tempfile.TemporaryDirectory() as folder:
            other, _ = demo(folder, '--seed', '2', '--quiet', '--no-picture', LC_ALL='C')
            self.assertEqual((other.returncode, other.stderr, os.listdir(folder)), (0, '', []))
            self.assertNotEqual(other.stdout, self.done.stdout)
            self.assertTrue(other.stdout.isascii())

    def test_refuses_wrong_usage_before_any_work(self):
        for arguments in (['--picture', 'x.bmp'], ['--seed', 'x'], ['--seed', '-1'], ['file.csv'], ['--no-such'],
                          ['--picture', 'x.png', '--no-picture']):
            refused, seconds = demo(self.folder, *arguments)
            self.assertEqual((refused.returncode, refused.stdout), (2, ''), arguments)
            self.assertIn(arguments[0], refused.stderr)
            self.assertLess(seconds, 1)

    def test_says_where_a_picture_cannot_be_written(self):
        failed, seconds = demo(self.folder, '--quiet', '--picture', 'no-such-folder/x.png')
        self.assertEqual((failed.returncode, failed.stdout), (1, ''))
        self.assertIn('no-such-folder/x.png: No such file or directory', failed.stderr)
        self.assertLess(seconds, 1)

    def test_explains_itself(self):
        helped, _ = demo(self.folder, '--help')
        self.assertEqual(helped.returncode, 0)
        for option in ('--seed', '--picture', '--no-picture', '--quiet'):
            self.assertIn(option, helped.stdout)


if __name__ == '__main__':
    unittest.main()
