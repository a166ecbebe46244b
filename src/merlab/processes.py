"""Worker processes that end with their parent, one thread per process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any, TypeVar

import cv2
import threadpoolctl

from merlab.errors import MerlabError
from merlab.held_signals import blocked, signals_later
from merlab.thread_limits import one_thread
from merlab.usable import usable_cores

ENDED_EARLY = (
    "a worker process ended early: it was killed, or memory ran out; run the same command again to resume, with fewer "
    "jobs to need less memory"
)

Item = TypeVar("Item")
Result = TypeVar("Result")

# Windows waits for no more processes at once.
MOST_OF_WINDOWS = 61
# Items that are submitted for each process.
AHEAD = 4
# The variable by which Python 3.11 and later leave the current folder out of where they look for modules, and its value
# where merlab sets it.
SAFE_PATH, OURS = "PYTHONSAFEPATH", "merlab"


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


_one_at_a_time = threading.RLock()


@contextmanager
def nothing_from_here() -> Iterator[None]:
    """Start processes inside that take no module from the current folder before their path is set.

    A file signal.py beside the user's videos would be run in the place of Python's own module.
    """
    with _one_at_a_time:
        given = os.environ.get(SAFE_PATH)
        os.environ.setdefault(SAFE_PATH, OURS)
        try:
            yield
        finally:
            if given is None:
                os.environ.pop(SAFE_PATH, None)


@contextmanager
def without_main() -> Iterator[None]:
    """Start processes inside that do not run the user's main program again, and that Ctrl-C does not reach.

    Otherwise a spawned process runs it first: a script without ``if __name__ == "__main__":`` would start its work
    again, and a program that was read from standard input has no file to run. A process inherits which signals are
    blocked; Ctrl-C would otherwise stop it with a traceback while it is still importing.

    Ctrl-C and SIGTERM are answered on leaving: a process that is only half started would print a traceback. Another
    thread that starts processes waits, because it would take the replacement for the main program.
    """
    # Idle threads that spin cost much more time than they save when anything else runs on the cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with _one_at_a_time:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            with nothing_from_here(), signals_later(), blocked(signal.SIGINT):
                yield
        finally:
            sys.modules["__main__"] = main


def process_count(jobs: int | None) -> int:
    """How many processes ``jobs`` means (None: one per usable core); 1 where several cannot work together.

    A worker of multiprocessing.Pool may not start processes, and some containers have no semaphores, with a warning. No
    result depends on the number.
    """
    if multiprocessing.current_process().daemon:
        return 1
    processes = jobs or usable_cores()
    if sys.platform == "win32":
        return min(processes, MOST_OF_WINDOWS)
    return processes if processes == 1 or _has_semaphores() else 1


@cache
def _has_semaphores() -> bool:
    try:
        # One for processes that are forked leaves nothing behind.
        multiprocessing.get_context("fork").Lock()
    except (ImportError, OSError) as error:
        warnings.warn(
            f"this system has no semaphores ({error}), as where /dev/shm is missing or read-only, so that all work is "
            "done in one process",
            stacklevel=3,
        )
        return False
    return True


def each_in_processes(work: Callable[[Item], Result], items: Sequence[Item], jobs: int | None) -> Iterator[Result]:
    """Yield ``work(item)`` of each item when it is ready, from ``jobs`` processes (None: one per core; 1: this one).

    Each process uses one thread of OpenCV and of BLAS. Raises what ``work`` raises, and MerlabError if a process dies;
    items that are already being processed are finished first. They are not if the work is stopped, or the caller stops
    iterating.
    """
    with shared_workers(min(process_count(jobs), len(items))) as workers:
        yield from workers.each(work, items)


@contextmanager
def shared_workers(jobs: int | None) -> Iterator[Workers]:
    """Up to ``jobs`` processes (None: one per core) for several steps of work; each starts when it is first needed.

    Raises MerlabError if one dies. After an error, and if the work is stopped, it ends as in ``worker_pool``.
    """
    processes = process_count(jobs)
    if processes == 1:
        yield Workers(None, 1)
        return
    with worker_pool(processes, _start_worker) as pool:
        yield Workers(pool, processes)


@dataclass(frozen=True)
class Workers:
    """Processes that several steps share; ``pool`` is None for this process alone."""

    pool: ProcessPoolExecutor | None
    processes: int

    def each(
        self, work: Callable[[Item], Result], items: Sequence[Item], at_most: int | None = None
    ) -> Iterator[Result]:
        """Yield ``work(item)`` of each item when it is ready, ``at_most`` at a time; a single item in this process."""
        together = min(at_most or self.processes, self.processes, len(items))
        if self.pool is None or together <= 1:
            for item in items:
                with one_thread():
                    result = work(item)
                yield result
            return
        # Without a limit, more items wait than there are processes, so that none is idle while the caller works.
        submitted = together if together < self.processes else AHEAD * together
        left, running = iter(items), set[Future[Result]]()
        while True:
            with without_main():
                running |= {self.pool.submit(work, item) for item in islice(left, submitted - len(running))}
            if not running:
                return
            done, running = wait_for(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


@contextmanager
def worker_pool(
    processes: int, start: Callable[..., None], arguments: tuple[object, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """Processes that have called ``start(*arguments)``. MerlabError if one dies.

    After an error, work that is running is finished first; after Ctrl-C, or if the caller stops, it is not.
    """
    with nothing_from_here():
        made = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), start, arguments)
    with made as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise MerlabError(ENDED_EARLY) from error
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
        except BaseException:
            _kill_workers(pool)
            raise


def _kill_workers(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool, whatever they are doing; their files appear whole or not at all."""
    # Only Python 3.14 has a public function for this.
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(cancel_futures=True)


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items; a thread fetches the next item while the caller processes the current one."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        coming: Future[Any] = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item


