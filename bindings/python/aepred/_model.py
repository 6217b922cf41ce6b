# SPDX-License-Identifier: BSD-2-Clause
"""The model."""

import ctypes
import math
import os
import re
import threading
import weakref
from ctypes import byref, c_double, c_int, c_size_t, c_void_p
from functools import cached_property
from itertools import count
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import Floats, TooLarge, columns_lost, exact, matrix, rows_of, scores_of, shown, without_mask
from ._constants import ColumnKind, LayerKind, Part, Status
from ._errors import (
    AepredError,
    ArgumentError,
    FormatError,
    LevelError,
    NotFiniteError,
    Path,
    check,
    error_of,
    log,
    raise_logged,
    take_message,
    warn,
)
from ._functions import ProgressFn
from ._frames import Table, is_numbers
from ._guard import Guard
from ._interrupt import kept_interrupts
from ._library import lib
from ._options import (
    Column,
    Columns,
    ImageLayer,
    OptionsHandle,
    Value,
    c_string,
    check_all_described,
    columns_by_index,
    find_changeable,
    options,
    sequence_of,
    size_of,
)

Progress = Callable[["Model", int, int, int, int], object]
ImageShape = tuple[int, int, int]  # channels, height, width


def _stats() -> Iterator[tuple[str, int]]:
    for stat in count(1):
        name = lib.aep_stat_name(stat)
        if name is None:
            return
        yield name.decode(), stat


_STATS = dict(_stats())
_UNSEEN = options()["unseen"]
_CELL = re.compile(r"row \d+, (column (\d+))\b")


def _text(name: Optional[bytes]) -> Optional[str]:
    """A name in a model, which other programs may have written in any encoding; the opposite of c_string."""
    return None if name is None else name.decode("utf-8", "surrogateescape")


def _file_name(path: Path) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:  # C would see another name, which ends there
        raise ArgumentError(f"{path!r} contains a NUL character")
    return name


def _free_before_exit(owner: object, free: Callable[[c_void_p], None], pointer: c_void_p) -> None:
    """Free what an object of Python owns with it, but not at exit, where daemon threads may be using it still."""
    weakref.finalize(owner, free, pointer).atexit = False


class _Workspace:
    """Scratch memory of one thread for one model."""

    def __init__(self, model: c_void_p) -> None:
        self.pointer = c_void_p()
        check(lib.aep_workspace_new(byref(self.pointer), model))
        _free_before_exit(self, lib.aep_workspace_free, self.pointer)


def _is_pickle(start: bytes) -> bool:
    return start[:1] == b"\x80"


_PICKLE = "this is a pickle and no model file; load it with pickle.load or joblib.load, if you trust who made it"


def image_shape(image: Sequence[int]) -> tuple[int, ...]:
    """(channels, height, width) or nothing, checked as far as it is no matter of the library."""
    wanted = "(channels, height, width)"
    shape = sequence_of("image", image, wanted)
    if shape and len(shape) != 3:
        raise ValueError(f"image is {shape}, but must be {wanted}")
    return tuple(size_of("image", size) for size in shape)


def _n_columns(image: Sequence[int], n_described: int) -> int:
    if image:
        return math.prod(image)
    if n_described:
        return n_described
    raise TypeError("n_columns is missing; only with image=, or with a sequence of all columns, it need not be given")


def _image_layers(what: str, layers: Union[ImageLayer, Sequence[ImageLayer]]) -> Sequence[ImageLayer]:
    if isinstance(layers, ImageLayer):
        return (layers,)
    return sequence_of(what, layers, "a sequence of layers: [aepred.conv(16, 3, 2)]")


def _whole_columns(n_columns: int) -> int:
    shape = getattr(n_columns, "shape", ())
    if isinstance(shape, tuple) and len(shape) > 1:
        raise TypeError(f"n_columns is {shown(n_columns)}, but must be a number; rows go to fit: Model({shape[1]}).fit(rows)")
    return size_of("n_columns", n_columns)


