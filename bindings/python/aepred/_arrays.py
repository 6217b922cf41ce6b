# SPDX-License-Identifier: BSD-2-Clause
"""NumPy arrays as the library takes them: where they lie if they fit, else converted."""

import numpy as np
from numpy.typing import ArrayLike


def rows_of(rows: ArrayLike) -> np.ndarray:
    """A C-ordered float32 matrix; the very array given if it is one."""
    array = np.require(rows, dtype=np.float32, requirements=("C_CONTIGUOUS", "ALIGNED"))
    if array.ndim != 2:
        raise ValueError(f"rows have {array.ndim} dimensions, but must have 2: (n_rows, n_columns)")
    return array


def scores_of(scores: ArrayLike) -> np.ndarray:
    """A float32 vector; the very array given if it is one."""
    array = np.require(scores, dtype=np.float32, requirements=("C_CONTIGUOUS", "ALIGNED"))
    if array.ndim != 1:
        raise ValueError(f"scores have {array.ndim} dimensions, but must have 1")
    return array


def matrix(rows: np.ndarray) -> tuple[int, int, int]:
    """The three arguments that describe rows in a call: address, n_rows, n_cols."""
    return rows.ctypes.data, rows.shape[0], rows.shape[1]
