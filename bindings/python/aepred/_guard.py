# SPDX-License-Identifier: BSD-2-Clause
"""The thread classes of aepred.h, kept: any number of threads read an object, or one changes it."""

import threading
from contextlib import contextmanager
from typing import Iterator, Optional


class Guard:
    """Refuses, rather than makes wait, who would use an object while another thread changes it.

    The thread that changes it may read it meanwhile, as a progress callback does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._writer: Optional[int] = None

    def reading(self) -> "Guard":
        """For `with`; the guard is its own context, since a contextmanager costs a microsecond in each call."""
        return self

    def __enter__(self) -> None:
        with self._lock:
            if self._writer is not None and self._writer != threading.get_ident():
                raise RuntimeError("another thread is changing this model; use a copy made before")
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1

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
