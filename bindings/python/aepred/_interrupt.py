# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts from the keyboard while the C library runs."""

import signal
import threading
from contextlib import contextmanager
from types import FrameType
from typing import Any, Callable, Iterator, Optional


@contextmanager
def kept_interrupts(raised: list[BaseException]) -> Iterator[None]:
    """Append what the handler of SIGINT raises to `raised`.

    Python runs the handler when a callback is entered, before any `try` in it: ctypes would drop the exception there.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return

    interrupt: Callable[[int, Optional[FrameType]], Any] = handler

    def keep(number: int, frame: Optional[FrameType]) -> None:
        try:
            interrupt(number, frame)
        except BaseException as error:
            raised.append(error)

    signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
