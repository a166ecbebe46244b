"""The columns that all tables of movements share: when a movement happens, and how clear it is."""

from __future__ import annotations

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


@dataclass(frozen=True)
class OfVideo:
    """The first column: the name of the source."""

    video: str
