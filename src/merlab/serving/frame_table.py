"""Windows of frames.csv: the times of frames, and scores in the detail that a screen can show."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from merlab.serving.coding_answers import ClockAnswer, PartCurve
from merlab.serving.limits import RefusedError
from merlab.spotting.curve import Values, score_curve
from merlab.spotting.motion_score import PARTS
from merlab.videos.frame_table import part_column
from merlab.videos.result import FRAMES

MOST_FRAMES = 6000
POINTS = 1500
KNOWN = ("frame", "time_s", "face_id", "success", "score", "threshold")
PART_COLUMNS = {part_column(part): part for part in PARTS}


def clock_around(folder: Path, at_s: float) -> ClockAnswer:
    """At most MOST_FRAMES frames around a time."""
    once = _table(folder).drop_duplicates("frame")
    times = once["time_s"].to_numpy()
    last = max(0, len(times) - MOST_FRAMES)
    first = min(last, max(0, int(np.searchsorted(times, at_s)) - MOST_FRAMES // 2))
    window = once.iloc[first : first + MOST_FRAMES]
    return ClockAnswer(frame=window["frame"].tolist(), time_s=window["time_s"].round(5).tolist())


def curves_between(folder: Path, start_s: float, end_s: float) -> list[PartCurve]:
    """The scores of each face from ``start_s`` to ``end_s``, at most POINTS each; every peak is kept.

    Raises RefusedError if there is no time between them.
    """
    if start_s > end_s:
        raise RefusedError(422, f"start_s {start_s:g} is after end_s {end_s:g}; exchange them")
    table = _table(folder)
    seen = table[(table["success"] == 1) & table["time_s"].between(start_s, end_s)]
    return [_curve(int(str(face)), rows) for face, rows in seen.groupby("face_id")]


def _curve(face_id: int, rows: pd.DataFrame) -> PartCurve:
    curve = score_curve(rows, POINTS)
    parts = {
        part: score_curve(rows.assign(score=rows[name]), POINTS).score
        for name, part in PART_COLUMNS.items()
        if name in rows.columns
    }
    places = np.searchsorted(rows["time_s"].to_numpy(), curve.seconds)
    single = len(rows) <= POINTS
    frames = rows["frame"].to_numpy()
    return PartCurve(
        face_id=face_id,
        time_s=curve_numbers(curve.seconds),
        frame=[
            None if math.isnan(time) or not single else int(frames[place])
            for time, place in zip(curve.seconds, places, strict=True)
        ],
        score=curve_numbers(curve.score),
        threshold=curve_numbers(curve.threshold),
        parts={name: curve_numbers(values) for name, values in parts.items()},
    )


def curve_numbers(values: Values) -> list[float | None]:
    """The values of a curve as the page gets them; None for what is not known."""
    return [None if math.isnan(value) else round(float(value), 4) for value in values]


def _table(folder: Path) -> pd.DataFrame:
    return _kept_table(folder / FRAMES)


@lru_cache(maxsize=2)
def _kept_table(path: Path) -> pd.DataFrame:
    """The columns that the page needs; the finished result of a job does not change, and its table may be large."""
    return pd.read_csv(path, usecols=lambda name: name in {*KNOWN, *PART_COLUMNS}, dtype={"face_id": "Int64"})
