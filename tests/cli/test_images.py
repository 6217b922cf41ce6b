# SPDX-License-Identifier: BSD-2-Clause
"""Images: files that hold them, their labels, convolutional models, and pictures of what was found."""
import gzip
import random
import unittest

from cli import Case, cifar, csv_text, idx, npy, shape_of

SIZES = {0x08: 'B', 0x09: 'b', 0x0b: 'h', 0x0c: 'i', 0x0d: 'f', 0x0e: 'd'}


def drawings(n, channels=1, size=6, seed=1):
    """Images (channel, row, column) of one bright square on dark noise."""
    source = random.Random(seed)
    images = []
    for _ in range(n):
        top, left = source.randrange(size - 2), source.randrange(size - 2)
        images.append([[[source.randrange(20) + (100 if 0 <= y - top < 3 and 0 <= x - left < 3 else 0)
                         for x in range(size)] for y in range(size)] for _ in range(channels)])
    return images


def flat(images):
    return [shape_of(image)[1] for image in images]


def as_csv(images, header=None):
    return csv_text([[str(value) for value in row] for row in flat(images)], header)


class Idx(Case):
    """Read as rows by a model of columns: what is tested is the reader."""

    def setUp(self):
        super().setUp()
        self.images = drawings(40, size=4)
        self.write('a.csv', as_csv(self.images))
        self.train('-q', 'a.csv', 'm')
        self.expected = self.scores('m', 'a.csv')

    def test_every_type_and_number_of_sizes_reads_the_same(self):
        for kind, code in SIZES.items():
            for shape in ('rows', 'images', 'channels'):
                with self.subTest(kind=kind, shape=shape):
                    content = {'rows': flat(self.images), 'images': [image[0] for image in self.images],
                               'channels': self.images}[shape]
                    self.write('a.idx', idx(content, kind, code))
                    self.assertEqual(self.scores('m', 'a.idx'), self.expected)

    def test_negative_numbers_keep_their_sign(self):
        rows = [[-1, 2, -128, 127] * 4] * 3
        self.write('b.csv', csv_text([[str(value) for value in row] for row in rows], None))
        for kind, code in list(SIZES.items())[1:]:
            self.write('b.idx', idx(rows, kind, code))
            self.assertEqual(self.scores('m', 'b.idx'), self.scores('m', 'b.csv'))

    def test_gzip_and_standard_input(self):
        content = idx([image[0] for image in self.images])
        self.write('a.idx.gz', gzip.compress(content))
        self.assertEqual(self.scores('m', 'a.idx.gz'), self.expected)
        self.assertEqual(self.scores('m', '-', stdin=content), self.expected)
        self.assertEqual(self.scores('m', '--format', 'idx', '-', stdin=content), self.expected)

    def test_one_size_is_one_column(self):
        self.write('a.idx', idx([i % 5 for i in range(30)]))
        self.train('a.idx', 'one')
        self.assertEqual(len(self.scores('one', 'a.idx')), 30)

    def test_wrong_files_are_refused(self):
        good = idx([image[0] for image in self.images])
        cases = {
            'type': (good[:2] + b'\x0a' + good[3:], 'its type of numbers, 0x0a, is none of that format'),
            'no-sizes': (good[:3] + b'\0' + good[4:], 'names 0 sizes, where labels have 1, rows 2, and images 3 or 4'),
            'five': (good[:3] + b'\5' + good[4:], 'names 5 sizes'),
            'no-rows': (good[:4] + bytes(4) + good[8:], 'size 1 of the 3 in its IDX header is 0'),
            'no-width': (good[:12] + bytes(4) + good[16:], 'size 3 of the 3 in its IDX header is 0'),
            'large': (good[:8] + b'\xff' * 8 + good[16:], 'has more than 16777216 values an image'),
            'cut-magic': (good[:3], 'ends within the header of an IDX file'),
            'cut-header': (good[:10], 'ends within the header of an IDX file'),
            'cut-header-end': (good[:16], 'cut-header-end: ends after image 0 of 40'),
            'cut': (good[:-1], 'cut: ends after image 39 of 40'),
            'cut-image': (good[:-16], 'cut-image: ends after image 39 of 40'),
            'cut-row': (idx(flat(self.images))[:-1], 'cut-row: ends after row 39 of 40'),
            'cut.gz': (gzip.compress(good)[:-20], 'the gzip data ends too early'),
            'more': (good + b'\0', 'goes on behind image 40, the last by its header'),
            'nan': (idx([[[1., 2.] * 2] * 4, [[1., 2.] * 2, [1., float('nan')] * 2] * 2], 0x0d, 'f'),
                    'nan: image 2, channel 1, row 2, column 2: the value is missing'),
            'inf': (idx([[1., float('inf')] * 8], 0x0e, 'd'), 'inf: row 1, column 2: expected a finite number'),
            'size': (idx([image[0] for image in drawings(3, size=5)]), 'has 25 columns, where the model wants 16;'),
        }
        for name, (content, saying) in cases.items():
            with self.subTest(name=name):
                self.write(name, content)
                self.fails('score', 'm', name, saying=saying)


