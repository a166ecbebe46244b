"""Start processes that do not run the user's program again, and end with their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import cv2
import threadpoolctl

from merlab.errors import MerlabError
from merlab.processes.held_signals import blocked, signals_later

ENDED_EARLY = (
    "a worker process ended early: it was killed, or memory ran out; run the same command again to resume, with fewer "
    "jobs to need less memory"
)
# The variable by which Python 3.11 and later leave the current folder out of where they look for modules, and its value
# where merlab sets it.
SAFE_PATH, OURS = "PYTHONSAFEPATH", "merlab"

_one_at_a_time = threading.RLock()


@contextmanager
def nothing_from_here(**variables: str) -> Iterator[None]:
    """Start processes inside that take no module from the current folder before their path is set.

    A file signal.py beside the user's videos would be run in the place of Python's own module. The end of a terminal
    (SIGHUP), which reaches every process of it, is answered by this one alone. They have the ``variables``, too, where
    this process has no such variable.

    Raises MerlabError if one of them, or the one in which Python counts their semaphores, ends meanwhile: the command
    line would take the broken pipe for the end of its own output, and stop without a word.
    """
    with _one_at_a_time:
        added = {name: value for name, value in {SAFE_PATH: OURS, **variables}.items() if name not in os.environ}
        os.environ.update(added)
        try:
            with blocked("SIGHUP"):
                yield
        except BrokenPipeError as error:
            raise MerlabError(ENDED_EARLY) from error
        finally:
            for name in added:
                os.environ.pop(name, None)


@contextmanager
def without_main() -> Iterator[None]:
    """Start processes inside that do not run the user's main program again, and that Ctrl-C does not reach.

    Otherwise a spawned process runs it first: a script without ``if __name__ == "__main__":`` would start its work
    again, and a program that was read from standard input has no file to run. A process inherits which signals are
    blocked; Ctrl-C would otherwise stop it with a traceback while it is still importing.

    Ctrl-C and SIGTERM are answered on leaving: a process that is only half started would print a traceback. Other
    threads of the program find its main program as ever; one that starts processes of merlab waits.
    """
    with _one_at_a_time:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = _without_file(main)
        try:
            # Idle threads that spin cost much more time than they save when anything else runs on the cores.
            with nothing_from_here(OMP_WAIT_POLICY="PASSIVE"), signals_later(), blocked("SIGINT"):
                yield
        finally:
            sys.modules["__main__"] = main


def _without_file(main: ModuleType) -> ModuleType:
    """The main program, in which this thread finds no file to run; other threads may pickle its classes meanwhile."""
    starter = threading.get_ident()

    class Main(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            hidden = name in {"__file__", "__spec__"} and threading.get_ident() == starter
            return None if hidden else getattr(main, name)

        def __setattr__(self, name: str, value: object) -> None:
            setattr(main, name, value)

        def __delattr__(self, name: str) -> None:
            delattr(main, name)

    return Main("__main__")


def begin_worker() -> None:
    """What each worker process does first: it uses one thread of OpenCV and of BLAS, and ends with its parent."""
    cv2.setNumThreads(1)
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")
    end_with_parent()


def end_with_parent() -> None:
    """End this worker process when its parent ends, for any reason (kill -9 included), and not by Ctrl-C.

    Ctrl-C reaches every process of the terminal, but only the parent reacts to it. A thread watches the parent.
    """
    if os.environ.get(SAFE_PATH) == OURS:
        # It was for the start of this process, not for programs that code of the user starts here.
        del os.environ[SAFE_PATH]
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
