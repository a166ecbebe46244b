"""One unit of work of a run: fit a method on a fold with a seed, predict the fold's test clips."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from merlab.errors import MerlabError, naming_mistakes
from merlab.evaluation.company import half_of, warn_of_company
from merlab.evaluation.fit_arguments import fit_arguments
from merlab.evaluation.fold_inputs import fold_inputs
from merlab.evaluation.kept_state import watched
from merlab.evaluation.plan import LEAKY_SELECTION, Entry, Plan
from merlab.evaluation.predictions import KEY_COLUMNS, predictions_table
from merlab.evaluation.random_state import from_same_state, global_random_state
from merlab.frames import Float32Array
from merlab.inputs import load_inputs, mirror_of
from merlab.inputs.recipe import Recipe
from merlab.methods.baselines import Random
from merlab.methods.method import Classifier
from merlab.methods.own import as_classifier
from merlab.processes.thread_limits import one_thread_of, one_thread_of_blas
from merlab.progress import Progress, silent
from merlab.training import Material, NeuralClassifier, SyntheticClips
from merlab.training.classifier import EpochReport
from merlab.training.threads import torch_threads
from merlab.training.usual_torch import usual_torch

SUM_TOLERANCE = 1e-3
# Modules with which libraries of linear algebra and of OpenMP are loaded, which methods import as late as in fit.
BRING_LIBRARIES = ("scipy.linalg", "sklearn.utils")


@dataclass(frozen=True)
class Fit:
    """One unit of work: a method, a fold, a seed, and the run key under which its predictions are stored.

    ``unfinished`` is the file in which this machine may keep a training that takes long.
    """

    entry: int
    split: int
    seed: int
    key: str
    unfinished: Path | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class UnitInputs:
    """The plan's clips under the recipe of a method, (N, *recipe.shape), and the synthetic clips that it uses."""

    clips: Float32Array
    synthetic: SyntheticClips | None = None


def fit_and_predict(
    plan: Plan, inputs: UnitInputs, fit: Fit, on_epoch: EpochReport | None = None, unfinished: Path | None = None
) -> pd.DataFrame:
    """Fit on the fold's training clips, predict its test clips: one row of predictions per test clip."""
    entry, split = plan.entries[fit.entry], plan.splits[fit.split]
    with _naming(entry.name, split.name, fit.seed):
        probabilities = _probabilities(plan, inputs, fit, on_epoch, unfinished)
        test = np.asarray(split.test)
        rows = plan.keys.iloc[test].reset_index(drop=True)
        rows = rows.assign(run=fit.key, method=entry.name, fold=split.name, seed=fit.seed)
        truth = [plan.classes[label] for label in plan.labeled.labels[test]]
        return predictions_table(rows[list(KEY_COLUMNS)], truth, probabilities, plan.classes)


@usual_torch()
def _probabilities(
    plan: Plan, inputs: UnitInputs, fit: Fit, on_epoch: EpochReport | None, unfinished: Path | None
) -> NDArray[np.float64]:
    """The probabilities (test clips, classes) of a method that was fitted on the training clips of its fold."""
    entry, split, labels = plan.entries[fit.entry], plan.splits[fit.split], plan.labeled.labels
    train, test = np.asarray(split.train), np.asarray(split.test)
    fold = fold_inputs(entry.recipe, inputs.clips, plan.keys["database"].tolist(), train, test)
    name = f"method {entry.name}"
    state = global_random_state(fit.seed, split.name, name) if entry.own else nullcontext()
    with watched(name, lambda: entry.code if entry.own else "", stacklevel=3), state:
        classifier = _made(plan, entry, inputs)
        arguments: dict[str, Any] = {**fit_arguments(entry, plan.table, fold, split.train)}
        if isinstance(classifier, NeuralClassifier):
            arguments["on_epoch"] = on_epoch
            # A network of your own may keep more than its weights.
            arguments["unfinished"] = None if entry.own else unfinished
            if classifier.settings.selection == LEAKY_SELECTION:
                arguments["monitor"] = (fold.test, fold.of_samples(labels[test]))
        groups = [plan.table.groups[position] for position in fold.of_samples(train)]
        with nullcontext() if isinstance(classifier, NeuralClassifier) else _one_thread():
            with _mistakes_of(entry, "fit"):
                classifier.fit(fold.train, fold.of_samples(labels[train]), groups, fit.seed, **arguments)
            with _mistakes_of(entry, "predict_proba"):
                # A method of your own may change the array, and draw, and is asked again below.
                ask = from_same_state(classifier.predict_proba) if entry.own else classifier.predict_proba
                given = ask(fold.test.copy() if entry.own else fold.test)
            values = _checked(given, entry.name, len(fold.test), len(plan.classes))
            # The baseline, which may have a name of yours, draws by all test clips on purpose.
            if entry.own and not entry.adapts and not isinstance(classifier, Random):
                half = half_of(fold.of_samples(np.arange(len(test))), fit.split)
                warn_of_company(entry.name, ask, fold.test, half, values)
    return fold.of_clips(values)