class Cifar(Case):
    @classmethod
    def setUpClass(cls):
        cls.images = drawings(8, channels=3, size=32)
        cls.content = cifar(cls.images, range(8))

    def setUp(self):
        super().setUp()
        self.write('a.csv', as_csv(self.images))
        self.train('-q', '--encoder', '4', '--epochs', '1', 'a.csv', 'm')
        self.expected = self.scores('m', 'a.csv')

    def test_official_names_are_recognised(self):
        for name in ('data_batch_1.bin', 'data_batch_25.bin', 'test_batch.bin'):
            self.write(name, self.content)
            self.write(name + '.gz', gzip.compress(self.content))
            for path in (name, name + '.gz', './' + name):
                with self.subTest(path=path):
                    self.assertEqual(self.scores('m', path), self.expected)

    def test_other_names_need_the_format(self):
        self.write('batch.bin', self.content)
        self.fails('score', 'm', 'batch.bin', saying='batch.bin')
        self.assertEqual(self.scores('m', '--format', 'cifar10', 'batch.bin'), self.expected)
        self.assertEqual(self.scores('m', '--format', 'cifar10', '-', stdin=self.content), self.expected)

    def test_wrong_files_are_refused(self):
        cases = {
            'long': (self.content + b'\1\2', 'its length is no multiple of the 3073 bytes of an image: 2 bytes follow '
                     '8 whole ones'),
            'cut': (self.content[:-1], 'its length is no multiple of the 3073 bytes of an image: 3072 bytes follow 7'),
            'short': (b'\1\2\3', 'its length is no multiple of the 3073 bytes of an image: 3 bytes follow 0'),
            'empty': (b'', 'is empty'),
            'label': (self.content[:3073] + b'\x0a' + self.content[3074:], 'image 2: the label is 10, where CIFAR-10 '
                      'has 0 to 9'),
        }
        for name, (content, saying) in cases.items():
            with self.subTest(name=name):
                self.write(name, content)
                self.fails('score', 'm', '--format', 'cifar10', name, saying=f'{name}: {saying}')


class Formats(Case):
    def test_a_file_of_another_format_is_refused(self):
        rows = flat(drawings(20, size=3))
        self.write('a.csv', csv_text([[str(value) for value in row] for row in rows], None))
        self.write('a.npy', npy(rows))
        self.write('a.idx', idx(rows))
        self.train('a.csv', 'm')
        for given in ('csv', 'npy', 'idx'):
            self.assertEqual(self.scores('m', '--format', given, f'a.{given}'), self.scores('m', 'a.csv'))
        for given, file in (('npy', 'a.csv'), ('npy', 'a.idx'), ('idx', 'a.npy')):
            self.fails('score', 'm', '--format', given, file,
                       saying=f'{file}: is no {given.upper()} file, as --format {given} says')
        self.fails('score', 'm', '--format', 'csv', 'a.idx', saying='holds a zero byte')
        self.fails('score', 'm', '--format', 'png', 'a.csv', saying='--format png: must be auto, csv, npy, idx or '
                   'cifar10', status=2)

    def test_npy_of_three_and_four_dimensions(self):
        for channels in (1, 3):
            images = drawings(20, channels, size=3)
            self.write('a.csv', as_csv(images))
            self.train('-q', 'a.csv', 'm')
            expected = self.scores('m', 'a.csv')
            shapes = [f'(20, {channels}, 3, 3)'] + ['(20, 3, 3)'] * (channels == 1)
            for shape in shapes:
                self.write('a.npy', npy(flat(images), shape=shape))
                self.assertEqual(self.scores('m', 'a.npy'), expected)


