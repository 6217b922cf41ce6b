# SPDX-License-Identifier: BSD-2-Clause
"""Status codes as exceptions, and the log of the library: errors into the exception, the rest to logging or warnings."""

import ctypes
import logging
import os
import re
import sys
import threading
import warnings
from types import FrameType
from typing import Optional, Union

from ._constants import LogLevel, Status
from ._functions import LogFn
from ._library import lib

logger = logging.getLogger("aepred")

Path = Union[str, "os.PathLike[str]"]


_PYTHON = {  # what messages of the library name, and what it is here; of other functions the name without aep_
    "call aep_calibrate or aep_set_threshold": "call calibrate(rows), or set threshold",
    "call aep_options_set_image first": "give image=(channels, height, width)",
    "aep_calibrate": "calibrate(rows)",
    "aep_fit_scaling": "fit_scaling(rows)",
    "aep_fit_batch": "fit_batch(rows)",
}
_C_NAME = re.compile("|".join([*_PYTHON, r"aep_(?:options_|model_)?(\w+)"]))


class AepredWarning(UserWarning):
    """A warning of the library, or of what a conversion of rows loses; the estimators give them."""


class AepredError(Exception):
    """An error of libaepred; `status` is its code."""

    status: Optional[Status] = None


class ArgumentError(AepredError, ValueError):
    """An argument that cannot be, such as text with a NUL."""

    status = Status.E_ARGUMENT


class OutOfMemory(AepredError, MemoryError):
    """There is no memory for it."""

    status = Status.E_MEMORY


class OptionError(AepredError, ValueError):
    """There is no option, or no choice, of that name."""

    status = Status.E_OPTION


class RangeError(AepredError, ValueError):
    """A number is out of its bounds."""

    status = Status.E_RANGE


class ColumnsError(AepredError, ValueError):
    """Rows have other columns than the model, or descriptions of columns do not fit."""

    status = Status.E_COLUMNS


class RowsError(AepredError, ValueError):
    """There are too few rows."""

    status = Status.E_ROWS


class NotFiniteError(AepredError, ValueError):
    """A value is NaN, infinite or too large for single precision."""

    status = Status.E_NOT_FINITE


class LevelError(AepredError, ValueError):
    """A value is no level of its categorical column."""

    status = Status.E_LEVEL


class StateError(AepredError, RuntimeError):
    """It is too early for the call, as for scores of a model without training, or too late."""

    status = Status.E_STATE


class Diverged(AepredError, ArithmeticError):
    """Training or scores became infinite."""

    status = Status.E_DIVERGED


class Cancelled(AepredError):
    """A callback stopped the call."""

    status = Status.E_CANCELLED


class FormatError(AepredError, ValueError):
    """Bytes that are no model."""

    status = Status.E_FORMAT


class VersionError(AepredError, ValueError):
    """A model of a later version of the library."""

    status = Status.E_VERSION


class ChecksumError(AepredError, ValueError):
    """A model whose bytes are damaged."""

    status = Status.E_CHECKSUM


class FileError(AepredError, OSError):
    """With `errno` and `filename`, like every OSError."""

    status = Status.E_IO


class BufferTooSmall(AepredError, ValueError):
    """A buffer is too small for a model."""

    status = Status.E_BUFFER


class WorkspaceError(AepredError, ValueError):
    """A workspace of another model."""

    status = Status.E_WORKSPACE


class LimitError(AepredError, ValueError):
    """Something is larger than the library allows."""

    status = Status.E_LIMIT


BY_STATUS: dict[int, type[AepredError]] = {error.status: error for error in AepredError.__subclasses__() if error.status}

# Of this thread: .message, the last error that the library logged; .raised, by the log; .warned, see Warned
_last = threading.local()
_LEVELS: dict[int, int] = {LogLevel.INFO: logging.INFO}


def in_python(message: str) -> str:
    """A message of the library with the names that its functions have in this package."""
    return _C_NAME.sub(lambda found: _PYTHON.get(found[0]) or found[1], message)


def _log(level: int, message: bytes, _payload: object) -> None:
    """It is called on the thread of the call; ctypes would drop what a handler of logging raises."""
    try:
        _tell(level, in_python(message.decode("utf-8", "replace")))
    except BaseException as error:
        _last.raised = error


def _tell(level: int, text: str) -> None:
    if level == LogLevel.ERROR:
        _last.message = text
    elif level == LogLevel.WARNING:
        warn(text)
    else:
        logger.log(_LEVELS.get(level, logging.DEBUG), "%s", text)


log = LogFn(_log)  # the log callback of every object that this package makes


def warn(text: str) -> None:
    """Log a warning; inside of Warned keep it for that."""
    kept: Optional[list[str]] = getattr(_last, "warned", None)
    if kept is None:
        logger.warning("%s", text)
    else:
        kept.append(text)


class Warned:
    """For `with`: warnings become those of Python, at the line that called the package, when the block ends."""

    def __enter__(self) -> None:
        self._outer = getattr(_last, "warned", None)
        self._kept: list[str] = []
        _last.warned = self._kept

    def __exit__(self, *_: object) -> None:
        _last.warned = self._outer
        for text in self._kept:
            warnings.warn(text, AepredWarning, stacklevel=_level_of_caller())


def _level_of_caller() -> int:
    """The stacklevel, where this function is called, of the first line outside of this package."""
    level, frame = 0, sys._getframe(1)  # type: tuple[int, Optional[FrameType]]
    while frame is not None and frame.f_globals.get("__name__", "").startswith(f"{__package__}."):
        level, frame = level + 1, frame.f_back
    return level + 1


def take_message() -> Optional[str]:
    """The last error message of this thread, once."""
    message = getattr(_last, "message", None)
    _last.message = None
    return message


def error_of(status: int, path: Optional[Path] = None) -> AepredError:
    message = take_message()
    error = BY_STATUS.get(status, AepredError)
    if error is FileError:
        return _file_error(ctypes.get_errno(), message, path)
    message = message or lib.aep_status_str(status).decode()
    return error(message if path is None else f"{os.fspath(path)}: {message}")


def _file_error(number: int, message: Optional[str], path: Optional[Path]) -> FileError:
    """The message without the path, which an OSError adds."""
    prefix = f"{path}: "
    reason = message[len(prefix) :] if message and message.startswith(prefix) else message
    return FileError(number, reason or os.strerror(number), path)


def check(status: int, path: Optional[Path] = None) -> int:
    """Raise what a negative status means, or what was raised while the library logged; other results pass."""
    raise_logged()
    if status < 0:
        raise error_of(status, path)
    return status


def raise_logged() -> None:
    """Raise what a handler of logging did in the last call, once."""
    raised: Optional[BaseException] = getattr(_last, "raised", None)
    if raised is not None:
        _last.raised = None
        take_message()
        raise raised
