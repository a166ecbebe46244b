"""The motion score of one face over time, as lines of an SVG that stays small however long the video is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000, 100
MOST_POINTS = 1500
# Of successive frames, in units of the usual one.
LONGEST_INTERVAL = 2.5
# Above the highest score.
HEADROOM = 1.05
# A threshold is always seen, with room above it for what passes it.
LEAST_TOP = 2.0
NARROWEST_BAND = 1.5
TICK_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)

Values = NDArray[np.float64]


class Band(NamedTuple):
    """An event on the chart: its name, and left edge and width in units of the SVG."""

    event: str
    x: float
    width: float


class Tick(NamedTuple):
    """A moment below the chart, and where it lies, percent of the width."""

    seconds: float
    percent: float


@dataclass(frozen=True)
class Chart:
    """What is drawn of one face on WIDTH x HEIGHT units: two lines as path data, the events, and the moments below.

    ``top`` is the score at the upper edge; 0 lies at the lower one.
    """

    face_id: int
    score: str
    threshold: str
    bands: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    top: float


def face_chart(face_id: int, frames: pd.DataFrame, events: pd.DataFrame, seconds: float, most_ticks: int = 8) -> Chart:
    """The chart of a face from the rows of its frames and events, over a video that lasts ``seconds``.

    Where there are more frames than MOST_POINTS, a point is the largest score of some successive frames; where the face
    is not seen, the line is broken.
    """
    seconds = max(seconds, float(np.finfo(np.float32).eps))
    times, score, threshold = (frames[name].to_numpy(np.float64) for name in ("time_s", "score", "threshold"))
    starts = np.arange(0, len(times), -(-len(times) // MOST_POINTS) or 1)
    whole = _unbroken(times, starts)
    score, threshold = (np.fmax.reduceat(values, starts) if len(times) else values for values in (score, threshold))
    top = HEADROOM * float(np.nanmax(np.concatenate([score, LEAST_TOP * threshold, [1.0]])))
    x = WIDTH * times[starts] / seconds
    return Chart(
        face_id=face_id,
        score=_path(x, HEIGHT * (1 - score / top), whole),
        threshold=_path(x, HEIGHT * (1 - threshold / top), whole),
        bands=tuple(_bands(events, seconds)),
        ticks=_ticks(seconds, most_ticks),
        top=top,
    )


def _unbroken(times: Values, starts: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Whether the face was seen all the time from the point before to each point (points,)."""
    intervals = np.diff(times)
    gaps = intervals > LONGEST_INTERVAL * np.median(intervals) if len(intervals) else intervals > 0
    before = np.concatenate([[0], np.cumsum(gaps)])[starts]
    return np.asarray(np.diff(before, prepend=-1) == 0)


def _path(x: Values, y: Values, unbroken: NDArray[np.bool_]) -> str:
    """SVG path data through the points; a gap where a value is missing or the face was not seen in between."""
    drawn, parts = False, []
    for across, down, joined in zip(x, y, unbroken, strict=True):
        # A point on its own is a line of no length, which round ends make visible.
        if not np.isnan(down):
            parts.append(f"L{across:.1f} {down:.1f}" if drawn and joined else f"M{across:.1f} {down:.1f}h0")
        drawn = not np.isnan(down)
    return "".join(parts)


def _bands(events: pd.DataFrame, seconds: float) -> Iterator[Band]:
    for _, row in events.iterrows():
        begin, end = (WIDTH * float(row[moment]) / seconds for moment in ("onset_s", "offset_s"))
        yield Band(str(row["event"]), begin, max(NARROWEST_BAND, end - begin))


def _ticks(seconds: float, most: int) -> tuple[Tick, ...]:
    """Round moments, at most so many steps."""
    step = next((step for step in TICK_STEPS if seconds / step <= most), seconds / most)
    return tuple(Tick(step * k, 100 * step * k / seconds) for k in range(int(seconds / step + 1e-9) + 1))
