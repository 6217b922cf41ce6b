# SPDX-License-Identifier: BSD-2-Clause
"""The data sets as arrays, and the features that methods other than ours are given."""

import csv
import dataclasses
import gzip
import pathlib

import numpy as np

import images

FILES = {"thyroid": "thyroid.csv", "arrhythmia": "arrhythmia.csv", "kdd": "kddcup.data_10_percent.gz",
         "kdd-rev": "kddcup.data_10_percent.gz"}
KDD_CATEGORICAL = (1, 2, 3, 6, 11, 13, 14, 20, 21)  # words, and numbers that are codes or flags


IMAGES = ("mnist", "cifar10")
NAMES = (*FILES, *IMAGES)


@dataclasses.dataclass
class Table:
    """Rows (n, columns) of float32, categorical columns as codes, and which of them are anomalies."""

    name: str
    rows: np.ndarray
    is_anomaly: np.ndarray
    levels: dict[int, int]  # categorical column: number of levels
    squash: float           # how many standard deviations out values bend, see Features
    flagged: float          # the share of rows that the protocols dagmm and table1 flag
    image = None

    def numeric(self):
        return [column for column in range(self.rows.shape[1]) if column not in self.levels]


@dataclasses.dataclass
class Images:
    """Images as rows, channel by channel, of the training and the test set; any class can be the normal one."""

    name: str
    image: tuple[int, int, int]  # channels, height, width
    rows: np.ndarray
    labels: np.ndarray
    test_rows: np.ndarray
    test_labels: np.ndarray
    levels = {}


def missing(name, folder):
    """The files that a data set needs and a folder does not hold."""
    if name in IMAGES:
        return images.missing(name, pathlib.Path(folder))
    return [] if (pathlib.Path(folder) / FILES[name]).exists() else [FILES[name]]


def _image_rows(name, pictures):
    """In [0, 1]; photographs are brought to mean 0 and standard deviation 1 each, so that brightness and contrast, which vary more
    than what is shown, do not decide.
    """
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    if name == "cifar10":
        rows -= rows.mean(axis=1, keepdims=True)
        return rows / (rows.std(axis=1, keepdims=True) + 8)  # of 255: flat pictures stay flat
    return rows / 255


def _images(name, folder):
    (train, labels), (test, test_labels) = images.load(name, folder, "train"), images.load(name, folder, "test")
    return Images(name, train.shape[1:], _image_rows(name, train), labels, _image_rows(name, test), test_labels)


def _odds(path, name, squash, flagged):
    table = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)
    return Table(name, np.ascontiguousarray(table[:, :-1]), table[:, -1] == 1, {}, squash, flagged)


def _kdd(path):
    """The rows, whether each is normal traffic, and the number of levels by column."""
    codes = {column: {} for column in KDD_CATEGORICAL}
    cells, is_normal = [], []
    with gzip.open(path, "rt", encoding="ascii", newline="") as file:
        for record in csv.reader(file):
            for column, levels in codes.items():
                record[column] = levels.setdefault(record[column], len(levels))
            cells.append(np.array(record[:41], np.float32))
            is_normal.append(record[41] == "normal.")
    return np.stack(cells), np.array(is_normal), {column: len(levels) for column, levels in codes.items()}


def load(name, folder):
    """A data set by name. Of KDD, where attacks are four fifths, the normal traffic is the anomaly, as in all of the literature; in
    kdd-rev the attacks are, of which protocols.py draws a quarter as many as there is normal traffic.
    """
    if name in IMAGES:
        return _images(name, folder)
    path = pathlib.Path(folder) / FILES[name]
    if name == "thyroid":
        return _odds(path, name, squash=5, flagged=0.025)
    if name == "arrhythmia":
        return _odds(path, name, squash=3, flagged=0.15)
    rows, is_normal, levels = _kdd(path)
    return Table(name, rows, is_normal if name == "kdd" else ~is_normal, levels, squash=5, flagged=0.2)


class Features:
    """What the library makes of rows by itself, for the methods that cannot: levels one-hot, all columns standardised by the
    training rows, values far out bent by s tanh(x / s). Pixels are taken as they are.
    """

    def __init__(self, table, rows):
        self.table = table
        if table.image:
            return
        plain = self._spread(rows)
        self.mean = plain.mean(axis=0, dtype=np.float64).astype(np.float32)
        deviation = plain.std(axis=0, dtype=np.float64)
        self.scale = np.where(deviation > 0, deviation, 1).astype(np.float32)

    def _spread(self, rows):
        numbers = [rows[:, self.table.numeric()]]
        one_hot = [np.equal.outer(rows[:, column], np.arange(n, dtype=np.float32)) for column, n in self.table.levels.items()]
        return np.concatenate(numbers + one_hot, axis=1, dtype=np.float32)

    def __call__(self, rows):
        if self.table.image:
            return rows
        squash = np.float32(self.table.squash)
        return squash * np.tanh((self._spread(rows) - self.mean) / self.scale / squash)
