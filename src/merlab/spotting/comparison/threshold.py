"""From a curve to intervals: the threshold that most publications share, its peaks, and its choice on training videos.

The threshold is mean + p (max - mean) of a whole recording (Moilanen et al. 2014, Li et al. 2017, He et al. 2020,
Liong et al. 2021). It finds something in any recording whose curve is not constant. A curve is NaN where it is not
known, as beside a gap: nothing is spotted there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from merlab.evaluation.metrics import Float64Array
from merlab.spotting.scoring import match

# The values of p that are tried on training recordings, and the one without any.
GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
DEFAULT_P = 0.55
# Curves of a recording in which nothing moves differ by rounding errors.
LEAST_RISE = 1e-5


class Peak(NamedTuple):
    """A spotted interval of samples, from 0, both ends included."""

    onset: int
    apex: int
    offset: int
    score: float


def contrast(curve: ArrayLike, distance: int) -> Float64Array:
    """A curve (n,) minus the mean of its values ``distance`` before and after: (n - 2 distance,)."""
    values = np.asarray(curve, float)
    if len(values) <= 2 * distance:
        return np.zeros(0)
    return np.asarray(values[distance:-distance] - (values[: -2 * distance] + values[2 * distance :]) / 2)


def threshold_of(curve: Float64Array, p: float) -> float:
    """The threshold; infinite for a curve that is constant. Values that are NaN are left out."""
    known = curve[~np.isnan(curve)]
    if not len(known) or known.max() - known.mean() < LEAST_RISE:
        return float(np.inf)
    return float(known.mean() + p * (known.max() - known.mean()))


def peaks(curve: Float64Array, p: float, half: int) -> list[Peak]:
    """Local maxima above the threshold, ``half`` samples from higher ones at least, with ``half`` samples on each side.

    The first and the last sample are not maxima, nor those beside a NaN, as in scipy, which the released code uses.
    Intervals may begin before sample 0 and end after the last.
    """
    from scipy.signal import find_peaks

    places, _ = find_peaks(curve, height=threshold_of(curve, p), distance=half)
    return [Peak(place - half, place, place + half, float(curve[place])) for place in places.tolist()]


def runs(curve: Float64Array, p: float) -> list[Peak]:
    """Every run of samples above the threshold."""
    above = np.concatenate([[False], curve > threshold_of(curve, p), [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    found = []
    for begin, end in edges.reshape(-1, 2).tolist():
        apex = begin + int(curve[begin:end].argmax())
        found.append(Peak(begin, apex, end - 1, float(curve[apex])))
    return found


def best_p(spotted: Sequence[Callable[[float], list[Peak]]], truth: Sequence[NDArray[np.int_]]) -> float:
    """The p of GRID with the best F1 at IoU 0.5, pooled over recordings; of equal ones the middle.

    ``spotted`` gives the intervals of a recording for a p, ``truth`` its true ones (n, 2), in samples. Without a true
    interval, DEFAULT_P.
    """
    if not sum(map(len, truth)):
        return DEFAULT_P
    scores = {p: _f1([spot(p) for spot in spotted], truth) for p in GRID}
    best = [p for p in GRID if scores[p] == max(scores.values())]
    return best[len(best) // 2]


def _f1(spotted: Sequence[list[Peak]], truth: Sequence[NDArray[np.int_]]) -> float:
    right = sum(
        len(match(true, [(peak.onset, peak.offset) for peak in found]))
        for found, true in zip(spotted, truth, strict=True)
        if found and len(true)
    )
    return 2 * right / (sum(map(len, spotted)) + sum(map(len, truth)))
