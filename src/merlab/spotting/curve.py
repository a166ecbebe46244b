"""The motion score of one face over time, reduced to the points that a picture needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from merlab.frames.clock import GAP_STEPS

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 1500
# Above the highest score.
HEADROOM = 1.05
# The threshold is always visible, with room above it.
LEAST_TOP = 2.0

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Points in ascending order: ``seconds``, ``score`` and ``threshold``, each (points,).

    A point whose values are NaN is a gap: the face is not seen there.
    """

    seconds: Values
    score: Values
    threshold: Values

    @property
    def top(self) -> float:
        """The upper end of an axis that shows both lines; the lower end is 0."""
        return HEADROOM * float(np.nanmax(np.concatenate([self.score, LEAST_TOP * self.threshold, [1.0]])))

    def lone(self) -> NDArray[np.bool_]:
        """The points between two gaps, (points,): a line would not show them."""
        seen = np.pad(~np.isnan(self.score), 1)
        return np.asarray(seen[1:-1] & ~seen[:-2] & ~seen[2:])


def score_curve(frames: pd.DataFrame, most: int = MOST_POINTS) -> Curve:
    """The curve of one face from its frames (columns time_s, score, threshold), with at most ``most`` points.

    With more frames, each point is the highest score of several successive frames. Points that mark gaps are added.
    """
    times, score, threshold = (frames[name].to_numpy(np.float64) for name in ("time_s", "score", "threshold"))
    starts = np.arange(0, len(times), -(-len(times) // most) or 1)
    if len(times):
        score, threshold = (np.fmax.reduceat(values, starts) for values in (score, threshold))
    gaps = _gaps(times, starts)
    return Curve(*(np.insert(values, gaps, np.nan) for values in (times[starts], score, threshold)))


def _gaps(times: Values, starts: NDArray[np.int_]) -> NDArray[np.int_]:
    """The points before which the face was not seen or time is missing, since the point before."""
    intervals = np.diff(times)
    missing = intervals > GAP_STEPS * np.median(intervals) if len(intervals) else intervals > 0
    before = np.concatenate([[0], np.cumsum(missing)])[starts]
    return np.flatnonzero(np.diff(before, prepend=0))
