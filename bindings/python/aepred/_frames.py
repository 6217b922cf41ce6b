# SPDX-License-Identifier: BSD-2-Clause
"""Tables as the library takes them: data frames of pandas, and rows that hold the names of levels or None.

pandas is never imported here: whoever has a data frame has imported it.
"""

import sys
from collections.abc import Sequence
from functools import cached_property
from numbers import Integral, Real
from types import ModuleType
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import Floats, exact, shown, without_mask
from ._errors import ColumnsError, LevelError
from ._options import Column

_NUMBERS = "fiub"  # kinds of dtype that are converted to float32 without a look at the values
_TIMES = "mM"  # kinds of dtype for dates and durations, which NumPy would convert too
_NO_TEXT = {  # what pandas may infer of objects that are no levels; times are refused later, as numbers
    *("integer", "floating", "mixed-integer-float", "decimal", "boolean", "complex", "empty"),
    *("date", "datetime", "datetime64", "time", "timedelta", "timedelta64", "period", "interval"),
}


def _pandas() -> Optional[ModuleType]:
    return sys.modules.get("pandas")


def is_frame(rows: object) -> bool:
    """Whether rows are a data frame of pandas."""
    return isinstance(rows, getattr(_pandas(), "DataFrame", ()))


def is_numbers(rows: object) -> bool:
    """Whether rows are an array of numbers, in which categorical columns hold codes."""
    return isinstance(rows, np.ndarray) and rows.dtype.kind in _NUMBERS


def level_name(value: object) -> str:
    """The name of a level that pandas holds as any object: 2 and 2.0 are the same level, for NaN turns one into the other."""
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def columns_of(frame: Any) -> tuple[Column, ...]:
    """Describe the columns of a data frame, for ``aepred.Model(columns=...)``.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of dtype category become categorical with their categories as levels, in order; those of text, or of
        objects that are not all numbers, with their values as levels, sorted. The others are numeric.

    Returns
    -------
    tuple of Column
        With names where those of the frame are strings.

    Examples
    --------
    >>> model = aepred.Model(columns=aepred.columns_of(frame), missing="impute")
    >>> model.fit(frame)
    """
    if not is_frame(frame):
        raise TypeError(f"columns_of takes a pandas.DataFrame, but was given {type(frame).__name__}")
    return tuple(
        Column(name if isinstance(name, str) else None, _levels(frame.iloc[:, index], name))
        for index, name in enumerate(frame.columns)
    )


def _levels(series: Any, name: object) -> Optional[tuple[str, ...]]:
    if hasattr(series, "cat"):
        values = list(series.cat.categories)
    elif _is_text(series):
        values = sorted(series.dropna().unique(), key=level_name)
    else:
        return None
    names = tuple(map(level_name, values))
    if len(set(names)) < len(names):
        raise ValueError(f"column {name!r} has levels that differ, but not as text: {names}")
    return names or None  # a column without any value is as good as numeric


def _is_text(series: Any) -> bool:
    """Whether the values of a column are no numbers, as far as they are there."""
    if series.dtype.kind != "O":
        return False
    inferred = _pandas().api.types.infer_dtype(series, skipna=True)  # type: ignore[union-attr]
    return inferred not in _NO_TEXT


