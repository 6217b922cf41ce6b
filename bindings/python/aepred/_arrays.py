# SPDX-License-Identifier: BSD-2-Clause
"""NumPy arrays as the library takes them: where they lie if they fit, else converted."""

import math
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import ColumnsError

Shape = tuple[int, ...]
Floats = NDArray[np.float32]

_FLOAT32 = np.dtype(np.float32)


def float32_of(values: ArrayLike) -> Floats:
    """A C-ordered float32 array; the very array given if it is one."""
    if type(values) is np.ndarray and values.dtype is _FLOAT32 and values.flags.c_contiguous and values.flags.aligned:
        return values  # here, since np.require takes four times as long to find that out
    return np.require(values, dtype=_FLOAT32, requirements=("C_CONTIGUOUS", "ALIGNED"))


def rows_of(rows: ArrayLike, image: Optional[Shape] = None) -> Floats:
    """A C-ordered float32 array (n_rows, n_columns), or (n_rows, channels, height, width) for a model of such images,
    where a size of 1 may be left out; the very array given if it is one.
    """
    array = float32_of(rows)
    if image and array.ndim > 2:
        shapes = [image, *(image[:axis] + image[axis + 1 :] for axis, size in enumerate(image) if size == 1)]
        if array.shape[1:] not in shapes:
            wanted = " or ".join(_rows_shape(shape) for shape in [*dict.fromkeys(shapes), (math.prod(image),)])
            raise ColumnsError(f"rows have the shape {array.shape}, but this model takes {wanted}")
    elif array.ndim != 2:
        raise ValueError(f"rows have {array.ndim} dimensions, but must have 2: (n_rows, n_columns)")
    return array


def _rows_shape(row: Shape) -> str:
    return f"(n, {', '.join(map(str, row))})"


def scores_of(scores: ArrayLike) -> Floats:
    """A float32 vector; the very array given if it is one."""
    array = float32_of(scores)
    if array.ndim != 1:
        raise ValueError(f"scores have {array.ndim} dimensions, but must have 1")
    return array


def matrix(rows: Floats) -> tuple[int, int, int]:
    """The three arguments that describe rows in a call: address, n_rows, n_cols."""
    n_rows, *row = rows.shape
    return rows.ctypes.data, n_rows, math.prod(row)
