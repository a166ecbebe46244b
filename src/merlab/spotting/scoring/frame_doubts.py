"""Notes on numbers that may not be frames, or not at this rate: only their lengths, places and seconds tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.spelling import first_of
from merlab.spotting.macro import MacroSettings
from merlab.spotting.scoring.hits import by_video
from merlab.spotting.scoring.matching import overlapping
from merlab.spotting.scoring.read_intervals import OFFSET, OFFSET_S, ONSET, ONSET_S, SECONDS, VIDEO, rates_of_events

# Seconds are rounded, and may be those of movements and not of frames: half a frame per event, or this share of all.
ROUNDED, SHARE = 0.5, 0.1


def note_on_rate(events: pd.DataFrame, table: str, rates: Mapping[str, float], fps: float | None) -> str | None:
    """A note where frames and seconds of the events of a video are those of another rate than ``note_on_lengths`` has.

    Nothing is known of a table without the columns onset_s and offset_s.
    """
    if not set(SECONDS) <= set(events):
        return None
    numbers = events[[ONSET, OFFSET]].assign(**events[[*SECONDS]].apply(pd.to_numeric, errors="coerce"))
    facts = pd.DataFrame(
        {
            "frames": numbers[OFFSET] - numbers[ONSET],
            "seconds": numbers[OFFSET_S] - numbers[ONSET_S],
            "stated": rates_of_events(events, rates, fps),
        }
    )
    known = facts[(facts["frames"] > 0) & (facts["seconds"] > 0) & facts["stated"].notna()].assign(events=1)
    sums = known.assign(stated=known["stated"] * known["seconds"]).groupby(events[VIDEO]).sum()
    other = sums[(sums["stated"] - sums["frames"]).abs() > SHARE * sums["frames"] + ROUNDED * sums["events"]]
    if other.empty:
        return None
    each = (f"{rate:.3g} for {video or 'its video'}" for video, rate in (other["frames"] / other["seconds"]).items())
    return (
        f"{table}: the columns {ONSET_S} and {OFFSET_S} give other frames per second than are stated "
        f"({first_of(each, 3)}); correct the frame rate, or milliseconds and durations are wrong"
    )


def note_on_lengths(events: pd.DataFrame, table: str, rates: Mapping[str, float], fps: float | None) -> str | None:
    """A note where half of the events last longer than any movement of a face that is spotted.

    ``rates`` are frames per second by the names of videos, ``fps`` those of the others; nothing is known without them.
    """
    return note_on_seconds((events[OFFSET] - events[ONSET]) / rates_of_events(events, rates, fps), table)


def note_on_seconds(seconds: Iterable[float], table: str) -> str | None:
    """The note on how long the events of a table last; NaN is not known."""
    # pandas before 3 passes on NumPy's warning about values that are all NaN.
    middle, longest = pd.Series(seconds, dtype=float).dropna().median(), MacroSettings().longest
    if not middle > longest:
        return None
    return (
        f"{table}: half of the events last {middle:.1f} s or longer, and movements of a face up to {longest:g} s; "
        "onset and offset must be frames, not milliseconds"
    )


def note_on_whole_seconds(events: pd.DataFrame, table: str, *_: object) -> str | None:
    """``note_on_frames`` about a table of events."""
    return note_on_frames(events[OFFSET] - events[ONSET], table)


def note_on_frames(lengths: Iterable[float], table: str) -> str | None:
    """A note where half of the events end with their first frame, or the next one: whole seconds look like that."""
    if not pd.Series(lengths, dtype=float).median() <= 1:
        return None
    return f"{table}: half of the events last two frames or less; check that onset and offset are frames, not seconds"


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