class Table:
    """What the columns of a model make of a row: the codes of its levels, where these have names."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns

    @cached_property
    def _codes(self) -> dict[int, dict[str, int]]:
        """The codes of the levels of each column that has names for them."""
        named = {i: c.levels for i, c in enumerate(self.columns) if c.levels is not None and not isinstance(c.levels, int)}
        return {i: {level: code for code, level in enumerate(levels) if level is not None} for i, levels in named.items()}

    def _absent(self, column: int) -> int:
        """A code that stands for no level."""
        levels = self.columns[column].levels
        return len(levels)  # type: ignore[arg-type]

    def numbers(self, rows: ArrayLike, refuse_unseen: bool) -> ArrayLike:
        """Rows with codes for the names of levels and NaN for what is missing; rows of numbers as they are."""
        if is_numbers(rows):
            return rows
        if is_frame(rows):
            return self._of_frame(rows, refuse_unseen)
        return self._of_objects(rows, refuse_unseen)

    # ----------------------------------------------------------------------------------------------- data frames

    def _of_frame(self, frame: Any, refuse_unseen: bool) -> NDArray[Any]:
        """In double precision where float32 may not do, which is decided later."""
        self._check_names(frame)
        kind = np.float32 if all(map(exact, set(frame.dtypes))) else np.float64
        if not self._codes and all(getattr(dtype, "kind", "O") in _NUMBERS for dtype in set(frame.dtypes)):
            if all(isinstance(dtype, np.dtype) for dtype in set(frame.dtypes)):
                return np.ascontiguousarray(frame.to_numpy(), dtype=kind)
        numbers: NDArray[Any] = np.empty(frame.shape, kind)
        for index in range(frame.shape[1]):
            series = frame.iloc[:, index]
            is_level = index in self._codes
            numbers[:, index] = self._codes_of(series, index, refuse_unseen) if is_level else _numbers_of(series, kind)
        return numbers

    def _check_names(self, frame: Any) -> None:
        if frame.shape[1] != len(self.columns):
            raise ColumnsError(f"the data frame has {frame.shape[1]} columns, the model has {len(self.columns)}")
        for index, (column, name) in enumerate(zip(self.columns, frame.columns)):
            if column.name is not None and isinstance(name, str) and name != column.name:
                raise ColumnsError(f"column {index} of the data frame is {name!r}, but that of the model is {column.name!r}")

    def _codes_of(self, series: Any, index: int, refuse_unseen: bool) -> Floats:
        """Whatever the dtype, values are the names of levels, so that 2 means the level "2" at any time."""
        if hasattr(series, "cat"):
            places, values = series.cat.codes.to_numpy(), series.cat.categories
        else:
            values = series.to_numpy(object) if series.dtype.kind == "O" else series
            places, values = _pandas().factorize(values)  # type: ignore[union-attr]
        codes, absent = self._codes[index], self._absent(index)
        found = [codes.get(level_name(value), absent) for value in values]
        table: Floats = np.array([*found, np.nan], np.float32)  # place -1, the last one, is that of a missing value
        numbers = table[np.asarray(places, dtype=np.intp)]
        if refuse_unseen and absent in found:
            for row in np.flatnonzero(numbers == absent)[:1]:
                raise self._unseen(row, index, level_name(values[places[row]]))
        return numbers

    def _unseen(self, row: int, index: int, level: str) -> LevelError:
        name, known = self.columns[index].name, list(self._codes[index])
        levels = ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
        return LevelError(f"row {row}, column {index}: {shown(level)} is not a level of {name or 'it'}: {levels}")

    # --------------------------------------------------------------------------------------------- other objects

    def _of_objects(self, rows: ArrayLike, refuse_unseen: bool) -> ArrayLike:
        """Text is the name of a level where levels have names, numbers are codes."""
        if hasattr(rows, "__array__"):
            rows = np.asarray(without_mask(rows))
        if isinstance(rows, np.ndarray) and rows.dtype.kind not in "OUS":
            if rows.dtype.kind in _TIMES:
                raise TypeError("rows are dates or times, but must be numbers")
            return rows
        objects = np.array(rows, dtype=object)
        if objects.ndim != 2:
            return rows
        objects[_is_missing(objects)] = np.nan
        if self._codes and objects.shape[1] != len(self.columns):
            raise ColumnsError(f"the rows have {objects.shape[1]} columns, the model has {len(self.columns)}")
        for index, codes in self._codes.items():
            absent = self._absent(index)
            column = objects[:, index]
            unseen = (row for row, value in enumerate(column) if isinstance(value, str) and value not in codes)
            for row in unseen if refuse_unseen else ():
                raise self._unseen(row, index, column[row])
            column[:] = [codes.get(value, absent) if isinstance(value, str) else value for value in column]
        return objects


def _is_missing(objects: NDArray[np.object_]) -> NDArray[np.bool_]:
    isna = getattr(_pandas(), "isna", None)
    return np.asarray(isna(objects) if isna else objects == np.array(None, dtype=object), dtype=bool)


def _numbers_of(series: Any, kind: type) -> NDArray[Any]:
    try:
        if series.dtype.kind in _TIMES + "c":
            raise TypeError(f"values of dtype {series.dtype} must be made real numbers")
        if series.dtype.kind == "O":
            series = series.where(series.notna(), np.nan)
        return np.asarray(series.to_numpy(dtype=kind, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise type(error)(f"column {series.name!r}: {error}") from error
