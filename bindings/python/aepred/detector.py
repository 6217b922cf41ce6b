# SPDX-License-Identifier: BSD-2-Clause
"""The model as an estimator of scikit-learn, which this module needs; ``import aepred`` alone does not.

Of AEPDetector lower scores are more abnormal and abnormal rows have the label -1, as in scikit-learn; of PyODDetector higher ones
are, and the label is 1, as in PyOD. The package's README.md has the table of both.
"""

import inspect
import math
import os
from contextlib import contextmanager
from functools import wraps
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Sequence, TypeVar, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin  # type: ignore[import]
from sklearn.exceptions import NotFittedError  # type: ignore[import]
from sklearn.utils import check_array, check_random_state  # type: ignore[import]
from sklearn.utils import validation as _validation
from sklearn.utils.validation import check_is_fitted  # type: ignore[import]

from ._arrays import Floats, check_shape, shown, without_mask
from ._errors import LevelError, Path, Warned
from ._frames import Table, columns_of, is_frame, is_numbers
from ._model import Model, image_shape
from ._options import Column, Columns, ImageLayer, columns_by_index, find, options, suggestion

Progress = Callable[[Model, int, int, int, int], object]
Doubles = NDArray[np.float64]
Rows = Union[slice, NDArray[np.int_]]  # which rows
Self = TypeVar("Self", bound="Detector")
Init = TypeVar("Init", bound=Callable[..., None])

_NOT_OPTIONS = {  # parameters that are no options of the library by the same name
    "encoder", "decoder", "head", "image", "image_encoder", "image_decoder", "columns",
    "contamination", "calibration", "random_state", "n_jobs", "score_kind",
}  # fmt: skip
_OF_MODEL = {"score": "score_kind", "seed": "random_state", "threads": "n_jobs", "lr": "learning_rate", "batch_size": "batch"}
_FITTED = ("model_", "threshold_", "offset_", "n_features_in_")
_SEEN = ("n_features_in_", "feature_names_in_")  # what scikit-learn remembers of rows, before they are trained on
_CALIBRATION_SHARE = 0.2
_MOST_THREADS = 256


def _by_name(init: Init) -> Init:
    """An __init__ that says which parameter it does not know, and which one may be meant."""
    known = list(inspect.signature(init).parameters)[1:]

    @wraps(init)
    def checked(self: "Detector", *values: object, **parameters: object) -> None:
        name = type(self).__name__
        if values:
            raise TypeError(f"{name} takes parameters by name only, as in {name}(encoder=(32, 8)); rows go to fit")
        for parameter in parameters:
            if parameter not in known:
                hint = suggestion(parameter, known, _OF_MODEL)
                raise TypeError(f"{name} has no parameter {parameter!r}{hint}")
        init(self, **parameters)

    return checked  # type: ignore[return-value]


