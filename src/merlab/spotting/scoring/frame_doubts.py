"""Notes on numbers that may not be frames: milliseconds look like them, only their lengths and places tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from merlab.spotting.macro import MacroSettings
from merlab.spotting.scoring.matching import iou
from merlab.spotting.scoring.read_intervals import OFFSET, ONSET, VIDEO


def note_on_lengths(events: pd.DataFrame, table: str, rates: Mapping[str, float], fps: float | None) -> str | None:
    """A note where half of the events last longer than any movement of a face that is spotted.

    ``rates`` are frames per second by the names of videos, ``fps`` those of the others; nothing is known without them.
    """
    known = events[VIDEO].map(dict(rates)).fillna(math.nan if fps is None else fps).astype(float)
    middle, longest = ((events[OFFSET] - events[ONSET]) / known).median(), MacroSettings().longest
    if not middle > longest:
        return None
    return (
        f"{table}: half of the events last {middle:.1f} s or longer, and movements of a face up to {longest:g} s; "
        "onset and offset must be frames, not milliseconds"
    )


def notes_on_places(truth: pd.DataFrame, spotted: pd.DataFrame) -> Iterator[str]:
    """A note where no spotted event shares a frame with a true one, in the videos that both tables have."""
    videos = set(truth[VIDEO]) & set(spotted[VIDEO])
    pairs = ([table.loc[table[VIDEO] == video, [ONSET, OFFSET]] for table in (truth, spotted)] for video in videos)
    if videos and not any(iou(true, found).any() for true, found in pairs):
        yield (
            "no spotted event shares a frame with a true one; check that both tables count frames, not milliseconds, "
            "from the same first one"
        )
