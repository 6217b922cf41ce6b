# SPDX-License-Identifier: BSD-2-Clause
"""Images: files that hold them, their labels, convolutional models, and pictures of what was found."""
import csv
import gzip
import io
import json
import os
import random
import unittest

from cli import Case, cifar, csv_text, idx, npy, png_pixels, shape_of

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


def noise(n, size, seed):
    source = random.Random(seed)
    return [[[[60 + source.randrange(20) for _ in range(size)] for _ in range(size)]] for _ in range(n)]


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
            'size': (idx([image[0] for image in drawings(3, size=5)]), 'has 25 columns, where the model wants 16\n'),
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
        self.fails('score', 'm', 'batch.bin', saying='batch.bin: is no CSV text, but as long as 8 images of CIFAR-10; '
                   'if that is what it holds, --format cifar10')
        self.write('longer.bin', self.content + b'\0')
        self.assertNotIn('CIFAR', self.fails('score', 'm', 'longer.bin', saying='longer.bin').stderr)
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
        self.fails('train', 'a.csv', '--labels', 'labels', '--normal', '1', '-o', 'x', '--rest', 'r', status=2,
                   saying='--rest and --labels exclude each other')
        self.fails('train', 'a.idx', '-o', 'x', '--rest', 'r', saying='writes lines of CSV files, and this is IDX')
        for command in ('score', 'explain'):
            self.fails(command, 'm', 'a.idx', '--labels', 'labels', '-o', 'labels', saying='both input and output',
                       status=2)
        self.fails('train', 'a.idx', '--labels', 'labels', '--normal', '1', '-o', 'labels', status=2,
                   saying='labels is both input and output')
        done = self.run_program('eval', 'm', 'a.idx', '--labels', 'labels', '--anomaly', '7')
        self.assertIn("no row has the label '7' (--anomaly); the labels are: 0, 1, 2\n", done.stderr)
        words = ['worn', '10', '9', 'ok']
        self.write('mixed', ''.join(words[i % 4] + '\n' for i in range(30)))
        done = self.run_program('eval', 'm', 'a.idx', '--header', 'no', '--labels', 'mixed', '--anomaly', 'torn')
        self.assertIn("no row has the label 'torn' (--anomaly); the labels are: 9, 10, ok, worn\n", done.stderr)

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
        given = ['-q', '--encoder', '4', '--image', 'none']
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