class Labels(Case):
    """Of rows of columns: --labels is not about images."""

    def setUp(self):
        super().setUp()
        self.rows, self.labels = flat(drawings(30, size=3)), [i % 3 for i in range(30)]
        self.write('a.idx', idx(self.rows))
        self.write('labels', idx(self.labels))
        self.write('a.csv', csv_text([[str(v) for v in row] + [str(label)]
                                      for row, label in zip(self.rows, self.labels)], None))
        self.train('-q', '--label', 'last', '--normal', '1,2', 'a.csv', 'm')

    def evaluate(self, *arguments):
        return self.run_program('eval', '--json', 'm', *arguments).stdout

    def test_they_mean_what_a_column_means(self):
        expected = self.evaluate('a.csv', '--label', 'last', '--anomaly', '0')
        self.write('labels.gz', gzip.compress(idx(self.labels)))
        self.write('wide', idx(self.labels, 0x0c, 'i'))
        self.write('labels.npy', npy([[label] for label in self.labels], '<i8', 'q', shape='(30,)'))
        self.write('labels.csv', 'truth\n' + ''.join(f'{label}\n' for label in self.labels))
        for labels in ('labels', 'labels.gz', 'wide', 'labels.npy', 'labels.csv'):
            for truth in (['--normal', '1,2'], ['--anomaly', '0']):
                with self.subTest(labels=labels, truth=truth):
                    self.assertEqual(self.evaluate('a.idx', '--labels', labels, *truth), expected)
                    self.train('-q', 'a.idx', '--labels', labels, *truth, 'n')
                    self.assertEqual(self.read_bytes('n'), self.read_bytes('m'))
        self.assertEqual(self.scores('m', 'a.idx', '--labels', 'labels'), self.scores('m', 'a.idx'))

    def test_words_are_labels_too(self):
        words = ['ok', 'worn', 'torn']
        self.write('words', ''.join(words[label] + '\n' for label in self.labels))
        done = self.evaluate('a.idx', '--header', 'no', '--labels', 'words', '--normal', 'worn,torn')
        self.assertEqual(done, self.evaluate('a.idx', '--labels', 'labels', '--anomaly', '0'))

    def test_one_file_for_all_or_one_for_each(self):
        self.write('one.idx', idx(self.rows[:12]))
        self.write('two.idx', idx(self.rows[12:]))
        self.write('one.labels', idx(self.labels[:12]))
        self.write('two.labels', idx(self.labels[12:]))
        expected = self.evaluate('a.idx', '--labels', 'labels', '--anomaly', '0')
        for labels in (['labels'], ['one.labels,two.labels'], ['one.labels', '--labels', 'two.labels']):
            self.assertEqual(self.evaluate('one.idx', 'two.idx', '--anomaly', '0', '--labels', *labels), expected)
        for labels, saying in (('two.labels,one.labels', 'two.labels: has 18 labels, where one.idx has 12 rows'),
                               ('one.labels,one.labels', 'one.labels: has 12 labels, where two.idx has 18 rows'),
                               ('one.labels', 'one.labels: has 12 labels, where the input has 30 rows')):
            self.fails('score', 'm', 'one.idx', 'two.idx', '--labels', labels, saying=saying)
        self.fails('score', 'm', 'one.idx', 'two.idx', 'two.idx', '--labels', 'one.labels,two.labels', status=2,
                   saying='2 files of labels for 3 input files')

    def test_another_length_is_an_error_that_says_both(self):
        for n in (29, 31, 60):
            self.write('other', idx((self.labels * 2)[:n]))
            saying = f'other: has {n} labels, where a.idx has 30 rows'
            with self.subTest(n=n):
                self.fails('train', 'a.idx', '--labels', 'other', '--normal', '1', '-o', 'x', saying=saying)
                self.fails('eval', 'm', 'a.idx', '--labels', 'other', '--normal', '1', saying=saying)
                for command in ('score', 'explain'):
                    self.fails(command, 'm', 'a.idx', '--labels', 'other', saying=saying)

    def test_wrong_labels_are_refused(self):
        self.write('nan', idx([0., 1., float('nan')] * 10, 0x0d, 'f'))
        self.write('words', 'truth\n' + 'ok\n' * 4 + 'NA\n' + 'ok\n' * 25)
        for labels, saying in (('a.idx', 'a.idx: has 9 columns, where a file of labels has one'),
                               ('absent', 'absent: cannot open'), ('nan', 'nan: row 3, column 1: the label is missing'),
                               ('words', 'words:6: column 1 (truth): the label is missing')):
            self.fails('eval', 'm', 'a.idx', '--labels', labels, '--anomaly', '1', saying=saying)
        for arguments, saying in ((['--label', '1', '--labels', 'labels', '--anomaly', '1'], 'exclude each other'),
                                  (['--labels', 'labels'], 'to know the truth'),
                                  (['--anomaly', '1'], 'or --labels FILE')):
            self.fails('eval', 'm', 'a.idx', *arguments, saying=saying, status=2)
        self.fails('eval', 'm', '-', '--labels', '-', '--anomaly', '1', saying='holds the rows already', status=2)
        self.fails('train', 'a.idx', '--labels', 'labels', '-o', 'x', saying='--labels needs --normal', status=2)
        for command in ('score', 'explain'):
            self.fails(command, 'm', 'a.idx', '--labels', 'labels', '-o', 'labels', saying='both input and output',
                       status=2)
        self.fails('train', 'a.idx', '--labels', 'labels', '--normal', '1', '-o', 'labels', status=2,
                   saying='labels is both input and output')
        done = self.run_program('eval', 'm', 'a.idx', '--labels', 'labels', '--anomaly', '7')
        self.assertIn("no row has the label '7' (--anomaly); the labels are: 0, 1, 2\n", done.stderr)

    def test_labels_are_carried_through(self):
        rows = self.scores('m', 'a.idx', '--labels', 'labels', '--keep', 'label')
        self.assertEqual([row.pop('label') for row in rows], [str(label) for label in self.labels])
        self.assertEqual(rows, self.scores('m', 'a.idx'))
        self.fails('score', 'm', 'a.idx', '--keep', 'label', saying="has no column 'label' (--keep)")

    def test_cifar_brings_its_own(self):
        images, labels = drawings(12, 3, 32), [i % 4 for i in range(12)]
        self.write('test_batch.bin', cifar(images, labels))
        self.write('b.csv', csv_text([[str(v) for v in row] + [str(label)] for row, label in zip(flat(images), labels)],
                                     None))
        given = ['-q', '--encoder', '4', '--set', 'channel_scaling=no']
        self.train(*given, 'test_batch.bin', '--anomaly', '3', 'n')
        self.train(*given, 'b.csv', '--label', 'last', '--anomaly', '3', 'o')
        self.assertEqual(self.run_program('eval', 'n', 'test_batch.bin', '--normal', '0,1,2').stdout,
                         self.run_program('eval', 'o', 'b.csv', '--label', 'last', '--normal', '0,1,2').stdout)
        rows = self.scores('n', 'test_batch.bin', '--keep', 'label')
        self.assertEqual([row['label'] for row in rows], [str(label) for label in labels])
        self.fails('eval', 'n', 'test_batch.bin', '--labels', 'labels', '--anomaly', '3',
                   saying='test_batch.bin: has labels of its own; leave out --labels')
        self.write('c.csv', csv_text([row[:-1] for row in [line.split(',') for line in self.read('b.csv').split()]],
                                     None))
        self.fails('eval', 'n', 'test_batch.bin', 'c.csv', '--anomaly', '3',
                   saying='c.csv: has no labels for --normal and --anomaly')


if __name__ == '__main__':
    unittest.main()
