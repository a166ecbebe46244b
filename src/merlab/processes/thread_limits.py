"""One thread of OpenCV and of BLAS, while any thread of the program asks for it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from typing import Any, Literal

import cv2
import threadpoolctl


@lru_cache(1)
def _libraries(_modules: int) -> Any:
    """The libraries of this process. To search for them takes as long as some work that needs one thread.

    They are searched again when the number of loaded modules differs: a library comes with a module.
    """
    return threadpoolctl.ThreadpoolController()


def one_thread_of(interface: Literal["blas", "openmp"]) -> Any:
    """Set one thread for each loaded library of this interface; a context manager that restores their numbers."""
    return _libraries(len(sys.modules)).limit(limits=1, user_api=interface)


class _ForAll:
    """A setting of the whole process, which threads of a program may change at the same time.

    It is restored when the last of them leaves. The first to leave would otherwise change it for the others, and the
    last would restore what it found: the change.
    """

    def __init__(self, change: Callable[[], AbstractContextManager[object]]) -> None:
        self._change, self._restore, self._inside, self._lock = change, ExitStack(), 0, threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            # Each makes the change: a library may have been loaded since.
            self._restore.enter_context(self._change())
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._restore.close()


@contextmanager
def _one_thread_of_opencv() -> Iterator[None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


@contextmanager
def _one_thread_of_blas() -> Iterator[None]:
    limits = one_thread_of("blas")
    _leave_blas_to_others()
    try:
        yield
    finally:
        limits.restore_original_limits()
        _leave_blas_to_others()


def _leave_blas_to_others() -> None:
    """From version 3.8 on, threadpoolctl ignores all threads but the first that sets OpenBLAS; ours take turns."""
    leave = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if leave is not None:
        leave()


_opencv = _ForAll(_one_thread_of_opencv)
one_thread_of_blas = _ForAll(_one_thread_of_blas)


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread of OpenCV and of BLAS: on images this small, more threads cost more time than they save."""
    with _opencv(), one_thread_of_blas():
        yield
