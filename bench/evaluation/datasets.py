# SPDX-License-Identifier: BSD-2-Clause
"""The tabular data sets as arrays, and the features that methods other than ours are given."""

import csv
import dataclasses
import gzip
import pathlib

import numpy as np

FILES = {"thyroid": "thyroid.csv", "arrhythmia": "arrhythmia.csv", "kdd": "kddcup.data_10_percent.gz",
         "kdd-rev": "kddcup.data_10_percent.gz"}
KDD_CATEGORICAL = (1, 2, 3, 6, 11, 13, 14, 20, 21)  # words, and numbers that are codes or flags


@dataclasses.dataclass
class Table:
    """Rows (n, columns) of float32, categorical columns as codes, and which of them are anomalies."""

    name: str
    rows: np.ndarray
    is_anomaly: np.ndarray
    levels: dict[int, int]  # categorical column: number of levels
    squash: float           # how many standard deviations out values bend, see features()
    flagged: float          # the share of rows that the protocols dagmm and table1 flag

    def numeric(self):
        return [column for column in range(self.rows.shape[1]) if column not in self.levels]


def missing(name, folder):
    """The file that a data set needs and a folder does not hold, or None."""
    return None if (pathlib.Path(folder) / FILES[name]).exists() else FILES[name]


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
    path = pathlib.Path(folder) / FILES[name]
    if name == "thyroid":
        return _odds(path, name, squash=5, flagged=0.025)
    if name == "arrhythmia":
        return _odds(path, name, squash=3, flagged=0.15)
    rows, is_normal, levels = _kdd(path)
    return Table(name, rows, is_normal if name == "kdd" else ~is_normal, levels, squash=5, flagged=0.2)


class Features:
    """What the library makes of rows by itself, for the methods that cannot: levels one-hot, all columns standardised by the
    training rows, values far out bent by s tanh(x / s).
    """

    def __init__(self, table, rows):
        self.table = table
        plain = self._spread(rows)
        self.mean = plain.mean(axis=0, dtype=np.float64).astype(np.float32)
        deviation = plain.std(axis=0, dtype=np.float64)
        self.scale = np.where(deviation > 0, deviation, 1).astype(np.float32)

    def _spread(self, rows):
        numbers = [rows[:, self.table.numeric()]]
        one_hot = [np.equal.outer(rows[:, column], np.arange(n, dtype=np.float32)) for column, n in self.table.levels.items()]
        return np.concatenate(numbers + one_hot, axis=1, dtype=np.float32)

    def __call__(self, rows):
        squash = np.float32(self.table.squash)
        return squash * np.tanh((self._spread(rows) - self.mean) / self.scale / squash)
