"""One machine: in this process, or in worker processes."""

from __future__ import annotations

import functools
import multiprocessing
import multiprocessing.queues
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from merlab.evaluation.engines.engine import Done, FitEpoch
from merlab.evaluation.plan import Plan
from merlab.evaluation.transport import packed, unpacked
from merlab.evaluation.unit import Fit, Worker
from merlab.given import as_jobs
from merlab.processes.pool import process_count, worker_pool
from merlab.processes.starting import end_with_parent, nothing_from_here, without_main

POLL_SECONDS = 0.2

Epochs: TypeAlias = "multiprocessing.queues.Queue[tuple[Fit, int, int]]"


@dataclass(frozen=True)
class LocalEngine:
    """``jobs`` worker processes; None: one per core; 1: this process. Raises MerlabError for other values."""

    jobs: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", as_jobs(self.jobs))

    def work(self, plan: Plan, cache: Path | None, fits: Sequence[Fit], on_epoch: FitEpoch) -> Done:
        """Predictions of each unit, as soon as it is finished."""
        jobs = min(process_count(self.jobs), len(fits))
        return _in_workers(plan, cache, fits, jobs, on_epoch) if jobs > 1 else _here(plan, cache, fits, on_epoch)


def _here(plan: Plan, cache: Path | None, fits: Sequence[Fit], on_epoch: FitEpoch) -> Done:
    worker = Worker(plan, cache)
    for fit in fits:

        def epoch(done: int, total: int, loss: float, fit: Fit = fit) -> None:
            on_epoch(fit, done, total)

        yield fit, worker.run(fit, epoch)


def _in_workers(plan: Plan, cache: Path | None, fits: Sequence[Fit], jobs: int, on_epoch: FitEpoch) -> Done:
    with nothing_from_here():
        epochs: Epochs = multiprocessing.get_context("spawn").Queue()
    with worker_pool(jobs, _start_worker, (packed(plan), cache, epochs)) as pool:
        with without_main():
            running = {pool.submit(_run_in_worker, fit): fit for fit in fits}
        yield from _harvest(running, epochs, on_epoch)


def _harvest(running: dict[Future[pd.DataFrame], Fit], epochs: Epochs, on_epoch: FitEpoch) -> Done:
    pending = set(running)
    while pending:
        ready, pending = wait(pending, POLL_SECONDS, "FIRST_COMPLETED")
        for future in ready:
            yield running[future], future.result()
        for message in _drain(epochs):
            on_epoch(*message)


def _drain(messages: Epochs) -> Iterator[tuple[Fit, int, int]]:
    while True:
        try:
            yield messages.get_nowait()
        except queue.Empty:
            return


_worker: Callable[[], Worker] | None = None
_epochs: Epochs | None = None


def _start_worker(plan: bytes, cache: Path | None, epochs: Epochs) -> None:
    global _worker, _epochs
    # A plan that cannot be unpacked is an error of the first unit: one of the start would only break the pool.
    _worker, _epochs = functools.cache(lambda: Worker(unpacked(plan), cache)), epochs
    # After an error nobody reads the epochs: a worker that had many to report would wait forever instead of ending.
    epochs.cancel_join_thread()
    end_with_parent()


def _run_in_worker(fit: Fit) -> pd.DataFrame:
    assert _worker is not None
    assert _epochs is not None
    messages = _epochs
    return _worker().run(fit, lambda epoch, total, loss: messages.put((fit, epoch, total)))
