"""Ctrl-C and SIGTERM, answered a little later or not by this thread, while processes are started."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def blocked(name: str) -> Iterator[None]:
    """Block a signal in this thread, and in processes that it starts; Windows has no such signals."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.Signals[name]})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def signals_later() -> Iterator[None]:
    """Answer Ctrl-C and SIGTERM on leaving.

    To block them is not enough: a signal that reaches another thread of this process is answered in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda signaled, _frame: arrived.append(signaled))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            # Python does not know a handler that a library in C has set.
            signal.signal(number, handler or signal.SIG_DFL)
        for first in arrived[:1]:
            signal.raise_signal(first)
