"""The clips that a recognizer is trained on: synthetic flow, or clips of databases with synthetic flow beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from merlab.evaluation.start import Start
from merlab.evaluation.synthetic_flow import SyntheticFlow, labels_in, require_recipe, require_scheme
from merlab.frames import Float32Array
from merlab.inputs.synthetic_flow import synthetic_inputs
from merlab.models.card import SYNTHETIC_FACES
from merlab.models.labeled_examples import Examples
from merlab.models.training import Training
from merlab.synthesis.flow_clips import OTHER_SIDE, UNIT_KEYS, FlowClips
from merlab.synthesis.varied import CLASSES
from merlab.training import Material, NeuralClassifier
from merlab.training.material import relative_intensities


@dataclass(frozen=True, eq=False)
class NetworkClips:
    """What every network of a training can use.

    Attributes:
        train: the training clips, those of synthetic flow with one crop of each.
        flow: synthetic flow; None if it is not used.
        beside: whether the synthetic flow is mixed into the batches, instead of being the training clips.
        starts: networks whose weights training starts from.

    """

    train: Examples
    flow: SyntheticFlow | None
    beside: bool
    starts: tuple[Start, ...]

    def fit(self, classifier: NeuralClassifier, training: Training, number: int) -> None:
        """Fit the network of one seed; networks that are trained on synthetic flow have different crops of it."""
        if self.flow is None or self.beside:
            classifier.fit(self.train.inputs, self.train.labels, self.train.groups, number)
            return
        train, intensities = cropped_clips(self.flow, training, frozenset(self.train.groups), number)
        with_units = classifier.settings.unit_loss > 0
        classifier.fit(
            train.inputs,
            train.labels,
            train.groups,
            number,
            intensities=intensities if with_units else None,
            other_side=np.asarray(OTHER_SIDE, np.int64) if with_units else None,
        )

    def material(self, training: Training) -> Material:
        """What training uses beside the training clips."""
        synthetic = None
        if self.flow is not None and self.beside:
            synthetic = self.flow.clips_as(training.full_recipe(), training.scheme)
        starts = tuple(start.tensors for start in self.starts)
        return Material(synthetic, {training.method: starts} if starts else {})


def cropped_clips(
    flow: SyntheticFlow, training: Training, groups: frozenset[str], number: int
) -> tuple[Examples, Float32Array]:
    """The clips of these groups, each cropped once at random, and the intensities (N, units) of their action units."""
    clips = _read(flow)
    clips = clips.of(np.array([f"{SYNTHETIC_FACES}/{subject}" in groups for subject in clips.subjects]))
    return _examples(clips, training, number), relative_intensities(clips.intensities)


def examples_of_flow(flow: SyntheticFlow, training: Training) -> Examples:
    """All clips of synthetic flow, each cropped once at random."""
    return _examples(_read(flow), training, training.seed)


def check_flow(flow: FlowClips, training: Training) -> None:
    """Raise MerlabError unless synthetic flow has the classes and can give the input of a training."""
    require_scheme(flow, training.scheme)
    require_recipe(flow, training.full_recipe())


def flow_to_come() -> FlowClips:
    """A still clip of every label, for checks before synthetic flow is made."""
    labels = tuple({*CLASSES, *(emotion for emotions in CLASSES.values() for emotion in emotions)})
    count = len(labels)
    planes, intensities = np.zeros((count, 3, 120, 97), np.float16), np.zeros((count, len(UNIT_KEYS)), np.float32)
    return FlowClips(planes, labels, ("",) * count, ("",) * count, intensities, "")


def _examples(clips: FlowClips, training: Training, seed: int) -> Examples:
    keys = pd.DataFrame({"database": SYNTHETIC_FACES, "subject": clips.subjects, "clip": clips.names})
    inputs = synthetic_inputs(clips, training.full_recipe(), seed=seed)
    return Examples(inputs, labels_in(clips, training.scheme), keys)


@lru_cache(maxsize=1)
def _read(flow: SyntheticFlow) -> FlowClips:
    """The content of a folder, which several networks of one process are trained on."""
    return flow.read("training")
