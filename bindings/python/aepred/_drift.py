# SPDX-License-Identifier: BSD-2-Clause
"""How far rows have moved from those that a model was calibrated on."""

from ctypes import byref, c_double, c_size_t, c_void_p
from dataclasses import dataclass
from enum import IntEnum
from typing import Optional

from numpy.typing import ArrayLike

from ._arrays import matrix
from ._constants import DriftFigure, DriftKind, Status
from ._errors import check, take_message
from ._guard import Guard
from ._library import lib
from ._model import Model, _free_before_exit


@dataclass(frozen=True)
class Shift:
    """A variable of today's rows beside that of the rows calibrated on; see aepred.h for the formulas.

    Attributes
    ----------
    kind : DriftKind
        SCORE, CODE (latent variables) or COLUMN.
    index : int
        Which of its kind, from 0.
    name : str or None
        Of a column, if it has one.
    psi : float
        Population stability index: 0.1 is usually called a moderate change, 0.25 a large one.
    psi_noise : float
        What it stays below in 99 of 100 cases where nothing has changed. Above 0.1 there are too few rows.
    rows_needed : float
        How many would do; infinite where there are too few calibration rows.
    psi_pvalue : float
        Of the same bins, by Pearson's chi-squared.
    ks, ks_pvalue : float or None
        Distance of Kolmogorov and Smirnov, and its p-value; None of categorical columns.
    """

    kind: DriftKind
    index: int
    name: Optional[str]
    psi: float
    psi_noise: float
    rows_needed: float
    psi_pvalue: float
    ks: Optional[float]
    ks_pvalue: Optional[float]


class Drift:
    """Rows counted beside those that a model was calibrated on, in memory that does not grow.

    Parameters
    ----------
    model : Model
        A calibrated one. It may be trained further or loaded again meanwhile: rows are scored by the model as it is.

    Raises
    ------
    StateError
        The model was not calibrated, or by a library before 0.4.

    Examples
    --------
    >>> drift = aepred.Drift(model)
    >>> for rows in batches:
    ...     drift.add(rows)
    >>> moved = [shift for shift in drift.shifts() if shift.psi > max(0.25, shift.psi_noise) and shift.psi_pvalue < 1e-3]
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._guard = Guard()
        self._pointer = c_void_p()
        with model._guard.reading():
            check(lib.aep_drift_new(byref(self._pointer), model._pointer))
        _free_before_exit(self, lib.aep_drift_free, self._pointer)

    def add(self, rows: ArrayLike) -> None:
        """Count rows. After an error none of them was counted.

        Parameters
        ----------
        rows : array-like or pandas.DataFrame of shape (n_rows, n_columns)
        """
        model = self._model
        array = model._rows(rows)
        with self._guard.writing(), model._guard.reading():
            status = lib.aep_drift_add(self._pointer, model._pointer, model._workspace(), *matrix(array))
        if status < 0:
            raise model._error(status)

    def clear(self) -> None:
        """Forget the rows counted, to begin another window."""
        with self._guard.writing():
            check(lib.aep_drift_clear(self._pointer))

    def _sizes(self) -> tuple[int, int]:
        n_rows, n_reference = c_size_t(), c_size_t()
        with self._guard.reading():
            check(lib.aep_drift_rows(byref(n_rows), byref(n_reference), self._pointer))
        return n_rows.value, n_reference.value

    @property
    def n_rows(self) -> int:
        """Rows counted."""
        return self._sizes()[0]

    @property
    def n_reference(self) -> int:
        """Rows of the calibration that they are compared with."""
        return self._sizes()[1]

    def _figure(self, kind: DriftKind, index: int, figure: IntEnum) -> Optional[float]:
        value = c_double()
        status = lib.aep_drift_get(byref(value), self._pointer, kind, index, figure)
        if status == Status.E_STATE and figure in (DriftFigure.KS, DriftFigure.KS_PVALUE):
            take_message()
            return None
        check(status)
        return value.value

    def _shift(self, kind: DriftKind, index: int, name: Optional[str]) -> Shift:
        psi, noise, pvalue, ks, ks_pvalue, rows = (self._figure(kind, index, figure) for figure in DriftFigure)
        assert psi is not None and noise is not None and pvalue is not None and rows is not None
        return Shift(kind, index, name, psi, noise, rows, pvalue, ks, ks_pvalue)

    def shifts(self) -> list[Shift]:
        """All variables: the score, the latent variables, then the columns, but for those of an image.

        Returns
        -------
        list of Shift

        Raises
        ------
        StateError
            No rows were added yet.
        """
        model = self._model
        names = () if model.image else tuple(column.name for column in model.columns)
        with self._guard.reading():
            found = [self._shift(DriftKind.SCORE, 0, None)]
            found += [self._shift(DriftKind.CODE, index, None) for index in range(model.code_size)]
            found += [self._shift(DriftKind.COLUMN, index, name) for index, name in enumerate(names)]
        return found