class Detector(BaseEstimator):  # type: ignore[misc]
    """What AEPDetector and PyODDetector have in common: the parameters, training and all that has no sign.

    See AEPDetector for the parameters.
    """

    @_by_name
    def __init__(
        self,
        *,
        encoder: Sequence[int] = (),
        decoder: Sequence[int] = (),
        head: Sequence[int] = (),
        image: Sequence[int] = (),
        image_encoder: Sequence[ImageLayer] = (),
        image_decoder: Sequence[ImageLayer] = (),
        columns: Optional[Columns] = None,
        contamination: Union[str, float] = "auto",
        calibration: Union[str, float] = "auto",
        random_state: Union[None, int, np.random.RandomState] = None,
        n_jobs: Optional[int] = None,
        score_kind: str = "prediction",
        activation: str = "tanh",
        head_activation: str = "tanh",
        code_activation: str = "identity",
        output_activation: str = "identity",
        noise: str = "gaussian",
        noise_level: float = 0.1,
        noise_block: int = 4,
        error: str = "norm",
        squared: bool = False,
        head_gradient: bool = False,
        weight_decay: float = 1e-6,
        compactness: float = 0.01,
        head_weight: float = 1.0,
        learning_rate: float = 1e-3,
        head_rate: float = 1.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        schedule: str = "cosine",
        schedule_steps: int = 0,
        gradient_clip: float = 0.0,
        epochs: int = 100,
        batch: int = 256,
        validation: float = 0.0,
        patience: int = 0,
        scaling: str = "zscore",
        scale_levels: bool = False,
        channel_scaling: bool = True,
        squash: str = "tanh",
        squash_limit: float = 5.0,
        missing: str = "error",
        missing_indicator: bool = False,
        unseen: str = "zero",
        alarm_rate: float = 0.01,
        calibration_size: int = 10000,
        save_training: bool = True,
        learning_gate: float = 0.0,
    ) -> None:
        self.encoder = encoder
        self.decoder = decoder
        self.head = head
        self.image = image
        self.image_encoder = image_encoder
        self.image_decoder = image_decoder
        self.columns = columns
        self.contamination = contamination
        self.calibration = calibration
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.score_kind = score_kind
        self.activation = activation
        self.head_activation = head_activation
        self.code_activation = code_activation
        self.output_activation = output_activation
        self.noise = noise
        self.noise_level = noise_level
        self.noise_block = noise_block
        self.error = error
        self.squared = squared
        self.head_gradient = head_gradient
        self.weight_decay = weight_decay
        self.compactness = compactness
        self.head_weight = head_weight
        self.learning_rate = learning_rate
        self.head_rate = head_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.schedule = schedule
        self.schedule_steps = schedule_steps
        self.gradient_clip = gradient_clip
        self.epochs = epochs
        self.batch = batch
        self.validation = validation
        self.patience = patience
        self.scaling = scaling
        self.scale_levels = scale_levels
        self.channel_scaling = channel_scaling
        self.squash = squash
        self.squash_limit = squash_limit
        self.missing = missing
        self.missing_indicator = missing_indicator
        self.unseen = unseen
        self.alarm_rate = alarm_rate
        self.calibration_size = calibration_size
        self.save_training = save_training
        self.learning_gate = learning_gate

    # --------------------------------------------------------------------------------------------------- training

    def fit(self: Self, X: ArrayLike, y: object = None, *, progress: Optional[Progress] = None) -> Self:
        """Train on normal rows, calibrate, and set the threshold.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
            Normal rows, or nearly so; images also as (n_samples, channels, height, width). Arrays of float32 in C order
            are read where they lie.
        y : ignored
            Present for the conventions of scikit-learn.
        progress : callable, optional
            ``progress(model, epoch, epochs, batch, batches)`` is called after every step: true ends the training early;
            so does an exception, which comes out of here; the estimator then keeps the model that it had.

        Returns
        -------
        self
        """
        if callable(y):
            raise TypeError("y is a function, but fit takes no labels; a function to call after each step goes to progress=")
        self._check_own_parameters()
        with Warned(), self._as_it_was_if_it_fails():
            self._fit(X, progress)
        return self

    def _fit(self, X: ArrayLike, progress: Optional[Progress]) -> None:
        numbers = self._checked(X, reset=True, training=True)
        random = self._random()
        train, held_back = self._split(len(numbers), random)
        model = self._new_model(X, numbers.shape[1], random)
        rows = model._training_rows(numbers)
        model._check_rows(rows)  # here, where rows have the numbers of those in X
        try:
            model.fit(rows[train], progress)
        except LevelError:
            self._new_model(X, numbers.shape[1], random, unseen="error")._check_rows(rows)
            raise
        self._take(model, rows, rows[held_back])

    def partial_fit(self: Self, X: ArrayLike, y: object = None) -> Self:
        """Go on training with more normal rows: one step for each `batch` of them, in the order given.

        The first call also learns location and scale of the columns, so it should bring many rows. Each call ends by
        calibrating on its rows, if these are at least 1 / alarm_rate (or 1 / contamination), else calibration and threshold
        stay what they were; `calibrate` does it on rows that were not trained on. Parameters that a model can change are
        those of now. Other threads may score meanwhile, with the model as it was; so it stays if the call fails.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
            At least 2 normal rows.
        y : ignored

        Returns
        -------
        self
        """
        self._check_own_parameters()
        with Warned(), self._as_it_was_if_it_fails():
            self._partial_fit(X)
        return self

    @contextmanager
    def _as_it_was_if_it_fails(self) -> Iterator[None]:
        attributes = self.__dict__
        seen = {name: attributes[name] for name in _SEEN if name in attributes}
        try:
            yield
        except BaseException:
            for name in _SEEN:
                attributes.pop(name, None)
            attributes.update(seen)
            raise

    def _partial_fit(self, X: ArrayLike) -> None:
        first = not hasattr(self, "model_")
        numbers = self._checked(X, reset=first, at_least=2, training=True)
        model = self._new_model(X, numbers.shape[1], self._random()) if first else self._changed_copy()
        rows = model._training_rows(numbers) if first else model._rows(numbers)
        model._check_rows(rows)  # here, where rows have the numbers of those in X
        gate = model.options["learning_gate"]
        if first:
            model.fit_scaling(rows)
            model.set(learning_gate=0)  # until there are p-values
        n_blocks = min(math.ceil(len(rows) / self._number("batch")), len(rows) // 2)  # none of them of one row
        for block in np.array_split(rows, n_blocks):
            model.fit_batch(block)
        model.set(learning_gate=gate)
        if len(rows) * (self._share() or self._number("alarm_rate")) >= 1 or model.threshold is None:
            self._take(model, rows, rows)
        else:
            self._take_calibrated(model, rows)

    def _changed_copy(self) -> Model:
        """A copy of the model with the parameters that may have changed, so that others may score with it meanwhile."""
        model, now = self.model_.copy(), self.model_.options
        wanted = {"score" if name == "score_kind" else name: value for name, value in self.get_params(deep=False).items()}
        changeable = [option for name, option in options().items() if option.changeable and name in wanted]
        numbers = {option.name: option.number(wanted[option.name]) for option in changeable}
        model.set(**{name: number for name, number in numbers.items() if number != find(name).number(now[name])})
        model.threads = _threads(self.n_jobs)
        return model

    def calibrate(self: Self, X: ArrayLike) -> Self:
        """Calibrate anew on normal rows that were not trained on, and set the threshold from the alarm rate.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
            Normal rows, at least 1 / alarm_rate of them.

        Returns
        -------
        self
        """
        rows = self._fitted(X)
        with Warned():
            self.model_.set(alarm_rate=self.alarm_rate)
            self.model_.calibrate(rows)
        self._threshold_changed()
        return self

    def set_params(self: Self, **params: Any) -> Self:
        """Change parameters; `n_jobs` counts at once, all others from the next training on.

        Parameters
        ----------
        **params
            Values by the names of parameters.

        Returns
        -------
        self
        """
        super().set_params(**params)
        if "n_jobs" in params and hasattr(self, "model_"):
            self.model_.threads = _threads(self.n_jobs)
        return self

    def _threshold_changed(self) -> None:
        self.threshold_ = _flagged_above(self.model_)

    def _check_own_parameters(self) -> None:
        """Check the parameters that are not options of the library, which checks its own."""
        if not _is_share(self.contamination, "auto", 0.5) or self.contamination == 0:
            raise ValueError(f"contamination is {self.contamination!r}, but must be 'auto' or in the range (0, 0.5]")
        if not _is_share(self.calibration, "auto", 0.9):
            raise ValueError(f"calibration is {self.calibration!r}, but must be 'auto' or in the range [0, 0.9]")
        _threads(self.n_jobs)
        image_shape(self.image)

    def _number(self, name: str) -> float:
        """An option that this module needs too, which may be text; whether it is within bounds the library says."""
        return find(name).number(getattr(self, name))

    def _random(self) -> np.random.RandomState:
        seed = self.random_state
        if isinstance(seed, (int, np.integer)):
            return np.random.RandomState(int(seed) % 2**32)  # the library takes larger ones than NumPy
        random: np.random.RandomState = check_random_state(seed)
        return random

    def _split(self, n_rows: int, random: np.random.RandomState) -> tuple[Rows, Rows]:
        """Rows to train on and rows to calibrate on, which are all of them where none are held back."""
        n_held_back = int(n_rows * (_CALIBRATION_SHARE if self.calibration == "auto" else self.calibration))
        too_few = n_held_back < 1 if self.calibration != "auto" else n_held_back * self._number("alarm_rate") < 1
        if too_few or n_rows - n_held_back < 2:
            return slice(None), slice(None)
        order = random.permutation(n_rows)
        return np.sort(order[n_held_back:]), order[:n_held_back]

    def _new_model(self, X: ArrayLike, n_columns: int, random: np.random.RandomState, **changed: str) -> Model:
        options = {name: value for name, value in self.get_params(deep=False).items() if name not in _NOT_OPTIONS}
        options.update(changed)
        model = Model(
            n_columns,
            columns=self._described(X),
            image=self.image,
            image_encoder=self.image_encoder,
            image_decoder=self.image_decoder,
            encoder=self.encoder,
            decoder=self.decoder,
            head=self.head,
            seed=self.random_state if isinstance(self.random_state, (int, np.integer)) else random.randint(2**31 - 1),
            score=self.score_kind,
            **options,
        )
        model.threads = _threads(self.n_jobs)
        return model

    def _take(self, model: Model, rows: Floats, held_back: Floats) -> None:
        """Calibrate a model that was trained on rows, and make it that of this detector."""
        share = self._share()
        # A share is also the rate to calibrate for: the library would warn of a threshold that is not the one used.
        model.set(alarm_rate=self.alarm_rate if share is None else share)
        model.calibrate(held_back)
        model.set(alarm_rate=self.alarm_rate)
        if share is None:
            threshold = _flagged_above(model)
        else:
            threshold = float(np.percentile(_doubles(model.score(rows)), 100 * (1 - share)))
            model.threshold = _float32_above(threshold)
        self.model_, self.threshold_ = model, threshold

    def _take_calibrated(self, model: Model, rows: Floats) -> None:
        """Make a model that was trained on rows, but calibrated before, that of this detector."""
        self.model_ = model

    def _share(self) -> Optional[float]:
        return None if isinstance(self.contamination, str) else float(self.contamination)

    # ------------------------------------------------------------------------------------------------------- rows

    def _described(self, X: ArrayLike) -> Columns:
        if self.columns is not None:
            return self.columns
        return columns_of(X) if is_frame(X) else ()

    def _table(self, X: ArrayLike, reset: bool) -> Table:
        if not reset:
            return self.model_._table
        described = columns_by_index(self._described(X))
        if not described:
            return Table(())
        n_columns = np.shape(X)[1] if np.ndim(X) == 2 else 0
        return Table([described.get(index, Column()) for index in range(n_columns)])

    def _checked(self, X: ArrayLike, reset: bool, at_least: int = 1, training: bool = False) -> NDArray[Any]:
        """Rows as an array of numbers, checked and remembered as scikit-learn wants it, all but their values."""
        _check_feature_names(self, X, reset=reset)
        refuse_unseen = training or not reset and self.model_._refuses_unseen()
        numbers = without_mask(X) if is_numbers(X) else self._table(X, reset).numbers(X, refuse_unseen)
        checked: NDArray[Any] = check_array(
            self._flat(numbers) if np.ndim(numbers) > 2 else numbers,
            dtype="numeric",
            ensure_min_samples=2 if reset else at_least,
            estimator=self,
            **{_FINITE: False},  # the model says which value is not
        )
        _check_n_features(self, checked, reset=reset)
        return checked

    def _flat(self, images: ArrayLike) -> NDArray[Any]:
        """Images as rows."""
        array = np.asarray(images)
        check_shape(array.shape, image_shape(self.image))
        return array.reshape(len(array), -1)

    def _fitted(self, X: ArrayLike) -> Floats:
        check_is_fitted(self, "model_")
        return self.model_._rows(self._checked(X, reset=False))

    # ---------------------------------------------------------------------------------------------------- results

    def _scores(self, X: ArrayLike) -> Doubles:
        """Scores as the library has them: higher is more abnormal."""
        rows = self._fitted(X)
        return _doubles(self.model_.score(rows))

    def pvalue(self, X: ArrayLike) -> Floats:
        """Conformal p-values of rows: small ones are abnormal.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Of a normal row, at most a with probability at most a; see `aepred.Model.pvalue`. They hold where rows were
            held back for calibration.
        """
        rows = self._fitted(X)
        return self.model_.pvalue(self.model_.score(rows))

    def explain(self, X: ArrayLike) -> Floats:
        """The share of each column in the score.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of the shape of X
            Each row adds up to 1; of images, heat maps.
        """
        rows = self._fitted(X)
        return self.model_.explain(rows).reshape(np.shape(X))

    def errors(self, X: ArrayLike) -> tuple[Floats, Floats]:
        """Reconstruction errors, and what the head predicts them to be.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        errors, predicted : ndarray of shape (n_samples, error_size)
        """
        rows = self._fitted(X)
        return self.model_.errors(rows)

    def encode(self, X: ArrayLike) -> Floats:
        """Latent variables.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, code_size)
        """
        rows = self._fitted(X)
        return self.model_.encode(rows)

    def reconstruct(self, X: ArrayLike) -> Floats:
        """Reconstructions in the units of the input, with codes for levels.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of the shape of X
        """
        rows = self._fitted(X)
        return self.model_.reconstruct(rows).reshape(np.shape(X))

    # ----------------------------------------------------------------------------------------------------- saving

    def save(self, path: Path) -> None:
        """Save the model to a file, which every program with the library can load.

        Parameters
        ----------
        path : str or os.PathLike

        Notes
        -----
        The file holds the model with its columns and its threshold, but not `contamination` and `calibration`. Pickles, and
        those of joblib, hold all parameters and attributes of the estimator.
        """
        check_is_fitted(self, "model_")
        self.model_.save(path)

    def to_bytes(self) -> bytes:
        """The bytes that `save` writes.

        Returns
        -------
        bytes
        """
        check_is_fitted(self, "model_")
        return self.model_.to_bytes()

    @classmethod
    def load(cls: type[Self], path: Path) -> Self:
        """A fitted estimator from the file of a model.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        Detector
            See `from_model`.
        """
        return cls.from_model(Model.load(path))

    @classmethod
    def from_bytes(cls: type[Self], data: Union[bytes, bytearray, memoryview]) -> Self:
        """A fitted estimator from the bytes of a model.

        Parameters
        ----------
        data : bytes, bytearray or memoryview

        Returns
        -------
        Detector
            See `from_model`.
        """
        return cls.from_model(Model.from_bytes(data))

    @classmethod
    def from_model(cls: type[Self], model: Model) -> Self:
        """A fitted estimator around a model, which must have a threshold.

        Parameters
        ----------
        model : Model
            It is not copied.

        Returns
        -------
        Detector
            Its parameters are the options of the model. Those that no model holds have their presets, so that a clone sets
            another threshold where `contamination` was a number: set it with `set_params`, or pickle the estimator instead.
            `threshold_` is the largest number of single precision below that of the model, which flags the same rows as
            that of the estimator that was saved, and may differ from it in the last digits.
        """
        if model.threshold is None:
            raise ValueError("the model has no threshold: call its method calibrate, or set its threshold")
        options = model.options
        known = set(inspect.signature(cls).parameters)
        parameters: dict[str, Any] = {name: value for name, value in options.items() if name in known}
        parameters.update(model.layers, random_state=options["seed"], score_kind=options["score"], n_jobs=model.threads)
        if model.image:
            parameters.update({f"image_{part}": layers for part, layers in model.image_layers.items()}, image=model.image)
        else:
            described = any(column != Column() for column in model.columns)
            parameters.update(columns=model.columns if described else None)
        self = cls(**parameters)
        self.model_ = model
        self.n_features_in_ = model.n_columns
        column_names = [column.name for column in model.columns]
        if all(name is not None for name in column_names):
            self.feature_names_in_ = np.array(column_names, dtype=object)
        self.threshold_ = _flagged_above(self.model_)
        return self

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise self._no_attribute(name)

    def _no_attribute(self, name: str) -> AttributeError:
        """What is raised for an attribute that this object has not."""
        of_whom = type(self).__name__
        if name in _FITTED and "model_" not in vars(self):
            error: AttributeError = NotFittedError(f"this {of_whom} is not fitted: it has {name} after fit only")
            return error
        return AttributeError(f"{of_whom!r} object has no attribute {name!r}")

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "model_"):
            self.model_.threads = _threads(self.n_jobs)  # the bytes of a model do not hold it

    def _more_tags(self) -> dict[str, Any]:
        return {"allow_nan": self.missing == "impute"}

    def __sklearn_tags__(self) -> Any:
        """The same for scikit-learn from 1.6 on."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "impute"
        return tags


class AEPDetector(OutlierMixin, Detector):  # type: ignore[misc]
    """Outlier detector of scikit-learn: an autoencoder whose latent variables predict its reconstruction error.

    Train it on normal rows. `score_samples` and `decision_function` are lower for abnormal rows, `predict` is -1 for
    them, as everywhere in scikit-learn; `PyODDetector` has the opposite signs, those of PyOD.

    Parameters
    ----------
    encoder, decoder, head : sequence of int, default=()
        Widths of the layers; the encoder's end in the size of the code. Empty: the library's presets.
    image : (channels, height, width), default=()
        Makes rows images, channels first, which are then also taken as arrays (n_samples, channels, height, width).
    image_encoder, image_decoder : sequence of ImageLayer, default=()
        Layers that work on images; empty: two convolutions, mirrored.
    columns : sequence of Column or str, or mapping of int to those, default=None
        What the columns are. None: those of a data frame are taken from its dtypes (see `aepred.columns_of`), those of
        an array are numeric. Where levels have names, numbers in an array are codes 0, 1, 2, ..., but in a data frame they
        are names: score frames with what was trained on frames, not their `to_numpy()`.
    contamination : "auto" or float in (0, 0.5], default="auto"
        A number is the share of the training rows that the threshold flags, as in other detectors. "auto" sets the
        threshold from `alarm_rate`, the share of normal rows to be flagged.
    calibration : "auto" or float in [0, 0.9], default="auto"
        Share of the rows that are held back from training, to calibrate the threshold and p-values on. 0: calibrate on
        the rows trained on, whose scores are a little low. "auto": 0.2 if they are at least 1 / alarm_rate rows, else 0.
    random_state : int, RandomState or None, default=None
        An int is the library's seed; the results are then the same each time.
    n_jobs : int, default=None
        Threads within one call; -1 for all processors. Results are the same for any number.
    score_kind : {"prediction", "reconstruction", "signed", "joint"}, default="prediction"
        The library's option `score`.
    activation, head_activation, code_activation, output_activation, noise, noise_level, noise_block, error, squared, \
