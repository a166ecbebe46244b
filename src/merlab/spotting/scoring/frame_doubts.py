"""Notes on numbers that may not be frames: milliseconds look like them, only their lengths and places tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.spotting.macro import MacroSettings
from merlab.spotting.scoring.hits import by_video
from merlab.spotting.scoring.matching import overlapping
from merlab.spotting.scoring.read_intervals import OFFSET, ONSET, rates_of_events


def note_on_lengths(events: pd.DataFrame, table: str, rates: Mapping[str, float], fps: float | None) -> str | None:
    """A note where half of the events last longer than any movement of a face that is spotted.

    ``rates`` are frames per second by the names of videos, ``fps`` those of the others; nothing is known without them.
    """
    return note_on_seconds((events[OFFSET] - events[ONSET]) / rates_of_events(events, rates, fps), table)


def note_on_seconds(seconds: Iterable[float], table: str) -> str | None:
    """The note on how long the events of a table last; NaN is not known."""
    middle, longest = pd.Series(seconds, dtype=float).median(), MacroSettings().longest
    if not middle > longest:
        return None
    return (
        f"{table}: half of the events last {middle:.1f} s or longer, and movements of a face up to {longest:g} s; "
        "onset and offset must be frames, not milliseconds"
    )


def notes_on_places(truth: pd.DataFrame, spotted: pd.DataFrame) -> Iterator[str]:
    """A note where no spotted event shares a frame with a true one, in the videos that both tables have."""
    true, found = (by_video(table) for table in (truth, spotted))
    both = true.keys() & found.keys()
    if share_no_frame((true[video][[ONSET, OFFSET]], found[video][[ONSET, OFFSET]]) for video in both):
        yield (
            "no spotted event shares a frame with a true one; check that both tables count frames, not milliseconds, "
            "from the same first one"
        )


def share_no_frame(pairs: Iterable[tuple[ArrayLike, ArrayLike]]) -> bool:
    """Whether two tables with intervals (n, 2) and (m, 2) of each video nowhere have a frame in common."""
    compared = False
    for one, other in pairs:
        if len(overlapping(one, other).iou):
            return False
        compared = compared or np.size(one) * np.size(other) > 0
    return compared
