# SPDX-License-Identifier: BSD-2-Clause
"""Finding the shared library, by one rule:

1. the file that the environment variable AEPRED_LIBRARY names;
2. else a copy inside this package;
3. else the system's, as its loader finds it.
"""

import ctypes
import os
import sys
from pathlib import Path

from ._functions import FUNCTIONS

NAME = "libaepred.0.dylib" if sys.platform == "darwin" else "libaepred.so.0"


def _find() -> str:
    named = os.environ.get("AEPRED_LIBRARY")
    if named:
        return named
    inside = Path(__file__).parent / NAME
    return str(inside) if inside.exists() else NAME


def library_path() -> str:
    """The file that was loaded, or the bare name that was left to the system's loader."""
    return _PATH


def _load(path: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(path, use_errno=True)
    except OSError as error:
        raise ImportError(
            f"the shared library of libaepred was not found: {error}; install it, or set AEPRED_LIBRARY to its path"
        ) from error
    for name, (result, arguments) in FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{path} has no function {name}: it is older than this package") from None
        function.restype = result
        function.argtypes = arguments
    return library


_PATH = _find()
lib = _load(_PATH)


def library_version() -> str:
    """The version of the C library, for example "0.1.0"."""
    version: bytes = lib.aep_version()
    return version.decode()
