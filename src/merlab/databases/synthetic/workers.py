"""Write subjects in many processes, which end when the process that started them ends."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event

from merlab.databases.base import Progress
from merlab.databases.synthetic.clip_writing import write_subject
from merlab.databases.synthetic.tree import Entry, Tree
from merlab.errors import MerlabError
from merlab.processes import end_with_parent

POLL_SECONDS = 0.5


def write_in_processes(tree: Tree, subjects: Sequence[Sequence[Entry]], jobs: int, progress: Progress) -> None:
    """Write the clips of each subject, ``jobs`` subjects at a time; ``progress`` counts all clips of the tree.

    Raises MerlabError when a process dies; an interruption lets each process finish its clip first.
    """
    spawn = multiprocessing.get_context("spawn")
    stop = spawn.Event()
    with ProcessPoolExecutor(min(jobs, len(subjects)), spawn, _start_worker, (stop,)) as pool:
        try:
            _follow(tree, {pool.submit(_write_in_worker, tree, entries) for entries in subjects}, progress)
        except BrokenProcessPool as error:
            raise MerlabError(
                f"a process that wrote {tree.out} ended early: it was killed, memory ran out, or a script called "
                'make_faces outside `if __name__ == "__main__":`; the same command goes on, jobs=1 needs no processes'
            ) from error
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _follow(tree: Tree, running: set[Future[None]], progress: Progress) -> None:
    while running:
        finished, running = wait(running, POLL_SECONDS, "FIRST_EXCEPTION")
        for future in finished:
            future.result()
        progress(sum(map(tree.is_written, tree.entries)), len(tree.entries), "writing clips")


# The one event of this worker process, from its start on.
_stop: list[Event] = []


def _start_worker(stop: Event) -> None:
    _stop.append(stop)
    # Ctrl-C reaches every process of the terminal; the parent alone decides, and says so through the event.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _write_in_worker(tree: Tree, entries: Sequence[Entry]) -> None:
    for _ in write_subject(tree, entries):
        if any(event.is_set() for event in _stop):
            return
