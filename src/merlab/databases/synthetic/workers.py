"""Write subjects in one or many processes, which end when the process that started them ends."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple, TypeVar

from merlab.errors import MerlabError
from merlab.processes import end_with_parent

POLL_SECONDS = 0.5

Subject = TypeVar("Subject")


def write_subjects(
    write: Callable[[Subject], Iterator[object]],
    subjects: Sequence[Subject],
    jobs: int,
    out: Path,
    on_step: Callable[[int], None],
) -> None:
    """Let ``write`` write each subject into ``out``, ``jobs`` at a time.

    ``write`` yields after each step of its work, and can be stopped there; ``on_step`` is told how many steps are done.
    With several processes ``write`` and the subjects must be picklable. Raises MerlabError when a process dies.
    """
    if jobs > 1 and len(subjects) > 1:
        _write_in_processes(write, subjects, jobs, out, on_step)
        return
    done = 0
    for subject in subjects:
        for _ in write(subject):
            done += 1
            on_step(done)


def _write_in_processes(
    write: Callable[[Subject], Iterator[object]],
    subjects: Sequence[Subject],
    jobs: int,
    out: Path,
    on_step: Callable[[int], None],
) -> None:
    spawn = multiprocessing.get_context("spawn")
    shared = _Shared(spawn.Event(), spawn.Value("q", 0))
    with ProcessPoolExecutor(min(jobs, len(subjects)), spawn, _start_worker, (shared,)) as pool:
        try:
            running = {pool.submit(_write_in_worker, write, subject) for subject in subjects}
            _follow(running, lambda: on_step(shared.steps.value))
        except BrokenProcessPool as error:
            raise MerlabError(
                f"a process that wrote {out} ended early: it was killed, memory ran out, or a script that makes faces "
                'does so outside `if __name__ == "__main__":`; the same command goes on, jobs=1 needs no processes'
            ) from error
        except BaseException:
            shared.stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _follow(running: set[Future[None]], report: Callable[[], None]) -> None:
    while running:
        finished, running = wait(running, POLL_SECONDS, "FIRST_EXCEPTION")
        for future in finished:
            future.result()
        report()


class _Shared(NamedTuple):
    """What the processes share: whether to stop, and how many steps all of them have done."""

    stop: Event
    steps: Synchronized[int]


# What this worker process shares, from its start on.
_shared: list[_Shared] = []


def _start_worker(shared: _Shared) -> None:
    _shared.append(shared)
    # Ctrl-C reaches every process of the terminal; the parent alone decides, and says so through the event.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _write_in_worker(write: Callable[[Subject], Iterator[object]], subject: Subject) -> None:
    for _ in write(subject):
        for shared in _shared:
            with shared.steps.get_lock():
                shared.steps.value += 1
            if shared.stop.is_set():
                return
