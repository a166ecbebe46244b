"""Baselines: a method that does not exceed them has learned nothing about faces.

They belong in every table. ``linear-svm`` reaches UF1 .7251 and UAR .7354 by LOSO on the 309 clips of CASME II and
SMIC in the released 28 x 28 flow, about as much as several published networks.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from merlab.methods.method import DEFAULT_INPUT, Method, Preset, Task
from merlab.methods.svm import ANY_LAYOUT, LinearSvm


class Constant:
    """Predicts the majority class of the training fold (the first, if classes are equally frequent).

    Probabilities are the shares of the classes in the training fold.
    """

    def __init__(self, task: Task) -> None:
        self.shares = np.full(task.classes, 1 / task.classes)

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Count the classes; the inputs are not used."""
        self.shares = np.bincount(labels, minlength=len(self.shares)) / len(labels)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """The class shares, repeated for each clip: (N, classes)."""
        return np.tile(self.shares, (len(inputs), 1))


class Random:
    """Predicts a random class: all classes are equally likely, independent of the clip and of the training fold.

    Probabilities are sampled uniformly from the simplex (a flat Dirichlet distribution), so their arg-max is uniform.
    """

    def __init__(self, task: Task) -> None:
        self.classes = task.classes
        self.seed = 0

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Keep the seed."""
        self.seed = seed

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """One sample per clip (N, classes); the same seed and clips give the same samples."""
        # The clips are part of the seed: otherwise all folds of one run would repeat the same first samples.
        clips = zlib.crc32(inputs.tobytes())
        return np.random.default_rng([self.seed, clips]).dirichlet(np.ones(self.classes), size=len(inputs))


# A baseline has one form. It has both preset names, so that one name can be used for all methods of a run.
_PRESETS = dict.fromkeys(
    ("paper", "reduced"), Preset(source="no publication: a baseline, its settings were fixed in advance")
)

CONSTANT = Method(
    name="constant",
    title="baseline: the majority class of the training fold",
    paper="none: a baseline",
    input=DEFAULT_INPUT,
    presets=_PRESETS,
    pipeline=Constant,
    takes=ANY_LAYOUT,
    seeded=False,
)
RANDOM = Method(
    name="random",
    title="baseline: a random class, all equally likely",
    paper="none: a baseline",
    input=DEFAULT_INPUT,
    presets=_PRESETS,
    pipeline=Random,
    takes=ANY_LAYOUT,
)
LINEAR_SVM = Method(
    name="linear-svm",
    title="baseline: a linear SVM on the flattened input",
    paper="none: a baseline",
    input=DEFAULT_INPUT,
    presets=_PRESETS,
    pipeline=partial(LinearSvm, cost=1e-3),
    takes=ANY_LAYOUT,
    seeded=False,
)

BASELINES = (CONSTANT, RANDOM, LINEAR_SVM)
BASELINE_NAMES = tuple(method.name for method in BASELINES)
# Baselines that do not use the content of a clip.
GUESS_NAMES = (CONSTANT.name, RANDOM.name)
