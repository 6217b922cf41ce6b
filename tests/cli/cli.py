# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the command line share: running the program, small data, reading its output."""
import csv
import io
import os
import random
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

PROGRAM = os.environ['AEPRED_PROGRAM']


def machine_rows(n, seed=1, fault=False):
    """Rows speed, flow, mode of a machine: flow follows speed, and mode says which half speed lies in."""
    source = random.Random(seed)
    rows = []
    for _ in range(n):
        speed = source.uniform(-1, 1)
        flow = (source.uniform(3, 4) if fault else speed * speed) + source.gauss(0, 0.01)
        rows.append([f'{speed:.5f}', f'{flow:.5f}', 'fast' if speed > 0 else 'slow'])
    return rows


def csv_text(rows, header=('speed', 'flow', 'mode')):
    return ''.join(','.join(row) + '\n' for row in ([header] if header else []) + rows)


def labelled(n_normal, n_anomalies, seed=2):
    """CSV text of machine rows with a last column that says ok or fault."""
    normal, faults = machine_rows(n_normal, seed), machine_rows(n_anomalies, seed + 1, fault=True)
    rows = [row + ['ok'] for row in normal] + [row + ['fault'] for row in faults]
    return csv_text(rows, ('speed', 'flow', 'mode', 'state'))


def npy(rows, descr='<f4', code='f', version=1, order='False', shape=None):
    """The bytes of an NPY file; without the numpy package, so that the format is what is tested."""
    shape = shape or f'({len(rows)}, {len(rows[0])})'
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode() + b'\n'
    length = struct.pack('<H' if version == 1 else '<I', len(header))
    swap = '>' if descr[0] == '>' else '<'
    values = [value for row in rows for value in row]
    return b'\x93NUMPY' + bytes([version, 0]) + length + header + struct.pack(f'{swap}{len(values)}{code}', *values)


def shape_of(rows):
    """Sizes of a nested list, and its values in order."""
    if not isinstance(rows, list):
        return [], [rows]
    inner = [shape_of(row) for row in rows]
    return [len(rows)] + inner[0][0], [value for _, values in inner for value in values]


def idx(rows, kind=0x08, code='B'):
    """The bytes of an IDX file of a nested list."""
    sizes, values = shape_of(rows)
    return bytes([0, 0, kind, len(sizes)]) + struct.pack(f'>{len(sizes)}I{len(values)}{code}', *sizes, *values)


def cifar(images, labels):
    """The bytes of a CIFAR-10 batch of images (channel, row, column)."""
    return b''.join(bytes([label]) + bytes(shape_of(image)[1]) for image, label in zip(images, labels))


def png_chunks(data):
    assert data[:8] == b'\x89PNG\r\n\x1a\n', 'not a PNG file'
    position = 8
    while position < len(data):
        length, kind = struct.unpack('>I4s', data[position:position + 8])
        content = data[position + 8:position + 8 + length]
        assert zlib.crc32(kind + content) == struct.unpack('>I', data[position + 8 + length:position + 12 + length])[0]
        yield kind, content
        position += 12 + length


GUESS = [None, lambda left, up, corner: left, lambda left, up, corner: up, lambda left, up, corner: (left + up) // 2,
         lambda left, up, corner: min((left, up, corner), key=lambda value: abs(left + up - corner - value))]


def png_pixels(data):
    """Lines of (red, green, blue) of a PNG file of 8 bits without a palette (section 9 of the standard: filters)."""
    chunks = list(png_chunks(data))
    width, height, depth, colour, *others = struct.unpack('>IIBBBBB', chunks[0][1])
    assert (chunks[0][0], chunks[-1][0], depth, colour, others) == (b'IHDR', b'IEND', 8, 2, [0, 0, 0])
    filtered = zlib.decompress(b''.join(content for kind, content in chunks if kind == b'IDAT'))
    above, lines, size = bytes(3 * width), [], 3 * width + 1
    for y in range(height):
        kind, *line = filtered[y * size:(y + 1) * size]
        for x in range(3 * width if kind else 0):
            left, up, corner = (line[x - 3], above[x], above[x - 3]) if x >= 3 else (0, above[x], 0)
            line[x] = (line[x] + GUESS[kind](left, up, corner)) & 255
        above = line
        lines.append([tuple(line[x:x + 3]) for x in range(0, 3 * width, 3)])
    return lines


class Case(unittest.TestCase):
    """A test with a folder of its own, in which the program runs."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='aepred-')
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        data = content if isinstance(content, bytes) else content.encode()
        with open(self.path(name), 'wb') as file:
            file.write(data)
        return name

    def read(self, name):
        with open(self.path(name), encoding='utf-8', newline='') as file:
            return file.read()

    def read_bytes(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def run_program(self, *arguments, status=0, stdin=None, **options):
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, check=False, timeout=300,
                              **({'input': data} if data is not None else {'stdin': subprocess.DEVNULL}), **options)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, f'aepred {" ".join(arguments)}\n{done.stderr}')
        return done

    def fails(self, *arguments, saying, status=1, stdin=None):
        """The program ends with that status, having said that, and having written no results."""
        done = self.run_program(*arguments, status=status, stdin=stdin)
        self.assertIn(saying, done.stderr)
        return done

    def train(self, *arguments, status=0, stdin=None):
        """A quick model; the last argument is its name."""
        return self.run_program('train', '--epochs', '3', '--batch', '32', *arguments[:-1], '-o', arguments[-1],
                                status=status, stdin=stdin)

    def scores(self, *arguments, stdin=None):
        text = self.run_program('score', *arguments, stdin=stdin).stdout
        return list(csv.DictReader(io.StringIO(text)))

    def machine_model(self, *arguments, name='m.aep', rows=300):
        self.write('train.csv', csv_text(machine_rows(rows)))
        self.train('-q', *arguments, 'train.csv', name)
        return name