class Training(Case):
    @classmethod
    def setUpClass(cls):
        cls.images = drawings(40, channels=3, size=32)
        cls.labels = [i % 4 for i in range(40)]

    def write_all(self, images, labels):
        """The same images in every format; the arguments that make each of them images."""
        channels, height = len(images[0]), len(images[0][0])
        size = f'{channels},{height},{height}'
        self.write('a.idx', idx(images))
        self.write('a.npy', npy(flat(images), '|u1', 'B', shape=f'({len(images)}, {channels}, {height}, {height})'))
        self.write('rows.npy', npy(flat(images)))
        self.write('a.csv', as_csv(images))
        self.write('rows.idx', idx(flat(images)))
        names = [f'pixel{i}' for i in range(len(flat(images[:1])[0]))]
        self.write('named.csv', as_csv(images, names))
        files = {'a.idx': [], 'a.npy': [], 'rows.npy': ['--image', size], 'a.csv': ['--image', size],
                 'rows.idx': ['--image', size], 'named.csv': ['--image', size]}
        if size == '3,32,32':
            self.write('test_batch.bin', cifar(images, labels))
            files['test_batch.bin'] = []
        return files

    def info(self, model):
        return json.loads(self.run_program('info', '--json', model).stdout)

    def test_all_formats_train_and_score_alike(self):
        files = self.write_all(self.images, self.labels)
        given = ['-q', '--epochs', '2', '--conv', '2x3/4,3x3/2', '--encoder', '3']
        self.train(*given, 'a.idx', 'm')
        expected = self.scores('m', 'a.idx')
        self.assertEqual(len({row['score'] for row in expected}), 40)
        for file, options in files.items():
            with self.subTest(file=file):
                self.assertEqual(self.scores('m', file), expected)
                self.train(*given, *options, file, 'n')
                self.assertEqual(self.scores('n', 'a.idx'), expected)
                if file != 'named.csv':
                    self.assertEqual(self.read_bytes('n'), self.read_bytes('m'))
        self.assertEqual(self.info('n')['image'], self.info('m')['image'])

    def test_the_size_comes_from_the_file_or_the_option(self):
        self.write_all(drawings(20, size=6), None)
        self.assertIn('rows are images of 1,6,6', self.train('a.idx', 'm').stderr)
        self.train('--image', '1,6,6', 'a.idx', 'n')
        self.assertEqual(self.read_bytes('m'), self.read_bytes('n'))
        self.assertEqual(self.info('m')['image']['size'], [1, 6, 6])
        for file in ('a.csv', 'rows.npy', 'rows.idx'):
            self.train('-q', file, 'dense')
            self.assertIsNone(self.info('dense')['image'])
        self.train('-q', '--image', 'none', 'a.idx', 'n')
        self.assertEqual(self.read_bytes('dense'), self.read_bytes('n'))
        self.assertEqual(self.scores('dense', 'a.idx'), self.scores('dense', 'a.csv'))
        self.train('-q', '--image', '4,3,3', 'rows.npy', 'other')
        self.assertEqual(self.info('other')['image']['size'], [4, 3, 3])

    def test_layers_reach_the_model(self):
        self.write_all(drawings(20, size=12), None)
        self.train('-q', 'a.idx', 'm')
        self.assertEqual([layer['layer'] for layer in self.info('m')['image']['encoder']], ['16x3/2', '32x3/2'])
        self.assertEqual(self.info('m')['code_size'], 32)
        self.assertRegex(self.run_program('info', 'm').stdout, r'(?m)^decoder +none$')
        for arguments in ([], ['--history']):
            keys = list(json.loads(self.run_program('info', '--json', *arguments, 'm').stdout))
            self.assertEqual(keys[-1], 'columns')
        self.train('-q', '--conv', '4x3,norm2,max2,4x5p0,avg2/1,norm', '--encoder', '9,2', '--deconv',
                   '3t2/2p0,norm3,up2,up3,2x3,1x1', 'a.idx', 'm')
        image = self.info('m')['image']
        self.assertEqual(list(image), ['size', 'encoder', 'decoder'])
        self.assertEqual([(layer['layer'], *layer['map']) for layer in image['encoder']],
                         [('4x3', 4, 12, 12), ('norm2', 4, 12, 12), ('max2', 4, 6, 6), ('4x5p0', 4, 2, 2),
                          ('avg2/1', 4, 1, 1), ('norm1', 4, 1, 1)])
        self.assertEqual([layer['layer'] for layer in image['decoder']], ['3t2/2', 'norm3', 'up2', 'up3', '2x3',
                                                                     '1x1'])
        self.assertEqual(self.info('m')['layers']['encoder'], [9, 2])
        text = self.run_program('info', 'm').stdout
        self.assertIn('image                 1,12,12 (channels,height,width)\n', text)
        self.assertRegex(text, r'(?m)^conv +4x3 +to 4,12,12\n +norm2 +to 4,12,12\n')
        self.assertRegex(text, r'(?m)^deconv +3t2/2 +to 3,2,2')
        self.assertNotIn('numeric', text)
        self.train('-q', '--conv', ','.join(layer['layer'] for layer in image['encoder']), '--encoder', '9,2',
                   '--deconv', ','.join(layer['layer'] for layer in image['decoder']), 'a.idx', 'again')
        self.assertEqual(self.read_bytes('again'), self.read_bytes('m'))

    def test_labels_choose_the_images(self):
        self.write_all(self.images, self.labels)
        self.write('labels', idx(self.labels))
        normal = [image for image, label in zip(self.images, self.labels) if label == 1]
        self.write('normal.idx', idx(normal))
        given = ['-q', '--conv', '2x3/4', '--encoder', '3']
        self.train(*given, 'normal.idx', 'expected')
        for arguments in (['a.idx', '--labels', 'labels'], ['test_batch.bin']):
            self.train(*given, *arguments, '--normal', '1', 'm')
            self.assertEqual(self.read_bytes('m'), self.read_bytes('expected'))

    def test_a_label_column_beside_the_image(self):
        images = drawings(30, size=4)
        rows = [[str(i % 3)] + [str(value) for value in row] for i, row in enumerate(flat(images))]
        self.write('a.csv', csv_text(rows, None))
        self.train('-q', '--image', '1,4,4', '--label', '1', '--normal', '0,1', 'a.csv', 'm')
        self.assertEqual(len(self.scores('m', '--label', '1', 'a.csv')), 30)
        self.fails('train', '--image', '1,4,4', 'a.csv', '-o', 'x',
                   saying='a.csv: has 17 columns, and images of 1,4,4 (channels,height,width) have 16; --label and '
                   '--drop name columns to leave out')

    def test_wrong_sizes_are_refused(self):
        images = drawings(20, size=6)
        self.write_all(images, None)
        self.train('-q', 'a.idx', 'm')
        cases = [
            (['a.csv', '--image', '1,6,5'], 1, 'a.csv: has 36 columns, and images of 1,6,5 (channels,height,width) '
             'have 30; --label and --drop name columns to leave out, or check --image'),
            (['a.csv', '--image', '1,6,7'], 1, 'a.csv: has 36 columns, and images of 1,6,7 (channels,height,width) '
             'have 42; check --image'),
            (['labels', '--image', '1,6,6'], 1, 'have 36; labels go to --labels FILE, or check --image'),
            (['a.csv', 'labels'], 1, 'labels: has 1 column, where the files before have 36; labels go to --labels '
             'FILE'),
            (['a.csv', 'rows25.npy'], 1, 'rows25.npy: has 25 columns, where the files before have 36\n'),
            (['a.idx', '--image', '1,6,5'], 1, 'a.idx: its images are 1,6,6 (channels,height,width), --image says '
             '1,6,5; check --image'),
            (['a.npy', '--image', '4,3,3'], 1, 'a.npy: its images are 1,6,6 (channels,height,width), --image says '
             '4,3,3; check --image, or save a.reshape(-1, 4, 3, 3)'),
            (['last.npy', '--image', '1,6,6'], 1, 'last.npy: its images are 6,6,1 (channels,height,width), --image '
             'says 1,6,6; check --image, or save a.transpose(0, 3, 1, 2)'),
            (['a.idx', '--drop', '1'], 1, 'a.idx: has 35 columns, and images of 1,6,6 (channels,height,width) have 36; '
             '--label and --drop are not for images, whose labels go to --labels FILE\n'),
            (['a.idx', 'b.idx'], 1, 'b.idx: its images are 1,5,5 (channels,height,width), those before are 1,6,6'),
            (['a.csv', '--image', '6,6'], 2, '--image 6,6: must be CHANNELS,HEIGHT,WIDTH, such as 1,28,28, or none'),
            (['a.csv', '--image', '1,6,6,1'], 2, 'must be CHANNELS,HEIGHT,WIDTH'),
            (['a.csv', '--image', '1,6,x'], 2, 'must be CHANNELS,HEIGHT,WIDTH'),
            (['a.csv', '--image', '1,-6,6'], 2, 'must be CHANNELS,HEIGHT,WIDTH'),
            (['a.csv', '--image', '0,6,6'], 2, '--image 0,6,6: the sizes must be at least 1'),
            (['a.csv', '--image', '9999,9999,9999'], 2, 'and their product at most 16777216'),
            (['a.csv', '--conv', '4x3'], 1, 'a.csv: --conv is for images; give their size by --image'),
            (['a.csv', '--deconv', '1x3'], 1, 'a.csv: --deconv is for images; give their size by --image'),
            (['a.idx', '--image', 'none', '--conv', '4x3'], 2, '--image none: without images there is nothing'),
            (['a.csv', '--image', '1,6,6', '--categorical', '1'], 2, 'all columns of an image are numeric'),
            (['a.idx', '--categorical', '1'], 1, 'all columns of an image are numeric'),
            (['a.idx', '--set', 'missing=impute', '--set', 'missing_indicator=1'], 1, 'missing_indicator'),
            (['word.csv', '--image', '1,1,2'], 1, "word.csv:2: column 2: expected a number, like all values of an "
             "image, found 'x'"),
            (['gap.csv', '--image', '1,1,2'], 1, 'gap.csv:2: column 1: the value is missing; --set missing=impute'),
            (['huge.csv', '--image', '1,1,2'], 1, 'huge.csv:1: column 1: expected a finite number'),
        ]
        self.write('b.idx', idx(drawings(20, size=5)))
        self.write('labels', idx([i % 3 for i in range(20)]))
        self.write('last.npy', npy(flat(images), shape='(20, 6, 6, 1)'))
        self.write('rows25.npy', npy([[1] * 25] * 20))
        self.write('word.csv', '1,2\n2,x\n')
        self.write('gap.csv', '1,2\n,3\n')
        self.write('huge.csv', 'inf,2\n1,3\n')
        for arguments, status, saying in cases:
            with self.subTest(arguments=arguments):
                self.fails('train', '-o', 'x', *arguments, saying=saying, status=status)
        self.assertFalse(os.path.exists(self.path('x')))
        self.write('rows25.npy', npy([[1] * 25]))
        for command in ('score', 'explain'):
            self.fails(command, 'm', 'b.idx', saying="b.idx: its images are 1,5,5 (channels,height,width), the "
                       "model's are 1,6,6")
            self.fails(command, 'm', 'rows25.npy', saying='rows25.npy: has 25 columns, where the model wants 36')
        self.write('wide.idx', idx([[[0] * 36]] * 3))
        self.fails('score', 'm', 'wide.idx', saying="wide.idx: its images are 1,1,36 (channels,height,width), the "
                   "model's are 1,6,6")

    def test_wrong_layers_are_refused(self):
        self.write('a.idx', idx(drawings(20, size=6)))
        usage, bad = 2, 1
        convolution = 'a convolution is FILTERSxKERNEL or FILTERSxKERNEL/STRIDE, such as 16x3/2'
        for option, value, status, saying in (
                ('--conv', '16x3/0', usage, "--conv 16x3/0: layer 1, '16x3/0': the stride must be a number from 1"),
                ('--conv', '8x3,16x0', usage, "layer 2, '16x0': the kernel must be a number from 1"),
                ('--conv', '0x3', usage, "'0x3': the number of filters must be a number from 1"),
                ('--conv', '70000x3', usage, 'the number of filters must be a number from 1 to 65536'),
                ('--conv', '99999999999999999999999x3', usage, 'the number of filters must be a number'),
                ('--conv', '16', usage, f"'16': {convolution}"),
                ('--conv', '16,3', usage, f"'16': {convolution}"),
                ('--conv', '16*3', usage, f"'16*3': {convolution}"),
                ('--conv', '16x', usage, 'the kernel must be'),
                ('--conv', '16x3/', usage, 'the stride must be'),
                ('--conv', '16x-3', usage, f"'16x-3': {convolution}"),
                ('--conv', '16x3p', usage, 'the padding must be a number from 0'),
                ('--conv', '16x256', usage, 'the kernel must be a number from 1 to 255'),
                ('--conv', '16x3/256', usage, 'the stride must be a number from 1 to 255'),
                ('--conv', '16x9p3/4', usage, 'the stride stands in front of the padding: 16x9/4p3'),
                ('--conv', 'max2x2', usage, "'x2' at its end means nothing here; layers are 16x3, 16x3/2 or 16x3/2p1"),
                ('--conv', '2x3' + 's' * 32, usage, f"'{'s' * 32}' at its end"),
                ('--conv', '2x3' + 's' * 50, usage, f"'{'s' * 32}' at its end"),
                ('--conv', 'norm,', usage, 'max2 or max3/2, avg2 or avg3/2 (pools: kernel, stride), norm or norm4'),
                ('--conv', '16x3s2', usage, "'s2' at its end means nothing here"),
                ('--conv', '16x3,', usage, "layer 2, '': there is no such layer; layers are 16x3, 16x3/2 or "
                 '16x3/2p1 (convolution'),
                ('--conv', '', usage, "layer 1, '': there is no such layer"),
                ('--conv', 'min2', usage, "'min2': there is no such layer"),
                ('--conv', 'max', usage, 'the kernel must be'),
                ('--conv', 'max2/0', usage, 'the stride must be'),
                ('--conv', 'norm0', usage, 'the number of groups must be'),
                ('--conv', '16t3', usage, "'16t3': such layers belong to --deconv"),
                ('--conv', 'up2', usage, 'such layers belong to --deconv'),
                ('--deconv', 'max2', usage, "--deconv max2: layer 1, 'max2': such layers belong to --conv"),
                ('--deconv', 'x', usage, 'layers are 16t3, 16t3/2 or 16t3/2p1 (transposed convolution'),
                ('--conv', ','.join(['2x1'] * 33), usage, 'has more than 32 layers'),
                ('--conv', '4x7', bad, 'a kernel of 7 is larger than its input of 6 x 6 (height x width)'),
                ('--conv', 'max2,4x4', bad, 'image layer 2 of the encoder: a kernel of 4 is larger than its input of '
                 '3 x 3'),
                ('--conv', '4x3p3', bad, 'a padding of 3 is not within 0 to 2'),
                ('--conv', '4x3,norm3', bad, '3 groups do not divide 4 channels'),
                ('--deconv', '1t3/2', bad, 'the image layers of the decoder end at 1 x '),
                ('--deconv', 'up2,4x3', bad, 'the image layers of the decoder end at 4 x ')):
            with self.subTest(option=option, value=value):
                done = self.fails('train', 'a.idx', '-o', 'x', option, value, saying=saying, status=status)
                self.assertNotIn('rows read', done.stderr)
                self.assertIn(option, done.stderr)
        self.assertFalse(os.path.exists(self.path('x')))

    def test_what_does_not_fit_is_told_with_its_option(self):
        self.write('a.idx', idx(drawings(20, size=6)))
        for arguments, saying in ((['--conv', '4x7'], '--conv: its layers do not fit images of 1,6,6'),
                                  (['--conv', '4x3', '--deconv', '4x3'], '--deconv: its layers do not fit images of')):
            self.fails('train', 'a.idx', '-o', 'x', *arguments, saying=saying)
        self.train('-q', '--conv', '2x3, max2', '--deconv', 'up2,  1x3', 'a.idx', 'm')
        self.assertEqual([layer['layer'] for layer in self.info('m')['image']['encoder']], ['2x3', 'max2'])
        done = self.fails('train', 'a.idx', '-o', 'x', '--set', 'missing=impute', '--set', 'missing_indicator=1',
                          saying='missing_indicator')
        self.assertNotIn('layers', done.stderr)
        self.write('a.csv', csv_text([[str(i % 5), str(i % 3)] for i in range(20)], None))
        done = self.fails('train', 'a.csv', '-o', 'x', '--set', 'noise=block', saying='a.csv: --set noise=block is for '
                          'images; give their size by --image CHANNELS,HEIGHT,WIDTH')
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.fails('train', 'a.idx', '-o', 'x', '--set', 'noise=block', '--image', 'none',
                   saying='--image none: without images there is nothing for --set noise=block to do')

    def test_channels_that_come_last_are_pointed_out(self):
        self.write('a.npy', npy([[i % 7] * 75 for i in range(20)], shape='(20, 5, 5, 3)'))
        done = self.train('a.npy', 'm')
        self.assertIn('a.npy: has 5 channels of 5 x 3 pixels; if its last dimension is that of the channels, save '
                      'a.transpose(0, 3, 1, 2)', done.stderr)
        self.write('a.npy', npy([[i % 7] * 75 for i in range(20)], shape='(20, 3, 5, 5)'))
        self.assertNotIn('transpose', self.train('a.npy', 'm').stderr)

    def test_gaps_in_images_can_be_filled_in(self):
        rows = [[str(value) for value in row] for row in flat(drawings(30, size=4))]
        rows[3][5] = ''
        self.write('a.csv', csv_text(rows, None))
        self.train('-q', '--image', '1,4,4', '--set', 'missing=impute', 'a.csv', 'm')
        self.assertEqual(len(self.scores('m', 'a.csv')), 30)

    def test_an_npy_file_may_hold_the_channels_of_signals(self):
        rows = flat(drawings(30, channels=2, size=4))
        for name, shape in (('flat', '(30, 32)'), ('three', '(30, 2, 16)'), ('four', '(30, 2, 1, 16)')):
            self.write(f'{name}.npy', npy(rows, shape=shape))
            self.train('-q', '--image', '2,1,16', '--conv', '4x5/2', '--encoder', '3', f'{name}.npy', name)
            self.assertEqual(self.read_bytes(name), self.read_bytes('flat'))
            self.assertEqual(self.scores('flat', f'{name}.npy'), self.scores('flat', 'flat.npy'))
        self.write('turned.npy', npy(rows, shape='(30, 16, 2)'))
        self.fails('score', 'flat', 'turned.npy', saying="its images are 1,16,2 (channels,height,width), the model's "
                   'are 2,1,16; save a.reshape(-1, 1, 16, 2).transpose(0, 3, 1, 2)')

    def test_a_signal_is_an_image_of_height_1(self):
        rows = flat(drawings(30, size=4))
        self.write('a.npy', npy(rows))
        self.train('-q', '--image', '1,1,16', '--conv', '4x5/2,4x3/2', '--encoder', '3', 'a.npy', 'm')
        self.assertEqual([layer['map'] for layer in self.info('m')['image']['encoder']], [[4, 1, 8], [4, 1, 4]])
        self.assertEqual(len(self.scores('m', 'a.npy')), 30)


