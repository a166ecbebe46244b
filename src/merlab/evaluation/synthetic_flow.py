"""A folder of synthetic flow as a run uses it: checked against the scheme, and turned into the input of a method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.evaluation.run_record import SyntheticFlowFacts
from merlab.inputs import Recipe
from merlab.inputs.synthetic_flow import synthetic_inputs
from merlab.schemes import Scheme
from merlab.synthesis.flow_clips import OTHER_SIDE, FlowClips, read_flow
from merlab.training import SyntheticClips
from merlab.training.material import relative_intensities

# Of the small random shifts, scales and turns of the crops; the same for every fold and seed of a run.
CROP_SEED = 0


@dataclass(frozen=True)
class SyntheticFlow:
    """A folder of ``merlab make-flow`` that a run uses: where it is, the digest of its content, and its size."""

    folder: Path
    digest: str
    subjects: int
    clips: int

    @classmethod
    def of(cls, folder: Path, flow: FlowClips) -> SyntheticFlow:
        """The facts of a folder that has been read."""
        return cls(folder.absolute(), flow.digest, len(set(flow.subjects)), len(flow))

    def facts(self) -> SyntheticFlowFacts:
        """The folder as run.json states it."""
        return SyntheticFlowFacts(name=self.folder.name, digest=self.digest, subjects=self.subjects, clips=self.clips)

    def clips_as(self, recipe: Recipe, scheme: Scheme) -> SyntheticClips:
        """Its clips under a recipe, with the classes of a scheme; raises MerlabError if the content has changed."""
        return as_training_clips(self.read("run"), recipe, scheme)

    def read(self, work: str) -> FlowClips:
        """Its content; raises MerlabError if it has changed since the ``work``, a run or a training, began."""
        flow = read_flow(self.folder)
        if flow.digest != self.digest:
            raise MerlabError(f"the synthetic flow in {self.folder} has changed since the {work} began; run it again")
        return flow


def labels_in(flow: FlowClips, scheme: Scheme) -> NDArray[np.int64]:
    """The label of each clip of synthetic flow: the position of its class in the scheme."""
    return np.array([scheme.classes.index(scheme.emotions[emotion]) for emotion in flow.emotions], np.int64)


def as_training_clips(flow: FlowClips, recipe: Recipe, scheme: Scheme) -> SyntheticClips:
    """Synthetic flow as the input of a method; raises MerlabError for a recipe that cannot be computed from flow."""
    return SyntheticClips(
        inputs=synthetic_inputs(flow, recipe, seed=CROP_SEED),
        labels=labels_in(flow, scheme),
        intensities=relative_intensities(flow.intensities),
        other_side=np.asarray(OTHER_SIDE, np.int64),
        subjects=flow.subjects,
    )


def require_scheme(flow: FlowClips, scheme: Scheme) -> None:
    """Raise MerlabError unless the scheme maps every label of the synthetic clips, and each of its classes occurs."""
    labels = set(flow.emotions)
    remedy = "choose a scheme that does, such as megc2019, or leave --synthetic out"
    if unknown := sorted(labels - scheme.emotions.keys()):
        raise MerlabError(
            f"--synthetic has clips with the labels {', '.join(unknown)}, which scheme {scheme.name} does not map to a "
            f"class; {remedy}"
        )
    shown = {scheme.emotions[label] for label in labels}
    if absent := [name for name in scheme.classes if name not in shown]:
        raise MerlabError(
            f"--synthetic has no clip of class {', '.join(absent)} of scheme {scheme.name}, only clips with the labels "
            f"{', '.join(sorted(labels))}; {remedy}"
        )


def require_recipe(flow: FlowClips, recipe: Recipe) -> None:
    """Raise MerlabError unless the recipe can be computed from synthetic flow, which is tried on one clip."""
    synthetic_inputs(flow.of(np.arange(len(flow)) == 0), recipe, seed=CROP_SEED)
