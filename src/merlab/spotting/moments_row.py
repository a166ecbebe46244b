"""The columns that all tables of movements share: when a movement happens, and how clear it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from merlab.spotting.columns import Score, Seconds


@dataclass(frozen=True)
class Moments:
    """Fields of a row. Of several base classes, the fields of the last come first, so that Moments is named first.

    Attributes:
        onset, apex, offset: numbers of frames in the source.
        onset_s, apex_s, offset_s: when these frames were recorded, as in Timing.
        duration_s: seconds from onset to offset.
        score: the largest score, in units of noise; of a comparison method in its own units.

    """

    onset: int
    apex: int
    offset: int
    onset_s: Seconds
    apex_s: Seconds
    offset_s: Seconds
    duration_s: Seconds
    score: Score


class _Spotted(Protocol):
    @property
    def onset(self) -> int:
        """The first frame."""

    @property
    def apex(self) -> int:
        """The frame in which the movement is largest."""

    @property
    def offset(self) -> int:
        """The last frame."""

    @property
    def score(self) -> float:
        """The largest score."""


def moments_of(found: _Spotted, number: Callable[[int], int], seconds: Callable[[int], float]) -> Moments:
    """The moments of a movement; ``number`` and ``seconds`` give those of its frames, however these are counted."""
    frames = found.onset, found.apex, found.offset
    onset, apex, offset = map(number, frames)
    onset_s, apex_s, offset_s = map(seconds, frames)
    return Moments(onset, apex, offset, onset_s, apex_s, offset_s, offset_s - onset_s, found.score)


@dataclass(frozen=True)
class OfVideo:
    """The first column: the name of the source."""

    video: str