def _made(plan: Plan, entry: Entry, inputs: UnitInputs) -> Classifier:
    """An untrained classifier of a method."""
    task = plan.task(entry)
    with _mistakes_of(entry, "making it"):
        made = entry.method.build(task, entry.preset, mirror=mirror_of(entry.recipe), material=_material(entry, inputs))
        return as_classifier(made, task)


@contextmanager
def _naming(method: str, fold: str, seed: int) -> Iterator[None]:
    """Add to the message of a MerlabError where it happened."""
    try:
        yield
    except MerlabError as error:
        raise MerlabError(f"{error}; this happened in method {method}, fold {fold}, seed {seed}") from error


def _material(entry: Entry, inputs: UnitInputs) -> Material:
    """What the method may use beside the clips of the fold."""
    starts: dict[str, tuple[Mapping[str, torch.Tensor], ...]] = {}
    for start in entry.starts:
        starts[start.method] = (*starts.get(start.method, ()), start.tensors)
    return Material(inputs.synthetic, starts)


def _mistakes_of(entry: Entry, step: str) -> AbstractContextManager[None]:
    """An error in code outside merlab is reported with the method, the step and the line."""
    return naming_mistakes(f"method {entry.name}: {step}", entry.own)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread of BLAS, OpenMP and torch: sums, and so the last digits, must not depend on how many processes work.

    A network that merlab trains sets its own number.
    """
    for name in BRING_LIBRARIES:
        # What the first unit of a process loaded inside would have all threads.
        importlib.import_module(name)
    with torch_threads(1), one_thread_of("openmp"), one_thread_of_blas():
        yield


def _checked(probabilities: object, name: str, clips: int, classes: int) -> NDArray[np.float64]:
    """Probabilities (clips, classes) of a method; raises MerlabError naming what they are instead."""
    values = np.asarray(probabilities, np.float64)
    if values.shape != (clips, classes):
        raise MerlabError(
            f"method {name}: predict_proba gave an array of shape {values.shape} for {clips} clips and {classes} "
            f"classes; it must be ({clips}, {classes}), with a column also for a class without training clips in this "
            "fold, unless classes_ states the labels of the columns"
        )
    sums = values.sum(axis=1)
    if np.isfinite(values).all() and ((values < -SUM_TOLERANCE).any() or (abs(sums - 1) > SUM_TOLERANCE).any()):
        raise MerlabError(
            f"method {name}: predict_proba gave rows that are not probabilities (smallest value {values.min():g}, sums "
            f"from {sums.min():g} to {sums.max():g}); each row must be at least 0 and sum to 1"
        )
    return values


class Worker:
    """Does one unit of work at a time; keeps the inputs of one recipe in memory."""

    def __init__(self, plan: Plan, cache: Path | None) -> None:
        self.plan = plan
        self.cache = cache
        self._recipe: Recipe | None = None
        self._inputs: Float32Array | None = None
        self._synthetic: tuple[Recipe, SyntheticClips] | None = None

    def inputs(self, recipe: Recipe, progress: Progress | None = None) -> Float32Array:
        """The plan's clips under a recipe, (N, *recipe.shape); without ``progress``, those that were made before."""
        if self._inputs is None or recipe != self._recipe:
            self._inputs = load_inputs(
                self.plan.labeled.table, recipe, self.cache, progress=progress or silent, quiet=progress is None
            )
            self._recipe = recipe
        return self._inputs

    def synthetic(self, entry: Entry) -> SyntheticClips | None:
        """The synthetic clips that an entry uses, under its recipe; their folder is read once for each recipe."""
        if entry.synthetic is None:
            return None
        if self._synthetic is None or self._synthetic[0] != entry.recipe:
            clips = entry.synthetic.clips_as(entry.recipe, self.plan.labeled.scheme)
            self._synthetic = entry.recipe, clips
        return self._synthetic[1]

    def inputs_of(self, entry: Entry) -> UnitInputs:
        """All that the units of an entry work on."""
        return UnitInputs(self.inputs(entry.recipe), self.synthetic(entry))

    def run(self, fit: Fit, on_epoch: EpochReport | None = None) -> pd.DataFrame:
        """The predictions of one unit (see ``fit_and_predict``)."""
        inputs = self.inputs_of(self.plan.entries[fit.entry])
        return fit_and_predict(self.plan, inputs, fit, on_epoch, fit.unfinished)
