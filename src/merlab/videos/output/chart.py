"""The motion score of one face over time, as lines of an SVG that stays small however long the video is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from merlab.spotting.curve import Curve, Values
from merlab.spotting.score_scale import round_scores, shares
from merlab.videos.rows import Event

WIDTH, HEIGHT = 1000, 100
# px: a wider band would join neighboring events of an hour.
NARROWEST_BAND = 2
TICK_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


class Band(NamedTuple):
    """An event on the chart: its name and kind (or nothing), and left edge and width in units of the SVG."""

    event: str
    kind: str
    x: float
    width: float


class Tick(NamedTuple):
    """A moment below the chart, and its place, percent of the width."""

    seconds: float
    percent: float


class ScaleMark(NamedTuple):
    """A score beside the chart, in times the noise, and its place, percent of the height from the top."""

    score: float
    percent: float


@dataclass(frozen=True)
class Chart:
    """The chart of one face on WIDTH x HEIGHT units: two lines as path data, the events, the moments below, the scores.

    ``top`` is the score at the upper edge; the lower edge is 0.
    """

    face_id: int
    score: str
    threshold: str
    bands: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    levels: tuple[ScaleMark, ...]
    top: float


def face_chart(
    face_id: int,
    curve: Curve,
    events: Sequence[Event],
    begin: float,
    end: float,
    *,
    pixels: int = WIDTH,
    most_ticks: int = 8,
) -> Chart:
    """The chart of a face from its curve and its events, over a video that lasts from ``begin`` to ``end``, s.

    ``pixels`` is the width in which it is shown, or the least one.
    """
    axis = _Axis(begin, max(end - begin, float(np.finfo(np.float32).eps)))
    x, top = WIDTH * axis.share(curve.seconds), curve.top
    return Chart(
        face_id=face_id,
        score=_path(x, HEIGHT * (1 - shares(curve.score, top))),
        threshold=_path(x, HEIGHT * (1 - shares(curve.threshold, top))),
        bands=tuple(_bands(events, axis, NARROWEST_BAND * WIDTH / max(pixels, WIDTH))),
        ticks=_ticks(axis, most_ticks),
        levels=_levels(top),
        top=top,
    )


class _Axis(NamedTuple):
    """The seconds of a video, from ``begin`` on."""

    begin: float
    seconds: float

    def share(self, moment: Values) -> Values:
        """Where moments are, 0..1 of the width."""
        return np.asarray((moment - self.begin) / self.seconds, np.float64)


def _path(x: Values, y: Values) -> str:
    """SVG path data through the points, broken where a value is NaN."""
    drawn, steps = False, []
    for across, down in zip(x, y, strict=True):
        # A lone point is a line of no length, which round ends make visible.
        if not np.isnan(down):
            steps.append(f"L{across:.1f} {down:.1f}" if drawn else f"M{across:.1f} {down:.1f}h0")
        drawn = not np.isnan(down)
    return "".join(steps)


def _bands(events: Sequence[Event], axis: _Axis, narrowest: float) -> Iterator[Band]:
    for event in events:
        begin, end = WIDTH * axis.share(np.array([event.onset_s, event.offset_s]))
        yield Band(event.event, event.kind, float(begin), max(narrowest, float(end - begin)))


def _ticks(axis: _Axis, most: int) -> tuple[Tick, ...]:
    """Round moments, with at most ``most`` steps between them."""
    step = next((step for step in TICK_STEPS if axis.seconds / step <= most), axis.seconds / most)
    first, last = math.ceil(axis.begin / step - 1e-9), math.floor((axis.begin + axis.seconds) / step + 1e-9)
    moments = np.asarray(step * np.arange(first, last + 1), np.float64)
    return tuple(map(Tick, moments.tolist(), (100 * np.clip(axis.share(moments), 0, 1)).tolist()))


def _levels(top: float) -> tuple[ScaleMark, ...]:
    scores = round_scores(top)
    return tuple(map(ScaleMark, scores, (100 * (1 - shares(np.array(scores), top))).tolist()))
