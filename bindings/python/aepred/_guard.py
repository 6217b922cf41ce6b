# SPDX-License-Identifier: BSD-2-Clause
"""The thread classes of aepred.h, kept: any number of threads read an object, or one changes it."""

import os
import threading
import weakref
from contextlib import contextmanager
from typing import Iterator, Optional

_GUARDS: "weakref.WeakSet[Guard]" = weakref.WeakSet()
_GONE = -1  # a thread of the parent process, which does not exist in the child


class Guard:
    """Refuses, rather than makes wait, who would use an object while another thread changes it.

    The thread that changes it may read it meanwhile, as a progress callback does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._writer: Optional[int] = None
        _GUARDS.add(self)

    def after_fork(self) -> None:
        """Forget other threads, in a child process: those that read are gone, and what one was changing stays half done."""
        self._lock = threading.Lock()
        self._readers = 0
        if self._writer not in (None, threading.get_ident()):
            self._writer = _GONE

    def reading(self) -> "Guard":
        """For `with`; the guard is its own context, since a contextmanager costs a microsecond in each call."""
        return self

    def __enter__(self) -> None:
        with self._lock:
            if self._writer is not None and self._writer != threading.get_ident():
                raise RuntimeError(self._why_not() + "; use a copy made before")
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers = max(self._readers - 1, 0)  # in a child process the count began anew

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock:
            if self._writer is not None:
                raise RuntimeError("this model is being changed already")
            if self._readers:
                raise RuntimeError("another thread is reading this model; change a copy")
            self._writer = threading.get_ident()
        try:
            yield
        finally:
            with self._lock:
                self._writer = None

    def _why_not(self) -> str:
        if self._writer == _GONE:
            return "a thread was changing this model when the process was forked"
        return "another thread is changing this model"


def _after_fork() -> None:
    for guard in list(_GUARDS):
        guard.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
