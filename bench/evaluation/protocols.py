# SPDX-License-Identifier: BSD-2-Clause
"""Which rows train, which rows test, which of these are flagged, and how good that is."""

import dataclasses

import numpy as np

from aepred import metrics

# The split that a protocol needs: goad and table1 share one, and so a trained model.
SPLITS = {"dagmm": "all", "goad": "normal", "table1": "normal"}


@dataclasses.dataclass
class Split:
    train: np.ndarray
    test: np.ndarray


def _draw(name, seed):
    """A generator of its own for each data set and seed, the same for every method."""
    return np.random.default_rng([seed, *name.encode()])


def _population(table, random):
    """The rows that take part: all, but of kdd-rev a quarter as many anomalies as there are normal rows."""
    if table.name != "kdd-rev":
        return np.arange(len(table.rows))
    normal, anomalies = np.flatnonzero(~table.is_anomaly), np.flatnonzero(table.is_anomaly)
    return np.concatenate([normal, random.permutation(anomalies)[:len(normal) // 4]])


def split(table, kind, seed):
    """all: a random half of all rows trains, without its anomalies; the other half is the test set. normal: a random half of the
    normal rows trains; the other half and all anomalies are the test set.
    """
    random = _draw(table.name, seed)
    rows = random.permutation(_population(table, random))
    if kind == "all":
        half, test = rows[:len(rows) // 2], rows[len(rows) // 2:]
        return Split(half[~table.is_anomaly[half]], test)
    normal = rows[~table.is_anomaly[rows]]
    half = len(normal) // 2
    return Split(normal[:half], np.concatenate([normal[half:], rows[table.is_anomaly[rows]]]))


def flag(protocol, train_scores, test_scores, is_anomaly, share):
    """goad: as many rows as there are anomalies; dagmm: a share of the test set; table1: what lies above that share's percentile of
    all scores, of training and test together.
    """
    flags = np.zeros(len(test_scores), bool)
    if protocol == "table1":
        return test_scores > np.percentile(np.concatenate([train_scores, test_scores]), 100 * (1 - share))
    count = int(is_anomaly.sum()) if protocol == "goad" else round(share * len(test_scores))
    flags[np.argsort(-test_scores, kind="stable")[:count]] = True
    return flags


def quality(flags, is_anomaly):
    """Precision, recall, F1; anomalies are the positive class."""
    hits = int((flags & is_anomaly).sum())
    precision, recall = hits / max(int(flags.sum()), 1), hits / max(int(is_anomaly.sum()), 1)
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def ranking(scores, is_anomaly):
    """AUROC and average precision, which need no threshold."""
    scores, labels = np.asarray(scores, np.float32), is_anomaly.astype(np.uint8)
    return metrics.auroc(scores, labels), metrics.average_precision(scores, labels)
