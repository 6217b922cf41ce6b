# SPDX-License-Identifier: BSD-2-Clause
"""NumPy arrays as the library takes them: where they lie if they fit, else converted."""

import math
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from ._errors import ColumnsError

Shape = tuple[int, ...]


def rows_of(rows: ArrayLike, image: Optional[Shape] = None) -> np.ndarray:
    """A C-ordered float32 array (n_rows, n_columns), or (n_rows, channels, height, width) for a model of such images,
    where a size of 1 may be left out; the very array given if it is one.
    """
    array = np.require(rows, dtype=np.float32, requirements=("C_CONTIGUOUS", "ALIGNED"))
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


def scores_of(scores: ArrayLike) -> np.ndarray:
    """A float32 vector; the very array given if it is one."""
    array = np.require(scores, dtype=np.float32, requirements=("C_CONTIGUOUS", "ALIGNED"))
    if array.ndim != 1:
        raise ValueError(f"scores have {array.ndim} dimensions, but must have 1")
    return array


def matrix(rows: np.ndarray) -> tuple[int, int, int]:
    """The three arguments that describe rows in a call: address, n_rows, n_cols."""
    return rows.ctypes.data, rows.shape[0], math.prod(rows.shape[1:])
