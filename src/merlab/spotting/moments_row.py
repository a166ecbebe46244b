"""The columns that all tables of movements share: when a movement happens, and how clear it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


def moments_of(
    frames: tuple[int, int, int], score: float, number: Callable[[int], int], seconds: Callable[[int], float]
) -> Moments:
    """The moments of a movement from its onset, apex and offset, however these count frames.

    ``number`` gives the number of a frame in the source, ``seconds`` when it was recorded.
    """
    onset, apex, offset = map(number, frames)
    onset_s, apex_s, offset_s = map(seconds, frames)
    return Moments(onset, apex, offset, onset_s, apex_s, offset_s, offset_s - onset_s, score)


@dataclass(frozen=True)
class OfVideo:
    """The first column: the name of the source."""

    video: str
