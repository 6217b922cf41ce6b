# SPDX-License-Identifier: BSD-2-Clause
"""The thread classes of aepred.h, kept: any number of threads read an object, or one changes it."""

import os
import sys
import threading
import weakref
from contextlib import contextmanager
from threading import get_ident
from types import FrameType
from typing import Iterator, Optional

_GUARDS: "weakref.WeakSet[Guard]" = weakref.WeakSet()
_GONE = -1  # a thread of the parent process, which does not exist in the child


class Guard:
    """Refuses, rather than makes wait, who would use an object while another thread changes it.

    The thread that changes it may read it meanwhile, as a progress callback does. A reader tells first that it reads and looks
    for a writer then, and a writer the other way round, so that one of the two sees the other; there is no lock that a signal
    handler would wait for. An interrupt may keep __exit__ from its work: who stands in the way is believed only as long as the
    object is on the stack of that thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # among those who would write
        self._readers: list[int] = []  # a thread as often as it reads
        self._writer: Optional[int] = None
        _GUARDS.add(self)

    def after_fork(self) -> None:
        """Forget other threads, in a child process: those that read are gone, and what one was changing stays half done."""
        self._lock = threading.RLock()
        self._readers = []
        if self._writer not in (None, get_ident()):
            self._writer = _GONE

    def reading(self) -> "Guard":
        """For `with`; the guard is its own context, since a contextmanager costs a microsecond in each call."""
        return self

    def __enter__(self) -> None:
        thread = get_ident()
        self._readers.append(thread)
        if self._writer is not None and self._writer != thread:
            self._refuse_reader()

    def __exit__(self, *_: object) -> None:
        try:
            self._readers.remove(get_ident())
        except ValueError:
            pass  # in a child process the list began anew

    def _refuse_reader(self) -> None:
        writer = self._writer
        if writer == _GONE or writer is not None and self._is_used_by(writer):
            self.__exit__()
            raise RuntimeError(self._why_not() + "; use a copy made before")

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._begin()
        try:
            yield
        finally:
            self._writer = None

    def _begin(self) -> None:
        thread = get_ident()
        with self._lock:
            if self._writer is not None and (self._writer == _GONE or self._is_used_by(self._writer)):
                raise RuntimeError("this model is being changed already")
            self._writer = thread
            for reader in {*self._readers} - {thread}:
                if self._is_used_by(reader):
                    self._writer = None
                    raise RuntimeError("another thread is reading this model; change a copy")
                self._readers = [other for other in self._readers if other != reader]

    def _is_used_by(self, thread: int) -> bool:
        """Whether the object is on the stack of a thread; of this one, below the call that asks."""
        frame: Optional[FrameType] = sys._current_frames().get(thread)
        if thread == get_ident():
            frame = _caller_of_package(frame)
        while frame is not None:
            if _is_of_package(frame) and getattr(frame.f_locals.get("self"), "_guard", None) is self:
                return True
            frame = frame.f_back
        return False

    def _why_not(self) -> str:
        if self._writer == _GONE:
            return "a thread was changing this model when the process was forked"
        return "another thread is changing this model"


def _is_of_package(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(f"{__package__}.")


def _caller_of_package(frame: Optional[FrameType]) -> Optional[FrameType]:
    """The frame that called the package, past those of contextlib between."""
    while frame is not None and (_is_of_package(frame) or frame.f_globals.get("__name__") == "contextlib"):
        frame = frame.f_back
    return frame


def _after_fork() -> None:
    for guard in list(_GUARDS):
        guard.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