def stream_from_processes(
    work: Callable[[Item], Iterator[Result]], items: Sequence[Item]
) -> Generator[Result, None, None]:
    """Yield what ``work(item)`` yields; each item has its own process (a single item is processed in this process).

    Each process uses one thread of OpenCV and of BLAS. Raises what ``work`` raises, and MerlabError if a process dies.
    The other processes are then stopped, as they are when the caller closes the generator, which leaves no unfinished
    file.
    """
    if len(items) == 1:
        with one_thread():
            yield from work(items[0])
        return
    spawn = multiprocessing.get_context("spawn")
    pipes = [spawn.Pipe(duplex=False) for _ in items]
    processes = [
        spawn.Process(target=_send_all, args=(work, item, sender), daemon=True)
        for item, (_, sender) in zip(items, pipes, strict=True)
    ]
    try:
        with without_main():
            for process, (_, sender) in zip(processes, pipes, strict=True):
                process.start()
                sender.close()
        yield from _received([receiver for receiver, _ in pipes])
    finally:
        for process in processes:
            if process.pid is not None:
                process.kill()
                process.join()


def dealt_out(items: Sequence[Item], jobs: int | None) -> list[Sequence[Item]]:
    """Distribute the items in turn over ``jobs`` shares (None: one per core); no share is empty if there are items."""
    processes = max(1, min(process_count(jobs), len(items)))
    return [items[position::processes] for position in range(processes)]


def _send_all(work: Callable[[Item], Iterator[Result]], item: Item, sender: Connection) -> None:
    """Send each value that ``work`` yields as (True, value), then (False, None), or (False, exception) on an error."""
    _start_worker()
    try:
        for value in work(item):
            sender.send((True, value))
        sender.send((False, None))
    except Exception as error:
        sender.send((False, error))


def _received(receivers: list[Connection]) -> Iterator[Any]:
    while receivers:
        ready = wait(receivers)
        # On Windows, they are of another class than Connection.
        for receiver in [each for each in receivers if each in ready]:
            try:
                is_value, content = receiver.recv()
            except EOFError as error:
                raise MerlabError(ENDED_EARLY) from error
            if is_value:
                yield content
            elif content is not None:
                raise content
            else:
                receivers.remove(receiver)


def _start_worker() -> None:
    cv2.setNumThreads(1)
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")
    end_with_parent()