class Model:
    """A network with its columns, scaling, calibration and threshold.

    Parameters
    ----------
    n_columns : int, optional
        Need not be given for images, nor where `columns` is a sequence of all of them.
    columns : sequence of Column or str, or mapping of int to those, optional
        What all columns are, in order, or some of them by index; the others are numeric and have no name. Text is the name
        of a numeric column. `aepred.columns_of` takes them from a data frame.
    image : (channels, height, width), optional
        Makes rows images, channels first; n_columns is then the product.
    image_encoder, image_decoder : sequence of ImageLayer, optional
        Layers that work on images, from the image on and up to it; empty for two convolutions, and for the encoder's
        layers mirrored.
    encoder, decoder, head : sequence of int, optional
        Layer widths, the encoder's ending in the width of the code; empty for the presets.
    **options
        Those that `aepred.options()` lists, as numbers or, for choices, by name: ``scaling="robust"``.

    Notes
    -----
    Wherever a method takes rows, these are an array, nested lists or a data frame of shape (n_rows, n_columns), of images
    also (n_rows, channels, height, width). Arrays of float32 in C order are read where they lie, all else is converted.
    In rows that are not an array of numbers, text is the name of a level, and None or NA a missing value.

    Any number of threads may score with a model at the same time. A call that changes it wants it alone: where another
    thread is using the model, RuntimeError is raised.
    """

    def __init__(
        self,
        n_columns: Optional[int] = None,
        *,
        columns: Optional[Columns] = None,
        image: Sequence[int] = (),
        image_encoder: Sequence[ImageLayer] = (),
        image_decoder: Sequence[ImageLayer] = (),
        encoder: Sequence[int] = (),
        decoder: Sequence[int] = (),
        head: Sequence[int] = (),
        **options: Value,
    ) -> None:
        image = image_shape(image)
        described = columns_by_index(columns)
        n_listed = 0 if isinstance(columns, Mapping) else len(described)
        n_columns = _n_columns(image, n_listed) if n_columns is None else _whole_columns(n_columns)
        pointer = c_void_p()
        with OptionsHandle() as handle:
            handle.set(options)
            for part, widths in ((Part.ENCODER, encoder), (Part.DECODER, decoder), (Part.HEAD, head)):
                handle.set_layers(part, widths)
            if image:
                handle.set_image(image)
            for part, layers in ((Part.ENCODER, image_encoder), (Part.DECODER, image_decoder)):
                for layer in _image_layers(f"image_{part.name.lower()}", layers):
                    handle.add_image_layer(part, layer)
            for index, column in described.items():
                handle.set_column(index, column)
            check_all_described(n_listed, n_columns)
            check(lib.aep_model_new(byref(pointer), handle.pointer, n_columns))
        self._own(pointer)

    def _own(self, pointer: c_void_p) -> None:
        self._pointer = pointer
        self._guard = Guard()
        self._local = threading.local()
        self._image = self._shape(lib.aep_model_image)
        _free_before_exit(self, lib.aep_model_free, pointer)
        check(lib.aep_model_set_log(pointer, log, None))

    @classmethod
    def _of(cls, pointer: c_void_p) -> "Model":
        model = cls.__new__(cls)
        model._own(pointer)
        return model

    # ------------------------------------------------------------------------------------------------ description

    @property
    def n_columns(self) -> int:
        """How many columns rows have; of images all their values."""
        return int(lib.aep_model_n_columns(self._pointer))

    @property
    def n_features(self) -> int:
        """Width of the network: columns after one-hot expansion and missing indicators."""
        return int(lib.aep_model_n_features(self._pointer))

    @property
    def code_size(self) -> int:
        """Number of latent variables."""
        return int(lib.aep_model_code_size(self._pointer))

    @property
    def error_size(self) -> int:
        """Width of the reconstruction error: 1, or n_features for the vector form."""
        return int(lib.aep_model_error_size(self._pointer))

    @property
    def threads(self) -> int:
        """How many threads a call may use, 1 at first; results are the same for any number. It is not saved."""
        return int(lib.aep_model_threads(self._pointer))

    @threads.setter
    def threads(self, n: int) -> None:
        with self._guard.writing():
            check(lib.aep_model_set_threads(self._pointer, size_of("threads", n)))
            self._local = threading.local()  # workspaces have room for as many threads as there were

    @property
    def image(self) -> Optional[ImageShape]:
        """(channels, height, width) of the images that the rows are, or None."""
        return self._image

    def _shape(self, function: Callable[..., int], *arguments: int) -> Optional[ImageShape]:
        sizes = channels, height, width = c_size_t(), c_size_t(), c_size_t()
        if function(*map(byref, sizes), self._pointer, *arguments) < 0:
            return None
        return channels.value, height.value, width.value

    @property
    def image_layers(self) -> dict[str, tuple[ImageLayer, ...]]:
        """The image layers of encoder and decoder, with presets, padding and mirroring resolved."""
        return {part.name.lower(): tuple(self._image_layers(part)) for part in (Part.ENCODER, Part.DECODER)}

    def _image_layers(self, part: Part) -> Iterator[ImageLayer]:
        kind, numbers = c_int(), [c_size_t() for _ in range(4)]
        for layer in count():
            if lib.aep_model_image_layer(byref(kind), *map(byref, numbers), self._pointer, part, layer) < 0:
                return
            yield ImageLayer(LayerKind(kind.value), *(number.value for number in numbers))

    @property
    def image_maps(self) -> dict[str, tuple[ImageShape, ...]]:
        """(channels, height, width) of the map that comes out of each of the `image_layers`."""
        return {part.name.lower(): tuple(self._image_maps(part)) for part in (Part.ENCODER, Part.DECODER)}

    def _image_maps(self, part: Part) -> Iterator[ImageShape]:
        for layer in count():
            shape = self._shape(lib.aep_model_image_map, part, layer)
            if shape is None:
                return
            yield shape

    @property
    def columns(self) -> tuple[Column, ...]:
        """What each column is."""
        return tuple(map(self._column, range(self.n_columns)))

    def _column(self, index: int) -> Column:
        name = lib.aep_model_column_name(self._pointer, index)
        levels: Union[None, int, tuple[Optional[str], ...]] = None
        if check(lib.aep_model_column_kind(self._pointer, index)) == ColumnKind.CATEGORICAL:
            n_levels = int(lib.aep_model_column_levels(self._pointer, index))
            names = tuple(_text(lib.aep_model_level_name(self._pointer, index, level)) for level in range(n_levels))
            levels = names if any(name is not None for name in names) else n_levels
        return Column(_text(name), levels)

    @property
    def layers(self) -> dict[str, tuple[int, ...]]:
        """The layer widths of encoder, decoder and head."""
        return {part.name.lower(): self._layers(part) for part in Part}

    def _layers(self, part: Part) -> tuple[int, ...]:
        n = check(lib.aep_model_layers(None, 0, self._pointer, part))
        widths = (c_size_t * n)()
        check(lib.aep_model_layers(widths, n, self._pointer, part))
        return tuple(widths)

    @property
    def options(self) -> dict[str, Value]:
        """The values of all options by name."""
        number = c_double()
        values = {}
        with self._guard.reading():
            for name, option in options().items():
                check(lib.aep_model_get(byref(number), self._pointer, option.key))
                values[name] = option.value(number.value)
        return values

    def set(self, **options: Value) -> None:
        """Change options that are `changeable`: ``model.set(learning_rate=1e-4)``.

        Another `score` drops calibration and threshold: call `calibrate` again.

        Parameters
        ----------
        **options
            By name, as for a new model.
        """
        with self._guard.writing():
            for name, value in options.items():
                option = find_changeable(name)
                check(lib.aep_model_set(self._pointer, option.key, option.number(value)))

    @property
    def stats(self) -> dict[str, float]:
        """Losses, steps, latent spread and so on; NaN where not known yet."""
        with self._guard.reading():
            return {name: self._stat(stat) for name, stat in _STATS.items()}

    def _stat(self, stat: int) -> float:
        value = c_double()
        status = lib.aep_model_stat(byref(value), self._pointer, stat)
        if status == Status.E_STATE:
            take_message()
        else:
            check(status)
        return value.value

    @property
    def history(self) -> dict[str, NDArray[np.float64]]:
        """Those statistics that are kept for each epoch."""
        with self._guard.reading():
            n_epochs = int(self._stat(_STATS["epochs"]))
            histories = {name: self._history(stat, n_epochs) for name, stat in _STATS.items()}
        return {name: history for name, history in histories.items() if history is not None}

    def _history(self, stat: int, n_epochs: int) -> Optional[NDArray[np.float64]]:
        values = np.empty(n_epochs)
        value = c_double()
        for epoch in range(n_epochs):
            status = lib.aep_model_history(byref(value), self._pointer, epoch, stat)
            if status == Status.E_OPTION or status == Status.E_STATE:
                take_message()
            else:
                check(status)
            if status == Status.E_OPTION:
                return None
            values[epoch] = value.value
        return values

    def __repr__(self) -> str:
        rows = f"image={self.image}" if self.image else f"n_columns={self.n_columns}"
        return f"Model({rows}, {', '.join(f'{k}={v}' for k, v in self.layers.items())})"

    # --------------------------------------------------------------------------------------------------- training

    @cached_property
    def _table(self) -> Table:
        return Table(self.columns)

    def _rows(self, rows: ArrayLike) -> Floats:
        """Rows as the library takes them."""
        if not is_numbers(rows):
            rows = self._numbers(rows, self._refuses_unseen())
        try:
            return rows_of(rows, self.image)
        except TooLarge as error:
            raise self._at(error) from None

    def _numbers(self, rows: ArrayLike, refuse_unseen: bool) -> ArrayLike:
        numbers = self._table.numbers(rows, refuse_unseen)
        if np.iscomplexobj(numbers):
            raise TypeError("rows are complex numbers, but must be real")
        return numbers

    def _refuses_unseen(self) -> bool:
        number = c_double()
        with self._guard.reading():
            check(lib.aep_model_get(byref(number), self._pointer, _UNSEEN.key))
        return _UNSEEN.value(number.value) == "error"

    def _training_rows(self, rows: ArrayLike) -> Floats:
        """The same for those that decide about scaling: with a warning of what single precision loses."""
        if isinstance(rows, np.ndarray) and exact(rows.dtype):
            return self._rows(rows)
        wide = np.asarray(without_mask(rows if is_numbers(rows) else self._numbers(rows, refuse_unseen=True)))
        wide = wide.astype(np.float64) if wide.dtype.kind in "OUS" else wide
        numbers = self._rows(wide)
        if numbers.shape[1:] and math.prod(numbers.shape[1:]) == self.n_columns:  # else the library refuses them
            self._warn_of_losses(wide, numbers)
        return numbers

    def _warn_of_losses(self, wide: NDArray[Any], rows: Floats) -> None:
        for index, before, after in () if exact(wide.dtype) else columns_lost(wide, rows):
            warn(
                f"{self._place(index)}: {before} different values became {after} in single precision; "
                "subtract an offset first, such as the smallest value"
            )

    def _place(self, index: int) -> str:
        """A column as messages name it; of images also where that is."""
        if self._image:
            return f"column {index} (channel {{}}, y {{}}, x {{}})".format(*np.unravel_index(index, self._image))
        name = lib.aep_model_column_name(self._pointer, index)
        return f"column {index}" if name is None else f"column {index} ({_text(name)})"

    def _at(self, error: TooLarge) -> NotFiniteError:
        """The error with the place of its value."""
        row, column = error.cell
        place = self._place(column) if column < self.n_columns else f"column {column}"
        return NotFiniteError(f"row {row}, {place}: {error}")

    def _error(self, status: int) -> AepredError:
        """What a negative status means, in images with the place of a value."""
        error = error_of(status)
        found = _CELL.match(str(error)) if self._image else None
        return type(error)(str(error).replace(found[1], self._place(int(found[2])), 1)) if found else error

    def _check(self, status: int) -> None:
        raise_logged()
        if status < 0:
            raise self._error(status)

    def _check_rows(self, rows: Floats) -> None:
        """Refuse what scoring would."""
        row, column = c_size_t(), c_size_t()
        with self._guard.reading():
            status = lib.aep_check_rows(byref(row), byref(column), self._pointer, *matrix(rows))
        if status not in (Status.E_NOT_FINITE, Status.E_LEVEL):
            return self._check(status)
        take_message()
        value = rows.reshape(len(rows), -1)[row.value, column.value]
        raise self._refused(status, f"row {row.value}, {self._place(column.value)}", value)

    def _refused(self, status: int, place: str, value: np.float32) -> AepredError:
        if status == Status.E_LEVEL:
            return LevelError(f"{place}: {value:g} is not the code of one of its levels, which are 0, 1, 2 and so on")
        hint = '; give missing="impute" if values can be missing' if np.isnan(value) else ""
        return NotFiniteError(f"{place}: the value is {'NaN' if np.isnan(value) else 'infinite'}{hint}")

    def fit_scaling(self, rows: ArrayLike) -> None:
        """Learn location and scale from normal rows; may be called many times, before the first step of training.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)
        """
        rows = self._training_rows(rows)
        with self._guard.writing():
            self._check(lib.aep_fit_scaling(self._pointer, *matrix(rows)))

    def fit_batch(self, rows: ArrayLike) -> None:
        """One step of the optimiser on one batch of normal rows.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)
            At least 2.
        """
        rows = self._rows(rows if is_numbers(rows) else self._numbers(rows, refuse_unseen=True))
        with self._guard.writing():
            self._check(lib.aep_fit_batch(self._pointer, *matrix(rows)))

    def fit(self, rows: ArrayLike, progress: Optional[Progress] = None) -> bool:
        """Train on normal rows.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)
        progress : callable, optional
            ``progress(model, epoch, epochs, batch, batches)`` is called after every step: true stops the training; so does
            an exception, which comes out of fit. The model is usable in both cases, and after a keyboard interrupt.

        Returns
        -------
        bool
            Whether it ran to its end.
        """
        if not (progress is None or callable(progress)):
            raise TypeError(f"progress is {shown(progress)}, but must be callable; a model takes no labels: fit(rows)")
        rows = self._training_rows(rows)
        raised: list[BaseException] = []

        def step(_model: int, epoch: int, epochs: int, batch: int, batches: int, _payload: int) -> int:
            try:
                stop = progress is not None and progress(self, epoch, epochs, batch, batches)
            except BaseException as error:  # an exception must not cross the C library
                raised.append(error)
            return 1 if raised or stop else 0

        with self._guard.writing(), kept_interrupts(raised):
            status = lib.aep_fit(self._pointer, *matrix(rows), ProgressFn(step), None)
        if raised:
            take_message()
            raise raised.pop()
        raise_logged()
        if status == Status.E_CANCELLED:
            take_message()
            return False
        self._check(status)
        return True

    # -------------------------------------------------------------------------------------------------- threshold

    def calibrate(self, rows: ArrayLike) -> None:
        """Keep the scores of normal rows that were not trained on, and set the threshold from the alarm rate.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)
        """
        rows = self._rows(rows)
        with self._guard.writing():
            self._check(lib.aep_calibrate(self._pointer, *matrix(rows)))

    def set_alarm_rate(self, rate: float) -> None:
        """Set the threshold so that about this share of normal rows is flagged.

        Parameters
        ----------
        rate : float
            From 0 to 1.
        """
        with self._guard.writing():
            check(lib.aep_set_alarm_rate(self._pointer, float(rate)))

    @property
    def threshold(self) -> Optional[float]:
        """Scores of at least this are anomalies; None before calibration."""
        with self._guard.reading():
            value = self._stat(_STATS["threshold"])
        return None if np.isnan(value) else value

    @threshold.setter
    def threshold(self, value: float) -> None:
        with self._guard.writing():
            check(lib.aep_set_threshold(self._pointer, float(value)))

    def predict(self, scores: ArrayLike) -> NDArray[np.bool_]:
        """Whether each score is an anomaly.

        Parameters
        ----------
        scores : array-like of shape (n_rows,)
            Results of `score`.

        Returns
        -------
        ndarray of bool of shape (n_rows,)
        """
        scores = scores_of(scores, "predict")
        labels = np.empty(scores.shape, np.uint8)
        with self._guard.reading():
            check(lib.aep_predict(labels.ctypes.data, self._pointer, scores.ctypes.data, scores.size))
        return labels.view(bool)

    def pvalue(self, scores: ArrayLike) -> Floats:
        """Conformal p-values of scores: small ones are anomalous.

        Parameters
        ----------
        scores : array-like of shape (n_rows,)
            Results of `score`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Of a normal row, at most a with probability at most a.
        """
        scores = scores_of(scores, "pvalue")
        pvalues = np.empty(scores.shape, np.float32)
        with self._guard.reading():
            check(lib.aep_pvalue(pvalues.ctypes.data, self._pointer, scores.ctypes.data, scores.size))
        return pvalues

    # ---------------------------------------------------------------------------------------------------- scoring

    def _workspace(self) -> c_void_p:
        try:
            workspace: _Workspace = self._local.workspace
        except AttributeError:
            workspace = self._local.workspace = _Workspace(self._pointer)
        return workspace.pointer

    def _call(self, function: Callable[..., int], rows: Floats, *outputs: Floats) -> None:
        with self._guard.reading():
            addresses = [output.ctypes.data for output in outputs]
            status = function(*addresses, self._pointer, self._workspace(), *matrix(rows))
        if status < 0:
            raise self._error(status)

    def score(self, rows: ArrayLike) -> Floats:
        """Scores of rows.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of shape (n_rows,)
            The higher, the more anomalous.
        """
        rows = self._rows(rows)
        scores = np.empty(len(rows), np.float32)
        self._call(lib.aep_score, rows, scores)
        return scores

    def encode(self, rows: ArrayLike) -> Floats:
        """Latent variables.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of shape (n_rows, code_size)
        """
        rows = self._rows(rows)
        codes = np.empty((len(rows), self.code_size), np.float32)
        self._call(lib.aep_encode, rows, codes)
        return codes

    def reconstruct(self, rows: ArrayLike) -> Floats:
        """Reconstructions in the units of the input.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of the shape of rows
            In categorical columns the codes of levels.
        """
        rows = self._rows(rows)
        rows_out = np.empty(rows.shape, np.float32)
        self._call(lib.aep_reconstruct, rows, rows_out)
        return rows_out

    def errors(self, rows: ArrayLike) -> tuple[Floats, Floats]:
        """Reconstruction errors and predicted errors.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        errors, predicted : ndarray of shape (n_rows, error_size)
        """
        rows = self._rows(rows)
        errors = np.empty((len(rows), self.error_size), np.float32)
        predicted = np.empty_like(errors)
        self._call(lib.aep_errors, rows, errors, predicted)
        return errors, predicted

    def explain(self, rows: ArrayLike) -> Floats:
        """The share of each column in the score.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of the shape of rows
            Each row adds up to 1; of images, heat maps.
        """
        rows = self._rows(rows)
        shares = np.empty(rows.shape, np.float32)
        self._call(lib.aep_explain, rows, shares)
        return shares

    def invalid_cell(self, rows: ArrayLike) -> Optional[tuple[int, ...]]:
        """Where the first value is that scoring would refuse.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        tuple of int or None
            An index into the rows given: row and column, of images row, channel and so on.
        """
        try:
            rows = rows_of(rows if is_numbers(rows) else self._numbers(rows, refuse_unseen=False), self.image)
        except TooLarge as error:
            return error.cell[0], *map(int, np.unravel_index(error.cell[1], np.shape(rows)[1:]))
        row, column = c_size_t(), c_size_t()
        with self._guard.reading():
            status = lib.aep_check_rows(byref(row), byref(column), self._pointer, *matrix(rows))
        if status in (Status.E_NOT_FINITE, Status.E_LEVEL):
            take_message()
            return row.value, *map(int, np.unravel_index(column.value, rows.shape[1:]))
        check(status)
        return None

    # ----------------------------------------------------------------------------------------------------- saving

    def copy(self) -> "Model":
        """A model of its own with everything that this one has; so do copy.copy and copy.deepcopy."""
        pointer = c_void_p()
        with self._guard.reading():
            check(lib.aep_model_copy(byref(pointer), self._pointer))
        return self._of(pointer)

    __copy__ = copy

    def __deepcopy__(self, _memo: object) -> "Model":
        return self.copy()

    def save(self, path: Path) -> None:
        """Save to a file, which holds the old model or the new one, whole, at any moment.

        Parameters
        ----------
        path : str or os.PathLike
        """
        with self._guard.reading():
            check(lib.aep_model_save_file(self._pointer, _file_name(path)), path)

    @classmethod
    def load(cls, path: Path) -> "Model":
        """A model from its file.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        Model
        """
        pointer = c_void_p()
        try:
            check(lib.aep_model_load_file(byref(pointer), _file_name(path), None), path)
        except FormatError as error:
            with open(path, "rb") as file:
                is_pickle = _is_pickle(file.read(1))
            raise FormatError(f"{os.fspath(path)}: {_PICKLE}") if is_pickle else error
        return cls._of(pointer)

    def to_bytes(self) -> bytes:
        """The model as the bytes of its file."""
        size = c_size_t()
        with self._guard.reading():
            check(lib.aep_model_save_size(byref(size), self._pointer))
            buffer = ctypes.create_string_buffer(size.value)
            check(lib.aep_model_save(buffer, size, self._pointer))
        return buffer.raw

    @classmethod
    def from_bytes(cls, data: Union[bytes, bytearray, memoryview]) -> "Model":
        """A model from the bytes of its file.

        Parameters
        ----------
        data : bytes, bytearray or memoryview
            They may come from anywhere: what is no model is refused.

        Returns
        -------
        Model
        """
        pointer = c_void_p()
        buffer = np.frombuffer(data, np.uint8)
        status = lib.aep_model_load(byref(pointer), buffer.ctypes.data, buffer.size, None)
        if status == Status.E_FORMAT and _is_pickle(buffer[:1].tobytes()):
            take_message()
            raise FormatError(_PICKLE)
        check(status)
        return cls._of(pointer)

    def export_c(self, prefix: str = "model") -> str:
        """The model as one file of C99, for programs without the library; it scores, and has no training.

        Parameters
        ----------
        prefix : str
            What the functions and macros of the file begin with: a letter, then letters, digits and underscores.

        Returns
        -------
        str
            The text, with a comment that tells how to call it. Write it as UTF-8, which names of columns may need.
        """
        name, size = c_string(prefix), c_size_t()
        with self._guard.reading():
            check(lib.aep_export_c_size(byref(size), self._pointer, name))
            buffer = ctypes.create_string_buffer(size.value)
            check(lib.aep_export_c(buffer, size, self._pointer, name))
        return buffer.raw.decode()

    def __reduce__(self) -> tuple[Callable[[bytes], "Model"], tuple[bytes]]:
        return type(self).from_bytes, (self.to_bytes(),)
