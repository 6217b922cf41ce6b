# SPDX-License-Identifier: BSD-2-Clause
"""Status codes as exceptions, and the log of the library: errors into the exception, the rest to logging."""

import ctypes
import logging
import os
import threading
from typing import Optional, Union

from ._constants import LogLevel, Status
from ._functions import LogFn
from ._library import lib

logger = logging.getLogger("aepred")

Path = Union[str, "os.PathLike[str]"]


class AepredError(Exception):
    """An error of libaepred; `status` is its code."""

    status: Optional[Status] = None


class ArgumentError(AepredError, ValueError):
    status = Status.E_ARGUMENT


class OutOfMemory(AepredError, MemoryError):
    status = Status.E_MEMORY


class OptionError(AepredError, ValueError):
    status = Status.E_OPTION


class RangeError(AepredError, ValueError):
    status = Status.E_RANGE


class ColumnsError(AepredError, ValueError):
    status = Status.E_COLUMNS


class RowsError(AepredError, ValueError):
    status = Status.E_ROWS


class NotFiniteError(AepredError, ValueError):
    status = Status.E_NOT_FINITE


class LevelError(AepredError, ValueError):
    status = Status.E_LEVEL


class StateError(AepredError, RuntimeError):
    status = Status.E_STATE


class Diverged(AepredError, ArithmeticError):
    status = Status.E_DIVERGED


class Cancelled(AepredError):
    status = Status.E_CANCELLED


class FormatError(AepredError, ValueError):
    status = Status.E_FORMAT


class VersionError(AepredError, ValueError):
    status = Status.E_VERSION


class ChecksumError(AepredError, ValueError):
    status = Status.E_CHECKSUM


class FileError(AepredError, OSError):
    """With `errno` and `filename`, like every OSError."""

    status = Status.E_IO


class BufferTooSmall(AepredError, ValueError):
    status = Status.E_BUFFER


class WorkspaceError(AepredError, ValueError):
    status = Status.E_WORKSPACE


class LimitError(AepredError, ValueError):
    status = Status.E_LIMIT


BY_STATUS: dict[int, type[AepredError]] = {error.status: error for error in AepredError.__subclasses__() if error.status}

_last = threading.local()  # .message: the last error that the library logged in this thread
_LEVELS: dict[int, int] = {LogLevel.WARNING: logging.WARNING, LogLevel.INFO: logging.INFO}


def _log(level: int, message: bytes, _payload: object) -> None:
    """It is called on the thread of the call."""
    text = message.decode("utf-8", "replace")
    if level == LogLevel.ERROR:
        _last.message = text
    else:
        logger.log(_LEVELS.get(level, logging.DEBUG), "%s", text)


log = LogFn(_log)  # the log callback of every object that this package makes


def take_message() -> Optional[str]:
    """The last error message of this thread, once."""
    message = getattr(_last, "message", None)
    _last.message = None
    return message


def error_of(status: int, path: Optional[Path] = None) -> AepredError:
    message = take_message() or lib.aep_status_str(status).decode()
    error = BY_STATUS.get(status, AepredError)
    if error is FileError:
        return FileError(ctypes.get_errno(), message, path)
    return error(message)


def check(status: int, path: Optional[Path] = None) -> int:
    """Raise what a negative status means; other results pass."""
    if status < 0:
        raise error_of(status, path)
    return status
