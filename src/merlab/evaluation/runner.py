"""Run a plan: every (method, fold, seed) once, in worker processes, resumable at any moment."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import sklearn
import torch

import merlab
from merlab.errors import MerlabError
from merlab.evaluation.plan import LEAKY_SELECTION, Plan
from merlab.evaluation.predictions import PredictionStore, predictions_table
from merlab.inputs import load_inputs, mirror_of
from merlab.inputs.recipe import FloatArray, Recipe
from merlab.methods import find_method
from merlab.processes import ENDED_EARLY, end_with_parent
from merlab.training import NeuralClassifier

POLL_SECONDS = 0.2

Progress = Callable[[float, int, str], None]


@dataclass(frozen=True)
class Fit:
    """One unit of work: a method, a fold, a seed, and the run key under which its predictions are stored."""

    entry: int
    split: int
    seed: int
    key: str


def versions() -> dict[str, str]:
    """What computes: part of the run key, since other libraries or devices give other numbers."""
    return {
        "merlab": merlab.__version__,
        "torch": torch.__version__,
        "scikit-learn": sklearn.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


class Worker:
    """Fits and predicts one unit of work at a time; keeps the inputs of one recipe in memory."""

    def __init__(self, plan: Plan, cache: Path | None) -> None:
        self.plan = plan
        self.cache = cache
        self._recipe: Recipe | None = None
        self._inputs: FloatArray | None = None

    def inputs(self, recipe: Recipe, progress: Callable[[int, int, str], None] | None = None) -> FloatArray:
        """The plan's clips under a recipe, (N, C, H, W)."""
        if self._inputs is None or recipe != self._recipe:
            self._inputs = load_inputs(self.plan.labelled.table, recipe, self.cache, progress=progress)
            self._recipe = recipe
        return self._inputs

    def run(self, fit: Fit, on_epoch: Callable[[int, int, float], None] | None = None) -> pd.DataFrame:
        """Fit on the fold's training clips, predict its test clips: one predictions row a test clip."""
        entry, split = self.plan.entries[fit.entry], self.plan.splits[fit.split]
        inputs, labels = self.inputs(entry.recipe), self.plan.labelled.labels
        groups = self.plan.labelled.table.groups
        test = np.asarray(split.test)
        classifier = find_method(entry.method).build(
            self.plan.task(entry), entry.preset, mirror=mirror_of(entry.recipe)
        )
        train = np.asarray(split.train)
        arguments: dict[str, Any] = {}
        if isinstance(classifier, NeuralClassifier):
            arguments["on_epoch"] = on_epoch
            if classifier.settings.selection == LEAKY_SELECTION:
                arguments["monitor"] = (inputs[test], labels[test])
        classifier.fit(inputs[train], labels[train], [groups[position] for position in train], fit.seed, **arguments)
        rows = self.plan.keys.iloc[test].reset_index(drop=True)
        rows = rows.assign(run=fit.key, method=entry.method, fold=split.name, seed=fit.seed)
        rows = rows[["run", "method", "database", "subject", "clip", "fold", "seed"]]
        truth = [self.plan.classes[label] for label in labels[test]]
        return predictions_table(rows, truth, classifier.predict_proba(inputs[test]), self.plan.classes)


def run_keys(plan: Plan, cache: Path | None, progress: Progress) -> list[str]:
    """The run key of each entry; makes every input on the way, so that workers find them in the cache."""
    worker, data_digest, digests = Worker(plan, cache), plan.digest(), {}
    for recipe in dict.fromkeys(entry.recipe for entry in plan.entries):
        inputs = worker.inputs(recipe, lambda done, total, what: progress(done, total, f"making inputs: {what}"))
        digests[recipe] = hashlib.sha256(np.ascontiguousarray(inputs).data).hexdigest()
    return [entry.key(digests[entry.recipe], data_digest, versions()) for entry in plan.entries]