class Pictures(Case):
    GAP = 4

    def setUp(self):
        super().setUp()
        self.write('a.idx', idx(noise(60, 8, 1)))
        self.train('-q', '--conv', '4x3/2', '--encoder', '4', '--set', 'learning_rate=0.01', 'a.idx', 'm')
        self.tampered = noise(20, 8, 2)
        for y in (1, 2):
            for x in (5, 6):
                self.tampered[13][0][y][x] = 255
        self.write('b.idx', idx(self.tampered))

    def panels(self, path, height, width):
        """The three panels as (height, width) of (red, green, blue), having checked that values are enlarged."""
        lines = png_pixels(self.read_bytes(path))
        stacked = 1 in (height, width)
        rows, columns = (1, height * width) if stacked else (height, width)
        scale = min(256 // rows, 1024 // columns) or 1
        down = 64 if stacked else scale
        step = (rows * down + self.GAP, 0) if stacked else (0, columns * scale + self.GAP)
        self.assertEqual((len(lines), len(lines[0])),
                         (rows * down + 2 * step[0], columns * scale + 2 * step[1]))
        found = []
        for panel in range(3):
            top, left = panel * step[0], panel * step[1]
            part = [line[left:left + columns * scale] for line in lines[top:top + rows * down]]
            small = [line[::scale] for line in part[::down]]
            self.assertEqual(part, [[colour for colour in small[y // down] for _ in range(scale)]
                                    for y in range(rows * down)])
            if panel < 2 and stacked:
                self.assertEqual(lines[top + down:top + step[0]], [[(255, 255, 255)] * columns * scale] * self.GAP)
            elif panel < 2:
                self.assertTrue(all(line[left + columns * scale:left + step[1]] == [(255, 255, 255)] * self.GAP
                                    for line in lines))
            found.append(small)
        return found

    def shade(self, value, drawn):
        """How a value is shown where these rows are drawn."""
        low, high = min(map(min, drawn)), max(map(max, drawn))
        if low >= 0 and 127 < high <= 255:
            low, high = 0, 255
        elif low >= 0 and 0.5 < high <= 1:
            low, high = 0, 1
        return min(max((value - low) / ((high - low) or 1), 0), 1) * 255

    def explain(self, *arguments):
        return list(csv.DictReader(io.StringIO(self.run_program('explain', *arguments).stdout)))

    def pixel(self, cell):
        channel, y, x = (int(part) for part in cell['column'].split(':'))
        self.assertEqual(channel, 1)
        return (y - 1) * 8 + x - 1

    def test_columns_of_images_are_shown_by_channel_row_and_column(self):
        image = [[[10] * 4 for _ in range(3)] for _ in range(2)]
        self.write('c.npy', npy(flat([image] * 30), shape='(30, 2, 3, 4)'))
        self.train('-q', '--conv', '2x1', '--encoder', '2', 'c.npy', 'c')
        cells = self.explain('c', 'c.npy', '--top', '99')[:24]
        self.assertEqual(sorted(cell['column'] for cell in cells),
                         [f'{c}:{y}:{x}' for c in (1, 2) for y in (1, 2, 3) for x in (1, 2, 3, 4)])
        image[1][1][3] = 9999
        self.write('d.npy', npy(flat([image]), shape='(1, 2, 3, 4)'))
        cells = {cell['column']: cell['value'] for cell in self.explain('c', 'd.npy', '--top', '99')}
        self.assertEqual((cells['2:2:4'], cells['1:2:4']), ('9999', '10'))
        self.write('d.csv', as_csv([image], [f'pixel{i}' for i in range(24)]))
        self.train('-q', '--image', '2,3,4', '--conv', '2x1', '--encoder', '2', '-', 'n',
                   stdin=as_csv([image] * 30, [f'pixel{i}' for i in range(24)]))
        self.assertIn('pixel19', [cell['column'] for cell in self.explain('n', 'd.csv', '--top', '99')])

    def test_a_picture_shows_input_reconstruction_and_where_it_was_tampered_with(self):
        listed = self.explain('m', 'b.idx', '--png', 'out')
        self.assertEqual([int(row['rank']) for row in listed], list(range(1, 11)))
        self.assertEqual((listed[0]['row'], listed[0]['picture']), ('14', 'out/001-row14.png'))
        self.assertEqual(sorted(os.listdir(self.path('out'))), sorted(row['picture'][4:] for row in listed))
        scores = sorted(((float(row['score']), -int(row['row'])) for row in self.scores('m', 'b.idx')), reverse=True)
        self.assertEqual([(float(row['score']), -int(row['row'])) for row in listed], scores[:10])
        columns = self.explain('m', 'b.idx', '--top', '64')
        for row in listed:
            found, rebuilt, heat = self.panels(row['picture'], 8, 8)
            image = self.tampered[int(row['row']) - 1][0]
            self.assertEqual(found, [[(value,) * 3 for value in line] for line in image])
            cells = {self.pixel(cell): cell for cell in columns if cell['row'] == row['row']}
            self.assertEqual(sorted(cells), list(range(64)))
            largest = max(float(cell['share']) for cell in cells.values())
            for pixel, cell in cells.items():
                expected = min(max(float(cell['expected']), 0), 255)
                red, green, blue = heat[pixel // 8][pixel % 8]
                self.assertEqual(len(set(rebuilt[pixel // 8][pixel % 8])), 1)
                self.assertAlmostEqual(rebuilt[pixel // 8][pixel % 8][0], expected, delta=0.501)
                self.assertAlmostEqual((red + green + blue) / 765, float(cell['share']) / largest, delta=0.005)
                self.assertTrue(green in (0, red) or red == 255 and (blue == 0 or green == 255))
        _, _, heat = self.panels(listed[0]['picture'], 8, 8)
        brightest = sorted(((sum(heat[y][x]), y, x) for y in range(8) for x in range(8)), reverse=True)[:4]
        self.assertEqual({place[1:] for place in brightest}, {(1, 5), (1, 6), (2, 5), (2, 6)})
        self.assertEqual(brightest[0][0], 765)

    def test_colours_and_other_channels(self):
        for channels in (2, 3):
            images = drawings(30, channels, 6)
            self.write('c.idx', idx(images))
            self.train('-q', '--conv', '4x3', '--encoder', '4', 'c.idx', 'c')
            listed = self.explain('c', 'c.idx', '--png', f'out{channels}', '--top-rows', '3')
            drawn = [flat(images)[int(row['row']) - 1] for row in listed]
            for row in listed:
                image = images[int(row['row']) - 1]
                found, rebuilt, _ = self.panels(row['picture'], 6, 6)
                for y in range(6):
                    for x in range(6):
                        values = [image[c][y][x] for c in range(channels)]
                        if channels == 3:
                            for shown, value in zip(found[y][x], values):
                                self.assertAlmostEqual(shown, self.shade(value, drawn), delta=0.501)
                            continue
                        self.assertAlmostEqual(found[y][x][0], self.shade(sum(values) / 2, drawn), delta=0.501)
                        self.assertEqual((len(set(found[y][x])), len(set(rebuilt[y][x]))), (1, 1))

    def test_scales(self):
        """What is usual for images keeps its scale where it is filled; else it is that of the rows drawn."""
        dark = flat(drawings(30, size=4))
        for name, change, low, high in (('shares', lambda v: v / 128, 0, 1), ('dim', lambda v: v / 256, None, None),
                                        ('bytes', lambda v: v * 2, 0, 255), ('low', lambda v: v / 9, None, None),
                                        ('signed', lambda v: v - 60, None, None),
                                        ('large', lambda v: v * 100, None, None), ('flat', lambda v: -3, -3, -2)):
            with self.subTest(name=name):
                rows = [[float(change(value)) for value in row] for row in dark]
                self.write('s.npy', npy(rows))
                self.train('-q', '--image', '1,4,4', '--conv', '4x3', '--encoder', '4', 's.npy', 's')
                listed = self.explain('s', 's.npy', '--png', name, '--top-rows', '2')
                drawn = [rows[int(row['row']) - 1] for row in listed]
                black, white = (min(map(min, drawn)), max(map(max, drawn))) if low is None else (low, high)
                for row, values in zip(listed, drawn):
                    found, _, _ = self.panels(row['picture'], 4, 4)
                    for pixel, value in enumerate(values):
                        self.assertAlmostEqual(found[pixel // 4][pixel % 4][0],
                                               (value - black) / (white - black) * 255, delta=0.51)

    def test_the_number_of_rows_and_their_choice(self):
        self.write('b.csv', as_csv(self.tampered))
        self.assertEqual(len(self.explain('m', 'b.idx', '--png', 'one', '--top-rows', '1')), 1)
        self.assertEqual(os.listdir(self.path('one')), ['001-row14.png'])
        listed = self.explain('m', 'a.idx', 'b.csv', '--png', 'all', '--top-rows', '1000')
        self.assertEqual((len(listed), listed[0]['picture']), (80, 'all/001-row74.png'))
        self.assertEqual(len(os.listdir(self.path('all'))), 80)
        flagged = [row['row'] for row in self.scores('m', 'b.idx') if row['anomaly'] == '1']
        listed = self.explain('m', 'b.idx', '--png', 'flagged', '--flagged', '--top-rows', '20')
        self.assertEqual(sorted(row['row'] for row in listed), sorted(flagged))
        self.assertEqual(self.explain('m', 'b.idx', '--png', 'flagged', '--flagged', '--threshold', '1e9'), [])
        images = [self.tampered[3]] * 15
        self.write('same.idx', idx(images))
        listed = self.explain('m', 'same.idx', '--png', 'same', '--top-rows', '4')
        self.assertEqual([row['row'] for row in listed], ['1', '2', '3', '4'])

    def test_an_output_holds_the_list_of_pictures(self):
        plain = self.run_program('explain', 'm', 'b.idx', '--png', 'out').stdout
        self.assertEqual(plain.split('\n')[0], 'rank,row,score,picture')
        done = self.run_program('explain', 'm', 'b.idx', '--png', 'out', '-o', 'list.csv')
        self.assertEqual((done.stdout, self.read('list.csv')), ('', plain))
        self.assertEqual(self.run_program('explain', 'm', 'b.idx', '--png', 'out', '-o', '-').stdout, plain)
        self.fails('explain', 'm', 'b.idx', '--png', 'out', '--top', '3', status=2,
                   saying='--top is for the table of columns, which --png replaces')

    def test_pictures_of_an_earlier_run_are_replaced_or_pointed_out(self):
        for n in ('2', '12', '12'):
            done = self.run_program('explain', 'm', 'b.idx', '--png', 'out', '--top-rows', n)
            self.assertEqual(done.stderr, '')
        self.write('out/notes.png', 'mine')
        done = self.run_program('explain', 'm', 'b.idx', '--png', 'out', '--top-rows', '11')
        self.assertIn('out: holds 1 picture of an earlier run besides those of this one', done.stderr)
        self.write('out/1-row9.png', 'old')
        done = self.run_program('explain', 'm', 'b.idx', '--png', 'out', '--top-rows', '11')
        self.assertIn('out: holds 2 pictures of an earlier run', done.stderr)

    def test_no_folder_is_made_for_nothing(self):
        self.write('bad.idx', idx(noise(20, 8, 2))[:-1])
        self.fails('explain', 'm', 'bad.idx', '--png', 'out', saying='ends after image 19 of 20')
        self.fails('explain', 'm', 'absent', '--png', 'out', saying='absent: cannot open')
        done = self.run_program('explain', 'm', 'b.idx', '--png', 'out', '--flagged', '--threshold', '1e9')
        self.assertEqual(done.stdout, 'rank,row,score,picture\n')
        self.assertIn('no row reaches the threshold, so nothing is drawn', done.stderr)
        self.assertFalse(os.path.exists(self.path('out')))

    def test_large_images_and_signals(self):
        for size in ('1,1,60', '1,300,2', '2,1,2000', '1,60,1'):
            channels, height, width = (int(part) for part in size.split(','))
            rows = [[(i * j) % 200 for j in range(channels * height * width)] for i in range(12)]
            self.write('l.npy', npy(rows))
            self.train('-q', '--image', size, '--conv', '2x1/2', '--encoder', '2', 'l.npy', 'l')
            row = self.explain('l', 'l.npy', '--png', size, '--top-rows', '1')[0]
            found, _, _ = self.panels(row['picture'], height, width)
            values = rows[int(row['row']) - 1]
            for colour, value in zip([colour for line in found for colour in line], values if channels == 1 else []):
                self.assertAlmostEqual(colour[0], self.shade(value, [values]), delta=0.501)
        self.write('w.npy', npy([[i % 3] * 4097 for i in range(12)]))
        self.train('-q', '--image', '1,1,4097', '--conv', '1x1/9', '--encoder', '2', '--epochs', '1', 'w.npy', 'w')
        self.fails('explain', 'w', 'absent', '--png', 'out', saying='images of 1,1,4097 (channels,height,width) are '
                   'too large to draw: height and width may be up to 4096')

    def test_errors(self):
        self.write('file', 'precious')
        os.mkdir(self.path('full'))
        os.symlink('/dev/full', self.path('full/001-row14.png'))
        self.write('rows.csv', csv_text([['1', '2']] * 9, None))
        self.train('rows.csv', 'dense')
        png = ['m', 'b.idx', '--top-rows', '1', '--png']
        for arguments, status, saying in (
                (['dense', 'rows.csv', '--png', 'out'], 1, '--png: the rows of dense are no images'),
                ([*png, 'absent/a/b/'], 1, 'there is no folder absent/a/ to make it in; make that first'),
                (['m', 'b.idx', '--top-rows', '3'], 2, '--top-rows is for --png DIR'),
                (['m', 'b.idx', '--png', 'out', '--top-rows', '0'], 2, '--top-rows 0: must be a number from 1'),
                ([*png, 'file'], 1, 'cannot write pictures to file: Not a directory'),
                ([*png, 'absent/out'], 1, 'cannot write pictures to absent/out: there is no folder absent/ to make '
                 'it in'),
                ([*png, ''], 1, 'cannot write pictures to '),
                ([*png, 'full'], 1, 'cannot write full/001-row14.png: No space left on device')):
            with self.subTest(arguments=arguments):
                self.fails('explain', *arguments, saying=saying, status=status)
        self.assertEqual(self.read('file'), 'precious')
        self.assertFalse(os.path.exists(self.path('out')))


if __name__ == '__main__':
    unittest.main()
