"""Pools of worker processes: how many there are, and work that each of them gets."""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TypeVar

from merlab.errors import MerlabError
from merlab.processes.old_objects import Sparing
from merlab.processes.starting import ENDED_EARLY, begin_worker, nothing_from_here, without_main
from merlab.processes.thread_limits import one_thread
from merlab.processes.usable import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

# Windows waits for no more processes at once.
MOST_OF_WINDOWS = 61
# Items that are submitted for each process.
AHEAD = 4
# Windows answers Ctrl-C only between two waits.
ATTENTIVE_SECONDS = 0.5


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
    with worker_pool(processes, begin_worker) as pool:
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
            done: set[Future[Result]] = set()
            while not done:
                done, running = wait_for(running, ATTENTIVE_SECONDS, FIRST_COMPLETED)
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
        made = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), Sparing(start), arguments)
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


def dealt_out(items: Sequence[Item], jobs: int | None) -> list[Sequence[Item]]:
    """Distribute the items in turn over ``jobs`` shares (None: one per core); no share is empty if there are items."""
    processes = max(1, min(process_count(jobs), len(items)))
    return [items[position::processes] for position in range(processes)]