head_gradient, weight_decay, compactness, head_weight, learning_rate, head_rate, beta1, beta2, epsilon, schedule, \
schedule_steps, gradient_clip, epochs, batch, validation, patience, scaling, scale_levels, channel_scaling, squash, \
squash_limit, missing, missing_indicator, unseen, alarm_rate, calibration_size, save_training, learning_gate
        Options of the library, with its presets; `aepred.options()` describes each of them, with bounds and choices.
        They are checked by `fit`.

    Attributes
    ----------
    model_ : Model
        The model, with statistics, history and all else.
    offset_ : float
        ``decision_function(X) == score_samples(X) - offset_``.
    threshold_ : float
        The same with the library's sign, ``-offset_``.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a data frame with names that are all strings.

    See Also
    --------
    PyODDetector : The same with the conventions of PyOD.
    Model : The model itself.

    Examples
    --------
    >>> from aepred import AEPDetector
    >>> detector = AEPDetector(encoder=(32, 8), epochs=50, random_state=1).fit(normal_rows)
    >>> labels = detector.predict(rows)                # -1 for anomalies
    """

    @property
    def offset_(self) -> float:
        """What to subtract from `score_samples` to get the decision function."""
        return -self.threshold_

    def score_samples(self, X: ArrayLike) -> Doubles:
        """Minus the library's scores.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            The lower, the more abnormal.
        """
        return -self._scores(X)

    def decision_function(self, X: ArrayLike) -> Doubles:
        """Scores seen from the threshold.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Negative for abnormal rows.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int_]:
        """Whether rows are normal.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            +1 for normal rows, -1 for abnormal ones.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)


def _is_share(value: object, word: str, largest: float) -> bool:
    if isinstance(value, str):
        return value == word
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) <= largest


def _doubles(scores: Floats) -> Doubles:
    return scores.astype(np.float64)


def _threads(n_jobs: Optional[int]) -> int:
    """As in joblib: None is one, and -1 all processors, -2 all but one."""
    if n_jobs is None:
        return 1
    if not isinstance(n_jobs, Integral) or n_jobs == 0:
        error = ValueError if isinstance(n_jobs, Integral) else TypeError
        raise error(f"n_jobs is {shown(n_jobs)}, but must be a whole number of threads, -1 for all processors, or None for one")
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(processors + 1 + n_jobs, 1) if n_jobs < 0 else n_jobs, _MOST_THREADS)


def _flagged_above(model: Model) -> float:
    """The threshold of scikit-learn and PyOD, who flag the scores above it; the library flags its own threshold too."""
    assert model.threshold is not None
    near = np.float32(model.threshold)
    return float(near if near < model.threshold else np.nextafter(near, np.float32(-np.inf)))


def _float32_above(value: float) -> float:
    """The smallest float32 above a number."""
    near = np.float32(value)
    return float(near if near > value else np.nextafter(near, np.float32(np.inf)))


# scikit-learn 1.6 turned two methods into functions, and renamed an argument.
_FINITE = "ensure_all_finite" if "ensure_all_finite" in inspect.signature(check_array).parameters else "force_all_finite"


def _check_feature_names(detector: Detector, X: ArrayLike, *, reset: bool) -> None:
    check = getattr(_validation, "_check_feature_names", None)
    check(detector, X, reset=reset) if check else detector._check_feature_names(X, reset=reset)


def _check_n_features(detector: Detector, X: Floats, *, reset: bool) -> None:
    check = getattr(_validation, "_check_n_features", None)
    check(detector, X, reset=reset) if check else detector._check_n_features(X, reset=reset)
