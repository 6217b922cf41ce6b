# SPDX-License-Identifier: BSD-2-Clause
"""Detection quality from scores and labels (True or 1: anomaly, the positive class; False or 0: normal)."""

from ctypes import byref, c_double
from numbers import Real
from typing import Any, Callable, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import Floats, scores_of, shown, without_mask
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
    anomalies = _anomalies(np.asarray(without_mask(labels)))
    if anomalies.shape != scores.shape:
        raise ValueError(f"labels have the shape {anomalies.shape}, but scores have {scores.shape}")
    return scores, anomalies


def _both_classes(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.uint8]]:
    scores, anomalies = _pair(scores, labels)
    if anomalies.size and anomalies.min() == anomalies.max():
        raise ValueError(f"only one class in labels: all are {anomalies[0]}, but there must be 0 (normal) and 1 (anomaly)")
    return scores, anomalies


def _anomalies(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """0 and 1."""
    is_label = [_is_label(label) for label in labels.flat] if labels.dtype.kind not in "biuf" else (labels == 0) | (labels == 1)
    for index in np.flatnonzero(~np.asarray(is_label, bool))[:1].tolist():
        label = labels.flat[index]
        hint = "; of labels that are -1 for anomalies give labels == -1" if isinstance(label, Real) and label == -1 else ""
        raise ValueError(f"label {index} is {shown(label)}, but labels must be 0 or False (normal), or 1 or True (anomaly){hint}")
    return np.ascontiguousarray(labels.astype(bool)).view(np.uint8)


def _is_label(label: object) -> bool:
    return isinstance(label, (Real, np.bool_)) and label in (0, 1)


def at_threshold(scores: ArrayLike, labels: ArrayLike, threshold: float) -> Quality:
    """Quality when scores of at least `threshold` are flagged.

    Parameters
    ----------
    scores : array-like of shape (n_rows,)
        The higher, the more anomalous.
    labels : array-like of bool, or of 0 and 1, of shape (n_rows,)
        True or 1 for anomalies.
    threshold : float

    Returns
    -------
    Quality
    """
    scores, labels = _pair(scores, labels)
    results = [c_double() for _ in Quality._fields]
    pointers = map(byref, results)
    check(lib.aep_metrics_at_threshold(*pointers, scores.ctypes.data, labels.ctypes.data, scores.size, float(threshold)))
    return Quality(*(result.value for result in results))


def at_count(scores: ArrayLike, labels: ArrayLike, count: int) -> Quality:
    """Quality when the `count` highest scores are flagged; tied scores count with their expectation.

    Parameters
    ----------
    scores : array-like of shape (n_rows,)
        The higher, the more anomalous.
    labels : array-like of bool, or of 0 and 1, of shape (n_rows,)
        True or 1 for anomalies.
    count : int

    Returns
    -------
    Quality
    """
    scores, labels = _pair(scores, labels)
    results = [c_double() for _ in Quality._fields]
    pointers = map(byref, results)
    check(lib.aep_metrics_at_count(*pointers, scores.ctypes.data, labels.ctypes.data, scores.size, size_of("count", count), None))
    return Quality(*(result.value for result in results))


def _figure(function: Callable[..., int], scores: ArrayLike, labels: ArrayLike) -> float:
    scores, labels = _both_classes(scores, labels)
    result = c_double()
    check(function(byref(result), scores.ctypes.data, labels.ctypes.data, scores.size, None))
    return result.value


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Area under the ROC curve.

    Parameters
    ----------
    scores : array-like of shape (n_rows,)
        The higher, the more anomalous.
    labels : array-like of bool, or of 0 and 1, of shape (n_rows,)
        True or 1 for anomalies.

    Returns
    -------
    float
    """
    return _figure(lib.aep_metrics_auroc, scores, labels)


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Sum over thresholds of precision times the gain in recall.

    Parameters
    ----------
    scores : array-like of shape (n_rows,)
        The higher, the more anomalous.
    labels : array-like of bool, or of 0 and 1, of shape (n_rows,)
        True or 1 for anomalies.

    Returns
    -------
    float
    """
    return _figure(lib.aep_metrics_average_precision, scores, labels)
