"""The result of comparing spotting methods: what is stored of a fold, and the scores of all methods."""

from __future__ import annotations

from collections.abc import Mapping

from merlab.databases.long_video import Kind
from merlab.json_models import ClosedModel
from merlab.spelling import counted
from merlab.spotting.scoring import SpottingScores


class SpottedInterval(ClosedModel):
    """One spotted interval, as in Found, and its video."""

    video: str
    onset: int
    apex: int
    offset: int
    kind: Kind
    score: float


class FoldResult(ClosedModel):
    """What a method spotted in the recordings of a fold, and what was fitted for each kind, such as ``p``.

    A kind without facts could not be fitted: no training recording has such an event. ``whole_heads`` counts recordings
    that do not have the proportions of an aligned face; ``damaged`` counts the frames of each recording that cannot be
    decoded, ``missing`` those that are not there, ``gaps`` where time is missing; ``too_short`` has the recordings in
    which the method has nothing to compare, with the kinds. ``code`` is the fingerprint of a method of your own.
    """

    method: str
    fold: str
    facts: Mapping[Kind, Mapping[str, float]]
    events: tuple[SpottedInterval, ...]
    whole_heads: int
    damaged: Mapping[str, int] = {}
    missing: Mapping[str, int] = {}
    gaps: Mapping[str, int] = {}
    too_short: Mapping[str, tuple[Kind, ...]] = {}
    code: str = ""


class MethodScores(ClosedModel):
    """The scores of one method, pooled over all recordings; ``fits`` says what was fitted, empty for nothing.

    ``facts`` has what was fitted in each fold.
    """

    method: str
    title: str
    paper: str
    fits: str
    facts: Mapping[str, Mapping[Kind, Mapping[str, float]]]
    scores: SpottingScores


class SpottingComparison(ClosedModel):
    """Methods on the same recordings, each fitted on other subjects.

    ``fitted_on`` says on which recordings. ``minutes`` is the length of all recordings.
    """

    stamps: tuple[str, ...]
    fitted_on: str
    folds: int
    subjects: int
    videos: int
    minutes: float
    events: Mapping[Kind, int]
    seed: int
    methods: tuple[MethodScores, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        lines = (f"  {each.method}: {each.scores!r}" for each in self.methods)
        return "\n".join((f"SpottingComparison, {counted(self.videos, 'video')}", *lines))

    __str__ = __repr__
