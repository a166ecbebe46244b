"""A hit (a spotted event with the true event that it matches), and the interval of scores over hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.evaluation.significance import Interval, Metric, bootstrap_interval


@dataclass(frozen=True, eq=False)
class HitEvent:
    """One hit: the position of its video among all videos, and its row in each table."""

    video: int
    true: pd.Series[Any]
    found: pd.Series[Any]


def interval_of(counts: NDArray[np.int64], metric: Metric, limits: Interval = (0.0, 1.0)) -> Interval | None:
    """The 95 % interval of ``metric`` of counts (videos, ...) pooled, videos resampled (see ``bootstrap_interval``).

    Videos without any count say nothing of the metric, and are left out; of fewer than two others it is None.
    """
    counted = counts[counts.any(axis=tuple(range(1, counts.ndim)))]
    return bootstrap_interval(counted[None], metric, limits=limits)
