"""Floors: what a method must beat before it has learned anything about faces.

They belong into every table. ``linear-svm`` reaches UF1 .7251 and UAR .7354 by LOSO on the 309 clips of CASME II and
SMIC in the released 28 x 28 flow, level with several published networks.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from merlab.inputs.recipe import Layout
from merlab.methods.method import DEFAULT_INPUT, Method, Preset, Task
from merlab.methods.svm import LinearSvm


class Constant:
    """Always the majority class of the training fold (the first of equals); probabilities are the class shares."""

    def __init__(self, task: Task) -> None:
        self.shares = np.full(task.classes, 1 / task.classes)

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Count the classes; inputs are not looked at."""
        self.shares = np.bincount(labels, minlength=len(self.shares)) / len(labels)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """The class shares, once a clip: (N, classes)."""
        return np.tile(self.shares, (len(inputs), 1))


class Random:
    """Every class equally likely, whatever the clip and whatever the training fold: uniform draws, not prior-weighted.

    Probabilities are drawn uniformly from the simplex (a flat Dirichlet), so that their arg-max is uniform too.
    """

    def __init__(self, task: Task) -> None:
        self.classes = task.classes
        self.seed = 0

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Keep the seed."""
        self.seed = seed

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """One draw a clip (N, classes); the same seed and clips give the same draws."""
        # The clips are part of the seed: else the folds of one run would all repeat the same first draws.
        clips = zlib.crc32(inputs.tobytes())
        return np.random.default_rng([self.seed, clips]).dirichlet(np.ones(self.classes), size=len(inputs))


ANYTHING: tuple[Layout, ...] = ("image", "sequence", "vector")

# A floor has one form; it answers to both names so that a run over many methods can name one preset for all.
_PRESETS = dict.fromkeys(("paper", "reduced"), Preset(source="no publication: a floor, its settings fixed beforehand"))

CONSTANT = Method(
    name="constant",
    title="floor: the majority class of the training fold",
    paper="none: a floor",
    input=DEFAULT_INPUT,
    presets=_PRESETS,
    pipeline=Constant,
    takes=ANYTHING,
    seeded=False,
)
RANDOM = Method(
    name="random",
    title="floor: a class drawn uniformly",
    paper="none: a floor",
    input=DEFAULT_INPUT,
    presets=_PRESETS,
    pipeline=Random,
    takes=ANYTHING,
)
LINEAR_SVM = Method(
    name="linear-svm",
    title="floor: a linear SVM on the flattened input",
    paper="none: a floor",
    input=DEFAULT_INPUT,
    presets=_PRESETS,
    pipeline=partial(LinearSvm, cost=1e-3),
    takes=ANYTHING,
    seeded=False,
)

BASELINES = (CONSTANT, RANDOM, LINEAR_SVM)
BASELINE_NAMES = tuple(method.name for method in BASELINES)
# Baselines whose answer does not depend on the clip.
GUESS_NAMES = (CONSTANT.name, RANDOM.name)
