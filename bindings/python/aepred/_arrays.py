# SPDX-License-Identifier: BSD-2-Clause
"""NumPy arrays as the library takes them: where they lie if they fit, else converted."""

import math
from typing import Any, Iterator, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import ColumnsError, NotFiniteError

Shape = tuple[int, ...]
Floats = NDArray[np.float32]

_FLOAT32 = np.dtype(np.float32)
_SAMPLE = 10_000  # rows that are looked at for columns that may lose by conversion
_COARSE = 16  # standard deviations divided by the largest error of rounding, below which a column may


def float32_of(values: ArrayLike) -> Floats:
    """A C-ordered float32 array; the very array given if it is one."""
    if type(values) is np.ndarray and values.dtype is _FLOAT32 and values.flags.c_contiguous and values.flags.aligned:
        return values  # here, since np.require takes four times as long to find that out
    values = without_mask(values)
    with np.errstate(over="ignore"):
        array = np.require(values, dtype=_FLOAT32, requirements=("C_CONTIGUOUS", "ALIGNED"))
    if np.isinf(array).any():
        _check_sizes(values, np.isinf(array))
    return array


class TooLarge(NotFiniteError):
    """A finite number is infinite in single precision; `cell` is its row and its column."""

    def __init__(self, message: str, cell: tuple[int, int]) -> None:
        super().__init__(message)
        self.cell = cell


def _check_sizes(values: ArrayLike, infinite: NDArray[np.bool_]) -> None:
    wide = np.asarray(values, np.longdouble)
    for at in np.flatnonzero(infinite & np.isfinite(wide))[:1].tolist():
        message = f"{wide.flat[at]:g} is too large for single precision, which ends at 3.4e38: scale it first"
        raise TooLarge(message, divmod(at, math.prod(wide.shape[1:]))) if wide.ndim > 1 else NotFiniteError(message)


def without_mask(values: Any) -> Any:
    """A masked array as an ordinary one with NaN where values are masked; others as they are."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    kind = values.dtype.kind
    masked: Any = values if kind in "fc" else values.astype(float if kind in "iub" else object)
    return masked.filled(np.nan)


def shown(value: object) -> str:
    """A value as messages show it: of what is large no more than what it is."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{'an array' if isinstance(value, np.ndarray) else 'a ' + type(value).__name__} of shape {shape}"
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 100 else f"{text[:80]}... ({type(value).__name__})"


def exact(dtype: object) -> bool:
    """Whether float32 holds every value of a dtype."""
    return isinstance(dtype, np.dtype) and dtype.kind in "fiub" and np.can_cast(dtype, _FLOAT32)


def columns_lost(wide: NDArray[Any], rows: Floats) -> Iterator[tuple[int, int, int]]:
    """Columns whose different values became far fewer in single precision: index, how many there were, how many there are."""
    wide, rows = wide.reshape(len(wide), -1), rows.reshape(len(rows), -1)
    sample = wide[:: max(len(wide) // _SAMPLE, 1)]
    for index in range(wide.shape[1]):
        if _is_coarse(sample[:, index]):
            before, after = (len(np.unique(column)) for column in (wide[:, index], rows[:, index]))
            if 2 * after < before:
                yield index, before, after


def _is_coarse(column: NDArray[Any]) -> bool:
    """Whether the errors of rounding to float32 are not small beside the spread of a column."""
    column = column[np.isfinite(column)]
    return column.size > 1 and bool(np.abs(column).max() * 2.0**-24 * _COARSE > column.std())


def rows_of(rows: ArrayLike, image: Optional[Shape] = None) -> Floats:
    """A C-ordered float32 array (n_rows, n_columns), or (n_rows, channels, height, width) for a model of such images,
    where a size of 1 may be left out; the very array given if it is one.
    """
    array = float32_of(rows)
    if array.ndim != 2:
        check_shape(array.shape, image)
    return array


def check_shape(shape: Shape, image: Optional[Shape]) -> None:
    """Refuse rows of a shape other than (n_rows, n_columns) that are no images of a model."""
    if not image or len(shape) < 3:
        hint = "" if len(shape) < 3 else "; images take image=(channels, height, width)"
        raise ValueError(f"rows have {len(shape)} dimensions, but must have 2: (n_rows, n_columns){hint}")
    shapes = [image, *(image[:axis] + image[axis + 1 :] for axis, size in enumerate(image) if size == 1)]
    if shape[1:] not in shapes:
        wanted = " or ".join(_rows_shape(shape) for shape in [*dict.fromkeys(shapes), (math.prod(image),)])
        raise ColumnsError(f"rows have the shape {shape}, but this model takes {wanted}")


def _rows_shape(row: Shape) -> str:
    return f"(n, {', '.join(map(str, row))})"


def scores_of(scores: ArrayLike, method: str = "") -> Floats:
    """A float32 vector; the very array given if it is one."""
    array = float32_of(scores)
    if array.ndim != 1:
        hint = f": {method} takes scores, as in model.{method}(model.score(rows))" if method else ""
        raise ValueError(f"scores have {array.ndim} dimensions, but must have 1{hint}")
    return array


def matrix(rows: Floats) -> tuple[int, int, int]:
    """The three arguments that describe rows in a call: address, n_rows, n_cols."""
    n_rows, *row = rows.shape
    return rows.ctypes.data, n_rows, math.prod(row)
