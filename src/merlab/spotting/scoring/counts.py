"""Right, wrong and missed events, counted in each video, and the scores of such counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.evaluation.metrics import Float64Array, IntArray, ratio
from merlab.evaluation.significance import CONFIDENCE, Interval
from merlab.spotting.scoring.hits import by_video, interval_of
from merlab.spotting.scoring.kinds import KIND, KINDS
from merlab.spotting.scoring.matching import LEAST_IOU, match_overlaps, overlapping
from merlab.spotting.scoring.read_intervals import OFFSET, ONSET
from merlab.spotting.scoring.score_models import IouScores, KindScores

# Intersections over union of the curve.
CURVE = tuple(round(0.1 * step, 1) for step in range(1, 10))


def counts_of(
    truth: pd.DataFrame, spotted: pd.DataFrame, videos: Sequence[str], least: Sequence[float] = (LEAST_IOU,)
) -> IntArray:
    """Right, wrong and missed events of each video, for each least intersection over union: (least, videos, 3)."""
    counts = np.zeros((len(least), len(videos), 3), np.int64)
    true_rows, spotted_rows = map(by_video, (truth, spotted))
    for index, video in enumerate(videos):
        true, found = (_intervals(rows.get(video)) for rows in (true_rows, spotted_rows))
        overlaps = overlapping(true, found)
        for position, each in enumerate(least):
            right = len(match_overlaps(overlaps, each))
            counts[position, index] = right, len(found) - right, len(true) - right
    return counts


def _intervals(rows: pd.DataFrame | None) -> Float64Array:
    return np.zeros((0, 2)) if rows is None else rows[[ONSET, OFFSET]].to_numpy(float)


def spotting_f1(counts: ArrayLike) -> Float64Array:
    """F1 of counts (..., 3)."""
    right, wrong, missed = np.moveaxis(np.asarray(counts, float), -1, 0)
    return ratio(2 * right, 2 * right + wrong + missed)


class Rates(TypedDict):
    """The counts of right, wrong and missed events, and their scores; an undefined one is None."""

    tp: int
    fp: int
    fn: int
    precision: float | None
    recall: float | None
    f1: float | None


def rates_of(counts: IntArray) -> Rates:
    """The rates of pooled counts (3,)."""
    right, wrong, missed = counts.tolist()
    return Rates(
        tp=right,
        fp=wrong,
        fn=missed,
        precision=_share(right, right + wrong),
        recall=_share(right, right + missed),
        f1=_share(2 * right, 2 * right + wrong + missed),
    )


def _share(part: float, whole: float) -> float | None:
    """A ratio; None if it is undefined."""
    return part / whole if whole else None


def curve_of(truth: pd.DataFrame, spotted: pd.DataFrame, videos: Sequence[str]) -> tuple[IouScores, ...]:
    """The scores for each intersection over union of CURVE."""
    pooled = counts_of(truth, spotted, videos, CURVE).sum(axis=1)
    return tuple(IouScores(iou=least, **rates_of(counts)) for least, counts in zip(CURVE, pooled, strict=True))


def kind_scores(
    truth: pd.DataFrame, spotted: pd.DataFrame, videos: Sequence[str], owners: IntArray, minutes: float | None
) -> tuple[KindScores, ...]:
    """The scores of micro- and macro-expressions, and of both pooled; nothing if a table has no kinds."""
    if KIND not in truth or KIND not in spotted:
        return ()
    of_kinds = {
        kind: counts_of(truth[truth[KIND] == kind], spotted[spotted[KIND] == kind], videos)[0] for kind in KINDS
    }
    both = sum(of_kinds.values(), start=np.zeros((len(videos), 3), np.int64))
    every = {**of_kinds, " + ".join(KINDS): both}
    return tuple(_scores(name, counts, owners, minutes) for name, counts in every.items())


def _scores(kind: str, counts: IntArray, owners: IntArray, minutes: float | None) -> KindScores:
    rates = rates_of(counts.sum(axis=0))
    return KindScores(
        kind=kind,
        true_events=rates["tp"] + rates["fn"],
        spotted_events=rates["tp"] + rates["fp"],
        **rates,
        f1_interval=interval_of(counts, owners, spotting_f1),
        false_alarms_per_minute=None if minutes is None else rates["fp"] / minutes,
    )


def false_alarms_interval(wrong: IntArray, seconds: Sequence[float], owners: IntArray) -> Interval | None:
    """The 95 % interval of false alarms a minute, owners of videos resampled, from the counts and lengths of videos.

    Where all samples are alike, as without any false alarm, it is that of their Poisson count (Garwood, "Fiducial
    Limits for the Poisson Distribution", Biometrika 28, 1936).
    """
    milliseconds = np.round(1000 * np.asarray(seconds)).astype(np.int64)

    def a_minute(pooled: ArrayLike) -> Float64Array:
        alarms, length = np.moveaxis(np.asarray(pooled, float), -1, 0)
        return ratio(60_000 * alarms, length)

    interval = interval_of(np.stack([wrong, milliseconds], axis=-1), owners, a_minute, limits=(0.0, math.inf))
    if interval is None or interval[1] < math.inf:
        return interval
    # It takes long to import.
    from scipy.special import gammaincinv

    alarms, minutes = int(wrong.sum()), sum(seconds) / 60
    low = float(gammaincinv(alarms, (1 - CONFIDENCE) / 2)) if alarms else 0.0
    return low / minutes, float(gammaincinv(alarms + 1, (1 + CONFIDENCE) / 2)) / minutes
