# SPDX-License-Identifier: BSD-2-Clause
"""Detection quality from scores and labels (true or not 0: anomaly, the positive class)."""

from ctypes import byref, c_double
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import Floats, scores_of
from ._errors import check
from ._library import lib
from ._options import size_of


class Quality(NamedTuple):
    """Precision, recall and F1."""

    precision: float
    recall: float
    f1: float


def _pair(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.uint8]]:
    scores = scores_of(scores)
    labels = np.ascontiguousarray(np.asarray(labels) != 0).view(np.uint8)
    if labels.shape != scores.shape:
        raise ValueError(f"labels have the shape {labels.shape}, but scores have {scores.shape}")
    return scores, labels


def at_threshold(scores: ArrayLike, labels: ArrayLike, threshold: float) -> Quality:
    """When scores of at least `threshold` are flagged."""
    scores, labels = _pair(scores, labels)
    results = [c_double() for _ in Quality._fields]
    pointers = map(byref, results)
    check(lib.aep_metrics_at_threshold(*pointers, scores.ctypes.data, labels.ctypes.data, scores.size, float(threshold)))
    return Quality(*(result.value for result in results))


def at_count(scores: ArrayLike, labels: ArrayLike, count: int) -> Quality:
    """When the `count` highest scores are flagged; tied scores count with their expectation."""
    scores, labels = _pair(scores, labels)
    results = [c_double() for _ in Quality._fields]
    pointers = map(byref, results)
    check(lib.aep_metrics_at_count(*pointers, scores.ctypes.data, labels.ctypes.data, scores.size, size_of("count", count), None))
    return Quality(*(result.value for result in results))


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Area under the ROC curve."""
    scores, labels = _pair(scores, labels)
    result = c_double()
    check(lib.aep_metrics_auroc(byref(result), scores.ctypes.data, labels.ctypes.data, scores.size, None))
    return result.value


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Sum over thresholds of precision times the gain in recall."""
    scores, labels = _pair(scores, labels)
    result = c_double()
    check(lib.aep_metrics_average_precision(byref(result), scores.ctypes.data, labels.ctypes.data, scores.size, None))
    return result.value
