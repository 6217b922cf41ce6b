# SPDX-License-Identifier: BSD-2-Clause
"""Which rows train, which rows test, which of these are flagged, and how good that is."""

import dataclasses

import numpy as np

from aepred import metrics

# The split that a protocol needs: protocols of one split share a trained model.
SPLITS = {"dagmm": "all", "goad": "normal", "table1": "normal", "one-vs-nine": "class",
          **{f"ratio-{percent}": "class" for percent in (10, 20, 30, 40, 50)}}
TABLES = ("dagmm", "goad", "table1")


@dataclasses.dataclass
class Split:
    """Rows to learn from, rows to judge, and which of these are anomalies."""

    train: np.ndarray
    test: np.ndarray
    is_anomaly: np.ndarray


def _draw(name, seed):
    """A generator of its own for each data set and seed, the same for every method."""
    return np.random.default_rng([seed, *name.encode()])


def _population(table, random):
    """The rows that take part: all, but of kdd-rev a quarter as many anomalies as there are normal rows."""
    if table.name != "kdd-rev":
        return np.arange(len(table.rows))
    normal, anomalies = np.flatnonzero(~table.is_anomaly), np.flatnonzero(table.is_anomaly)
    return np.concatenate([normal, random.permutation(anomalies)[:len(normal) // 4]])


def split(table, kind, seed, label=None):
    """all: a random half of all rows trains, without its anomalies; the other half is the test set. normal: a random half of the
    normal rows trains; the other half and all anomalies are the test set. class: the training images of one label train, and
    the test images of the others are anomalies.
    """
    if kind == "class":
        return Split(table.rows[table.labels == label], table.test_rows, table.test_labels != label)
    random = _draw(table.name, seed)
    rows = random.permutation(_population(table, random))
    if kind == "all":
        half, test = rows[:len(rows) // 2], rows[len(rows) // 2:]
        train = half[~table.is_anomaly[half]]
    else:
        normal = rows[~table.is_anomaly[rows]]
        train, test = normal[:len(normal) // 2], np.concatenate([normal[len(normal) // 2:], rows[table.is_anomaly[rows]]])
    return Split(table.rows[train], table.rows[test], table.is_anomaly[test])


def drawn(protocol, is_anomaly, seed):
    """The test rows that a protocol looks at: all; or, of ratio-p, all normal ones and so many anomalies, drawn at random, that they are p
    per cent, or all anomalies and so many normal ones if there are too few.
    """
    if not protocol.startswith("ratio-"):
        return np.arange(len(is_anomaly))
    share = int(protocol.removeprefix("ratio-")) / 100
    random = _draw(protocol, seed)
    normal, anomalies = (random.permutation(np.flatnonzero(is_anomaly == which)) for which in (False, True))
    return np.concatenate([normal[:round(len(anomalies) * (1 - share) / share)], anomalies[:round(len(normal) * share / (1 - share))]])


def _top(scores, pool, count):
    """How far each score is flagged, 0 to 1, where the `count` highest of a pool that holds them are: rows that tie at the cut, and there
    are many like rows in KDD, share what is left, since neither their order nor the way of rounding may decide.
    """
    if count == 0:
        return np.zeros(len(scores))
    cut = np.partition(pool, len(pool) - count)[len(pool) - count]
    return (scores > cut) + (scores == cut) * (count - (pool > cut).sum()) / (pool == cut).sum()


def flag(protocol, train_scores, test_scores, is_anomaly, share):
    """dagmm: a share of the test set; table1: what lies above that share's percentile of all scores, of training and test together;
    others: as many rows as there are anomalies. Each row's weight, see _top.
    """
    if protocol == "table1":
        pool = np.concatenate([train_scores, test_scores])
        return _top(test_scores, pool, len(pool) - 1 - int((1 - share) * (len(pool) - 1)))
    return _top(test_scores, test_scores, round(share * len(test_scores)) if protocol == "dagmm" else int(is_anomaly.sum()))


def quality(flagged, is_anomaly):
    """Precision, recall, F1 of rows flagged by weight; anomalies are the positive class."""
    hits = float(flagged[is_anomaly].sum())
    precision, recall = hits / max(float(flagged.sum()), 1), hits / max(int(is_anomaly.sum()), 1)
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def ranking(scores, is_anomaly):
    """AUROC and average precision, which need no threshold."""
    scores, labels = np.asarray(scores, np.float32), is_anomaly.astype(np.uint8)
    return metrics.auroc(scores, labels), metrics.average_precision(scores, labels)