def run(plan: Plan, out: Path, *, cache: Path | None, jobs: int | None, progress: Progress) -> pd.DataFrame:
    """Do whatever of the plan is not done yet and return the complete predictions table, also stored in ``out``.

    ``jobs`` worker processes (None: one a core; 1: in this process). The result does not depend on ``jobs``, nor on how
    often the run was interrupted. ``progress(done, total, what)`` is called several times a second.
    """
    store = PredictionStore(out)
    keys = run_keys(plan, cache, progress)
    fits = [
        Fit(position, split, seed, keys[position])
        for position, entry in enumerate(plan.entries)
        for seed in entry.seeds
        for split in range(len(plan.splits))
    ]
    parts = {fit: store.part(fit.key, plan.splits[fit.split].name, fit.seed) for fit in fits}
    waiting = [fit for fit, part in parts.items() if not part.exists()]
    done = len(fits) - len(waiting)
    progress(done, len(fits), f"{done} of {len(fits)} found done" if done else "starting")
    for fit, table in _work(plan, cache, waiting, jobs or os.cpu_count() or 1, done, progress):
        store.write_part(fit.key, plan.splits[fit.split].name, fit.seed, table)
        done += 1
        progress(done, len(fits), _name(plan, fit))
    return store.collect(list(parts.values()))


def _name(plan: Plan, fit: Fit) -> str:
    return f"{plan.entries[fit.entry].method} seed {fit.seed} fold {plan.splits[fit.split].name}"


def _work(
    plan: Plan, cache: Path | None, fits: list[Fit], jobs: int, done: int, progress: Progress
) -> Iterator[tuple[Fit, pd.DataFrame]]:
    """Predictions of each unit of work, as they come."""
    total = done + len(fits)
    if jobs == 1 or len(fits) < 2:
        worker = Worker(plan, cache)
        for position, fit in enumerate(fits):
            name = _name(plan, fit)

            def on_epoch(epoch: int, epochs: int, loss: float, before: int = position, name: str = name) -> None:
                progress(done + before + epoch / epochs, total, f"{name} epoch {epoch}/{epochs}")

            yield fit, worker.run(fit, on_epoch)
        return
    spawn = multiprocessing.get_context("spawn")
    epochs: multiprocessing.queues.Queue[tuple[Fit, int, int]] = spawn.Queue()
    with ProcessPoolExecutor(min(jobs, len(fits)), spawn, _start_worker, (plan, cache, epochs)) as pool:
        running = {pool.submit(_run_in_worker, fit): fit for fit in fits}
        try:
            yield from _harvest(plan, running, epochs, done, progress)
        except BrokenProcessPool as error:
            raise MerlabError(ENDED_EARLY) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _harvest(
    plan: Plan,
    running: dict[Future[pd.DataFrame], Fit],
    epochs: multiprocessing.queues.Queue[tuple[Fit, int, int]],
    done: int,
    progress: Progress,
) -> Iterator[tuple[Fit, pd.DataFrame]]:
    total = done + len(running)
    finished = done
    under_way: dict[Fit, float] = {}
    pending = set(running)
    while pending:
        ready, pending = wait(pending, POLL_SECONDS, "FIRST_COMPLETED")
        for future in ready:
            under_way.pop(running[future], None)
            finished += 1
            yield running[future], future.result()
        for fit, epoch, of in _drain(epochs):
            if any(running[future] == fit for future in pending):
                under_way[fit] = epoch / of
                progress(finished + sum(under_way.values()), total, f"{_name(plan, fit)} epoch {epoch}/{of}")


def _drain(messages: multiprocessing.queues.Queue[tuple[Fit, int, int]]) -> Iterator[tuple[Fit, int, int]]:
    while True:
        try:
            yield messages.get_nowait()
        except queue.Empty:
            return


_worker: Worker | None = None
_epochs: multiprocessing.queues.Queue[tuple[Fit, int, int]] | None = None


def _start_worker(plan: Plan, cache: Path | None, epochs: multiprocessing.queues.Queue[tuple[Fit, int, int]]) -> None:
    global _worker, _epochs
    _worker, _epochs = Worker(plan, cache), epochs
    end_with_parent()


def _run_in_worker(fit: Fit) -> pd.DataFrame:
    assert _worker is not None
    assert _epochs is not None
    messages = _epochs
    return _worker.run(fit, lambda epoch, total, loss: messages.put((fit, epoch, total)))
