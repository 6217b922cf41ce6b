# SPDX-License-Identifier: BSD-2-Clause
"""The model with the conventions of PyOD, which itself is not needed."""

from typing import Union

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf  # type: ignore[import]
from scipy.stats import binom  # type: ignore[import]
from sklearn.exceptions import NotFittedError  # type: ignore[import]

from ._arrays import Floats
from ._model import Model
from .detector import Detector, Doubles

Labels = NDArray[np.int_]


class PyODDetector(Detector):
    """Detector with the conventions of PyOD: higher scores are more abnormal, the label of an anomaly is 1.

    Parameters are those of `AEPDetector`, with the same meaning. PyOD's own detectors have ``contamination=0.1``, which
    flags a tenth of the rows trained on; "auto" flags about the share `alarm_rate` of normal rows.

    Attributes
    ----------
    decision_scores_ : ndarray of shape (n_samples,)
        Scores of the rows given to `fit`: the higher, the more abnormal.
    threshold_ : float
        Scores above it are anomalies: of a `contamination` that is a number, the percentile
        ``100 * (1 - contamination)`` of `decision_scores_`.
    labels_ : ndarray of shape (n_samples,)
        ``decision_scores_ > threshold_``, as 0 and 1.
    model_ : Model
        The model, with statistics, history and all else.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    See Also
    --------
    AEPDetector : The same with the conventions of scikit-learn.

    Notes
    -----
    A detector that was made of a model (`load`, `from_bytes`, `from_model`) knows no scores of training, which
    `predict_proba` and `predict_confidence` need.

    Examples
    --------
    >>> from aepred import PyODDetector
    >>> detector = PyODDetector(encoder=(32, 8), contamination=0.05, random_state=1).fit(rows)
    >>> detector.labels_, detector.decision_scores_
    >>> detector.predict_proba(other_rows)[:, 1]
    """

    def _take(self, model: Model, rows: Floats, held_back: Floats) -> None:
        super()._take(model, rows, held_back)
        self.decision_scores_: Doubles = model.score(rows).astype(np.float64)
        self._label()

    def _take_calibrated(self, model: Model, rows: Floats) -> None:
        super()._take_calibrated(model, rows)
        self.decision_scores_ = model.score(rows).astype(np.float64)
        self._label()

    def _threshold_changed(self) -> None:
        super()._threshold_changed()
        if hasattr(self, "decision_scores_"):
            self._label()

    def _no_attribute(self, name: str) -> AttributeError:
        if name not in ("decision_scores_", "labels_"):
            return super()._no_attribute(name)
        reason = (
            "the file of a model does not hold the scores of the training rows, which predict_proba and predict_confidence "
            "need; pickle the estimator instead"
        )
        missing = reason if "model_" in vars(self) else "this PyODDetector is not fitted"
        error: AttributeError = NotFittedError(f"no {name}: {missing}")
        return error

    def _label(self) -> None:
        self.labels_: Labels = (self.decision_scores_ > self.threshold_).astype(int)

    def decision_function(self, X: ArrayLike) -> Doubles:
        """Scores.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            The higher, the more abnormal.
        """
        return self._scores(X)

    def predict(self, X: ArrayLike, return_confidence: bool = False) -> Union[Labels, tuple[Labels, Doubles]]:
        """Whether rows are anomalies.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
        return_confidence : bool, default=False
            Whether to return the result of `predict_confidence` too.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            1 for anomalies, 0 for normal rows.
        confidence : ndarray of shape (n_samples,)
            If `return_confidence`.
        """
        scores = self._scores(X)
        labels = (scores > self.threshold_).astype(int)
        return (labels, self._confidence(scores)) if return_confidence else labels

    def predict_proba(
        self, X: ArrayLike, method: str = "linear", return_confidence: bool = False
    ) -> Union[Doubles, tuple[Doubles, Doubles]]:
        """Scores as numbers from 0 to 1.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
        method : {"linear", "unify"}, default="linear"
            "linear": where scores lie between the least and the largest of `decision_scores_`; "unify": Gaussian scaling
            by their mean and standard deviation (Kriegel et al. 2011).
        return_confidence : bool, default=False
            Whether to return the result of `predict_confidence` too.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
            Of being normal, and of being an anomaly. They are no calibrated probabilities; `pvalue` is calibrated.
        confidence : ndarray of shape (n_samples,)
            If `return_confidence`.
        """
        if method not in ("linear", "unify"):
            raise ValueError(f"method is {method!r}, but must be 'linear' or 'unify'")
        scores = self._scores(X)
        anomaly = (self._linear(scores) if method == "linear" else self._unify(scores)).clip(0, 1)
        probabilities = np.stack([1 - anomaly, anomaly], axis=1)
        return (probabilities, self._confidence(scores)) if return_confidence else probabilities

    def predict_confidence(self, X: ArrayLike) -> Doubles:
        """How sure each prediction is.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            The probability that the row would get the same label, had other rows been drawn to train on (ExCeeD, Perini
            et al. 2020).
        """
        return self._confidence(self._scores(X))

    def fit_predict(self, X: ArrayLike, y: object = None) -> Labels:
        """Train, and label the rows trained on.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        ndarray of shape (n_samples,)
            1 for anomalies, 0 for normal rows.
        """
        return self.fit(X, y).labels_

    def _linear(self, scores: Doubles) -> Doubles:
        low, high = self.decision_scores_.min(), self.decision_scores_.max()
        return np.asarray((scores - low) / (high - low if high > low else 1))

    def _unify(self, scores: Doubles) -> Doubles:
        mean, deviation = self.decision_scores_.mean(), self.decision_scores_.std()
        return np.asarray(erf((scores - mean) / ((deviation if deviation > 0 else 1) * np.sqrt(2))))

    def _confidence(self, scores: Doubles) -> Doubles:
        n = len(self.decision_scores_)
        contamination = self.labels_.mean() if self.contamination == "auto" else self.contamination
        n_below = np.searchsorted(np.sort(self.decision_scores_), scores, side="right")
        posterior = (1 + n_below) / (2 + n)
        confidence = 1 - binom.cdf(n - int(n * contamination), n, posterior)  # of the label 1
        return np.where(scores > self.threshold_, confidence, 1 - confidence)
