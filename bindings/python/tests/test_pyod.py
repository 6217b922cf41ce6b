# SPDX-License-Identifier: BSD-2-Clause
"""PyOD's conventions: scores and labels of the training rows, probabilities, confidence."""

import math

import aepred
import numpy as np
import pytest
from pump import normal_rows

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402


@pytest.fixture(scope="module")
def pyod():
    detector = aepred.PyODDetector(contamination=0.05, encoder=(8, 1), head=(8,), epochs=60, batch=64, random_state=1)
    return detector.fit(normal_rows(1000, 1))


@pytest.fixture(scope="module")
def rows():
    faulty = normal_rows(30, 3)
    faulty[:, 1] *= 0.7
    return np.concatenate([normal_rows(300, 2), faulty])


def test_threshold_and_labels_are_those_of_the_training_scores(pyod):
    assert np.array_equal(pyod.decision_scores_, pyod.decision_function(normal_rows(1000, 1)))
    assert pyod.threshold_ == np.percentile(pyod.decision_scores_, 95)
    assert np.array_equal(pyod.labels_, pyod.decision_scores_ > pyod.threshold_)
    assert pyod.labels_.dtype.kind == "i" and pyod.labels_.sum() == 50
    assert np.array_equal(clone(pyod).fit_predict(normal_rows(1000, 1)), pyod.labels_)


def test_linear_probabilities_are_places_among_the_training_scores(pyod, rows):
    probabilities = pyod.predict_proba(rows)
    least, largest = min(pyod.decision_scores_), max(pyod.decision_scores_)
    expected = [min(max((s - least) / (largest - least), 0), 1) for s in pyod.decision_function(rows)]
    assert probabilities.shape == (330, 2)
    assert np.allclose(probabilities[:, 1], expected) and np.allclose(probabilities.sum(axis=1), 1)


def test_unified_probabilities_are_of_a_gaussian(pyod, rows):
    mean, deviation = np.mean(pyod.decision_scores_), np.std(pyod.decision_scores_)
    expected = [max(math.erf((s - mean) / (deviation * math.sqrt(2))), 0) for s in pyod.decision_function(rows)]
    assert np.allclose(pyod.predict_proba(rows, method="unify")[:, 1], expected)
    with pytest.raises(ValueError, match="method"):
        pyod.predict_proba(rows, method="sigmoid")


def test_confidence_is_that_of_exceed(pyod, rows):
    rows = rows[290:310]
    n, n_anomalies = 1000, 50

    def confidence(score):
        """P(the row is among the anomalies of another draw), a sum of binomials, for the label that it has."""
        p = (1 + sum(s <= score for s in pyod.decision_scores_)) / (2 + n)
        abnormal = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n - n_anomalies + 1, n + 1))
        return abnormal if score > pyod.threshold_ else 1 - abnormal

    expected = [confidence(score) for score in pyod.decision_function(rows)]
    assert np.allclose(pyod.predict_confidence(rows), expected, atol=1e-9)
    labels, confidences = pyod.predict(rows, return_confidence=True)
    assert np.array_equal(labels, pyod.predict(rows)) and np.allclose(confidences, expected, atol=1e-9)
    probabilities, confidences = pyod.predict_proba(rows, return_confidence=True)
    assert probabilities.shape == (20, 2) and np.allclose(confidences, expected, atol=1e-9)


def test_confidence_counts_scores_of_training_that_are_the_same():
    train = normal_rows(200, 1)
    detector = aepred.PyODDetector(contamination=0.1, epochs=5, random_state=1).fit(np.concatenate([train, train]))
    score = np.sort(detector.decision_scores_)[360]
    row = train[[int(np.flatnonzero(detector.decision_scores_ == score)[0]) % 200]]
    p = (1 + (detector.decision_scores_ <= score).sum()) / 402
    abnormal = sum(math.comb(400, k) * p**k * (1 - p) ** (400 - k) for k in range(361, 401))
    expected = abnormal if score > detector.threshold_ else 1 - abnormal
    assert np.allclose(detector.predict_confidence(row), expected, atol=1e-9)


def test_confidence_may_be_had_where_the_threshold_is_that_of_the_alarm_rate(rows):
    detector = aepred.PyODDetector(epochs=5, random_state=1).fit(normal_rows(600, 1))
    confidence = detector.predict_confidence(rows)
    assert confidence.shape == (330,) and confidence.min() >= 0 and confidence.max() <= 1


def test_partial_fit_keeps_the_scores_of_its_rows():
    detector = aepred.PyODDetector(contamination=0.1, random_state=1)
    for n in (300, 200):
        detector.partial_fit(normal_rows(n, n))
        assert detector.decision_scores_.shape == (n,) and detector.labels_.sum() == n / 10


def test_a_detector_made_of_a_model_knows_no_training_scores(pyod, rows):
    other = aepred.PyODDetector.from_bytes(pyod.to_bytes())
    assert np.array_equal(other.predict(rows), pyod.predict(rows))
    for use in (other.predict_proba, other.predict_confidence):
        with pytest.raises(NotFittedError, match="decision_scores_|not fitted"):
            use(rows)
        with pytest.raises(NotFittedError, match="the file of a model does not hold .*predict_proba .*pickle the estimator"):
            use(rows)
    for name in ("decision_scores_", "labels_"):
        with pytest.raises(AttributeError, match=f"no {name}: the file .* pickle the estimator"):
            getattr(other, name)
        with pytest.raises(NotFittedError, match=f"no {name}: this PyODDetector is not fitted"):
            getattr(aepred.PyODDetector(), name)


def test_calibrating_anew_moves_the_labels_too(rows):
    detector = aepred.PyODDetector(epochs=5, random_state=1, alarm_rate=0.3).fit(normal_rows(600, 1))
    detector.calibrate(rows)
    assert np.array_equal(detector.labels_, detector.decision_scores_ > detector.threshold_)
