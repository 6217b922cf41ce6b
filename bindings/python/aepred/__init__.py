# SPDX-License-Identifier: BSD-2-Clause
"""Anomaly detection with libaepred: learn from normal rows alone, then score rows.

>>> model = aepred.Model(n_columns, encoder=(32, 8), epochs=50, seed=1)
>>> model.fit(normal_rows)
>>> model.calibrate(other_normal_rows)
>>> scores = model.score(rows)
>>> anomalies = model.predict(scores)

A thin layer over the C library. Rows are NumPy arrays of shape (n_rows, n_columns), images also (n_rows, channels,
height, width); those of float32 in C order are read where they lie, others are converted first. Warnings of the library
go to the logger "aepred", those of the estimators are Python's (AepredWarning); errors become exceptions.
"""

from typing import TYPE_CHECKING, Any

from . import metrics
from ._constants import ColumnKind, DriftKind, LayerKind, LogLevel, OptionType, Part, Status
from ._drift import Drift, Shift
from ._errors import (
    AepredError,
    AepredWarning,
    ArgumentError,
    BufferTooSmall,
    Cancelled,
    ChecksumError,
    ColumnsError,
    Diverged,
    FileError,
    FormatError,
    LevelError,
    LimitError,
    NotFiniteError,
    OptionError,
    OutOfMemory,
    RangeError,
    RowsError,
    StateError,
    VersionError,
    WorkspaceError,
)
from ._frames import columns_of
from ._library import library_path, library_version
from ._model import Model
from ._options import (
    Column,
    ImageLayer,
    Option,
    average_pool,
    conv,
    conv_transposed,
    max_pool,
    norm,
    options,
    upsample,
)

if TYPE_CHECKING:
    from .detector import AEPDetector
    from .pyod import PyODDetector

__all__ = [
    "AEPDetector",
    "AepredError",
    "AepredWarning",
    "ArgumentError",
    "BufferTooSmall",
    "Cancelled",
    "ChecksumError",
    "Column",
    "ColumnKind",
    "ColumnsError",
    "Diverged",
    "Drift",
    "DriftKind",
    "FileError",
    "FormatError",
    "ImageLayer",
    "LayerKind",
    "LevelError",
    "LimitError",
    "LogLevel",
    "Model",
    "NotFiniteError",
    "Option",
    "OptionError",
    "OptionType",
    "OutOfMemory",
    "Part",
    "PyODDetector",
    "RangeError",
    "RowsError",
    "Shift",
    "StateError",
    "Status",
    "VersionError",
    "WorkspaceError",
    "average_pool",
    "columns_of",
    "conv",
    "conv_transposed",
    "library_path",
    "library_version",
    "max_pool",
    "metrics",
    "norm",
    "options",
    "upsample",
]

__version__ = library_version()

_LAZY = {"AEPDetector": "detector", "PyODDetector": "pyod"}  # these need scikit-learn


def _has_scikit_learn() -> bool:
    from importlib.util import find_spec

    try:
        return find_spec("sklearn") is not None
    except ValueError:  # it was made unavailable
        return False


if not _has_scikit_learn():  # for `import *` and those who look at all names
    __all__.remove("AEPDetector")
    __all__.remove("PyODDetector")


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    except ModuleNotFoundError as error:
        raise ImportError(f"aepred.{name} needs scikit-learn: {error}") from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
