"""Run a plan: every (method, fold, seed) once, on any engine; a run that was stopped at any moment resumes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.complete import require_clips, require_decisions, require_one_truth
from merlab.evaluation.engines import Engine
from merlab.evaluation.plan import Entry, Plan
from merlab.evaluation.predictions import PredictionStore, joined, read_each
from merlab.evaluation.seen_inputs import input_digests, require_unseen_inputs
from merlab.evaluation.split_faults import with_equal_inputs
from merlab.evaluation.unit import Fit, Worker
from merlab.evaluation.versions import versions
from merlab.frames import Float32Array
from merlab.inputs import Recipe, require_possible
from merlab.progress import Progress


class Tally:
    """How far a run is, in units of work: the finished ones, and of running ones the share of their epochs."""

    def __init__(self, plan: Plan, done: int, total: int, progress: Progress) -> None:
        self.plan = plan
        self.done = done
        self.total = total
        self.progress = progress
        self._under_way: dict[Fit, float] = {}
        self._finished: set[Fit] = set()
        progress(done, total, f"{done} of {total} found done" if done else "starting")

    def epoch(self, fit: Fit, epoch: int, of: int) -> None:
        """A running unit has finished an epoch. Late reports of a finished unit are ignored."""
        if fit in self._finished:
            return
        self._under_way[fit] = epoch / of
        self._report(f"{self._name(fit)} epoch {epoch}/{of}")

    def finish(self, fit: Fit) -> None:
        """A unit is finished and stored."""
        self._under_way.pop(fit, None)
        self._finished.add(fit)
        self.done += 1
        self._report(self._name(fit))

    def _report(self, what: str) -> None:
        self.progress(self.done + sum(self._under_way.values()), self.total, what)

    def _name(self, fit: Fit) -> str:
        return f"{self.plan.entries[fit.entry].name} seed {fit.seed} fold {self.plan.splits[fit.split].name}"


def prepared(plan: Plan, cache: Path | None, progress: Progress) -> tuple[Plan, list[str]]:
    """The plan, marked where subjects share an input, with the digest of each entry's inputs, and the run keys.

    Makes every input on the way, so that workers find them in the cache.
    """
    worker, digests = Worker(plan, cache), {}
    recipes = dict.fromkeys(entry.recipe for entry in plan.entries)
    for recipe in recipes:
        require_possible(plan.table, recipe, cache)
    for recipe in recipes:
        inputs = worker.inputs(recipe, lambda done, total, what: progress(done, total, f"making inputs: {what}"))
        digests[recipe] = inputs_digest(inputs)
        _require_unseen(plan, recipe, inputs)
        # The few values of an input of your own may be equal by chance.
        if recipe.kind.is_built_in:
            plan = replace(plan, labeled=with_equal_inputs(plan.labeled, plan.splits, input_digests(inputs)))
    plan = replace(plan, entries=tuple(replace(entry, inputs=digests[entry.recipe]) for entry in plan.entries))
    return plan, [entry.key(entry.inputs, _data_digest(plan, entry), versions()) for entry in plan.entries]


def inputs_digest(inputs: Float32Array) -> str:
    """The digest of the inputs of all clips, by which changed frames are noticed."""
    return hashlib.sha256(np.ascontiguousarray(inputs).data).hexdigest()


def _data_digest(plan: Plan, entry: Entry) -> str:
    return plan.digest(action_units=entry.method.action_units, scheme=entry.synthetic is not None)


def _require_unseen(plan: Plan, recipe: Recipe, inputs: Float32Array) -> None:
    """Raises MerlabError where a start of a method with this recipe was trained on tested clips."""
    starts = {start.digest: start for entry in plan.entries if entry.recipe == recipe for start in entry.starts}
    for start in starts.values():
        if start.inputs:
            keys = plan.keys.iloc[plan.tested]
            require_unseen_inputs(start.name, start.inputs, inputs[plan.tested], keys, "this run")


def finished(plan: Plan, keys: Sequence[str], out: Path, sealed: bool = False) -> dict[Path, pd.DataFrame]:
    """The predictions of each finished unit in ``out``; raises MerlabError for a damaged file.

    If the run is ``sealed``, a file without a digest is refused too.
    """
    return read_each([path for path in _paths(plan, keys, out).values() if path.exists()], sealed)


def run(
    plan: Plan,
    keys: Sequence[str],
    out: Path,
    found: Mapping[Path, pd.DataFrame],
    *,
    cache: Path | None,
    engine: Engine,
    progress: Progress,
) -> pd.DataFrame:
    """Run the unfinished units of the plan; return the complete predictions table, which is also stored in ``out``.

    ``keys`` are those of ``prepared``; ``found`` are the files of ``finished``, and of further predictions that belong
    in the table. The result does not depend on ``engine``, nor on how often the run was interrupted.
    """
    store, paths = PredictionStore(out), _paths(plan, keys, out)
    waiting = [fit for fit, path in paths.items() if path not in found]
    tally = Tally(plan, len(paths) - len(waiting), len(paths), progress)
    for fit, table in engine.work(plan, cache, waiting, tally.epoch):
        store.write_fold(fit.key, plan.splits[fit.split].name, fit.seed, table)
        _forget_training(fit)
        tally.finish(fit)
    table = joined([*found.values(), *read_each([paths[fit] for fit in waiting]).values()])
    require_clips(table, plan.keys.iloc[plan.tested], str(out))
    require_one_truth(table, str(out))
    require_decisions(table, plan.classes, str(out))
    store.write_all(table)
    # A process that is killed between the two steps above leaves a file.
    for fit in paths:
        _forget_training(fit)
    return table


def _forget_training(fit: Fit) -> None:
    if fit.unfinished is not None:
        fit.unfinished.unlink(missing_ok=True)


def _paths(plan: Plan, keys: Sequence[str], out: Path) -> dict[Fit, Path]:
    """The file of every unit of the plan; raises MerlabError if two units have the same file."""
    store, folds = PredictionStore(out), [split.name for split in plan.splits]
    fits = [
        Fit(position, split, seed, keys[position], store.unfinished_path(keys[position], folds[split], seed))
        for position, entry in enumerate(plan.entries)
        for seed in entry.seeds
        for split in range(len(plan.splits))
    ]
    paths = {fit: store.stored_path(fit.key, folds[fit.split], fit.seed, folds) for fit in fits}
    twice = next((path for path, count in Counter(paths.values()).items() if count > 1), None)
    if twice is not None:
        units = [
            f"{plan.entries[fit.entry].name} fold {folds[fit.split]}" for fit, path in paths.items() if path == twice
        ]
        raise MerlabError(
            f"{' and '.join(units)} have the same file of predictions, {twice}; give every method, fold and seed once, "
            "each under its own name"
        )
    return paths
