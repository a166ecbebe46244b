"""What every comparison method has: a name, the features that it needs, and a fit to recordings of other subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from merlab.databases.long_video import Kind
from merlab.spotting.comparison.found import Found
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.recording import OwnFeature
from merlab.spotting.comparison.sampling import Feature

# Seconds from onset to offset where no training recording has an event of the kind: the usual limit of a
# micro-expression lies at twice the first, macro-expressions last .5 to 4 s.
USUAL_SECONDS: Mapping[Kind, float] = {"micro": 0.3, "macro": 1.5}

# The way in which the methods compute; increase it whenever one of them gives other intervals or notes.
COMPUTED = 4


@dataclass(frozen=True)
class Target:
    """What is to be spotted: the kind of movement, and its mean duration from onset to offset in training, s."""

    kind: Kind
    mean_seconds: float

    def half(self, rate: float) -> int:
        """Half of the mean duration, in samples of ``rate`` per second; at least 1."""
        return max(1, round(self.mean_seconds * rate / 2))


class Fitted(Protocol):
    """A method after its fit."""

    @property
    def facts(self) -> Mapping[str, float]:
        """What was fitted, such as ``p``."""

    def with_p(self, p: float) -> Fitted:
        """The same with another p of the threshold; raises MerlabError for a method without one."""

    def spot(self, material: MeasuredRecording) -> list[Found]:
        """The intervals that are spotted in a recording, by onset."""


@runtime_checkable
class Spotter(Protocol):
    """A comparison method; one of your own becomes one by YourSpotter.

    ``fits`` says what is fitted to the recordings of other subjects, in a few words; empty where nothing is.
    ``needs_training``: whether there is nothing to spot with before the fit. ``places``: whether it needs the places of
    the blocks in every frame. ``sees_frames``: whether frames matter to it; not to a guess.
    """

    @property
    def name(self) -> str:
        """The name on the command line."""

    @property
    def title(self) -> str:
        """What it is, in a few words."""

    @property
    def paper(self) -> str:
        """Where it was published; empty for a guess."""

    @property
    def fits(self) -> str:
        """What is fitted."""

    @property
    def needs_training(self) -> bool:
        """Whether it cannot spot without training recordings."""

    @property
    def places(self) -> bool:
        """Whether the places of the blocks are needed."""

    @property
    def sees_frames(self) -> bool:
        """Whether what the frames show, and which of them do, matters."""

    def kinds(self, wanted: Sequence[Kind]) -> Sequence[Kind]:
        """The kinds that are fitted and spotted one by one, of those wanted."""

    def features(self, target: Target, rate: float) -> Sequence[Feature | OwnFeature]:
        """The features of a recording with ``rate`` samples per second."""

    def least_samples(self, target: Target, rate: float) -> int:
        """How many samples a recording must have, so that the method has something to compare."""

    def fit(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> Fitted:
        """Fit to recordings; without any, the published or assumed constants."""
