"""A hit (a spotted event with the true event that it matches), and the interval of scores over hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from merlab.evaluation.metrics import Float64Array
from merlab.evaluation.significance import Interval, Metric, bootstrap_interval


@dataclass(frozen=True, eq=False)
class HitEvent:
    """One hit: the position of its video among all videos, and its row in each table."""

    video: int
    true: pd.Series[Any]
    found: pd.Series[Any]


def interval_of(counts: NDArray[np.int64], metric: Metric) -> Interval | None:
    """The 95 % interval of ``metric`` of counts (videos, ...) pooled, videos resampled; None for one video.

    A metric of nothing is undefined: samples without any count are left out, and without any count it is None.
    """
    if not counts.any():
        return None
    axes = tuple(range(1 - counts.ndim, 0))

    def where_defined(pooled: ArrayLike) -> Float64Array:
        return np.where(np.asarray(pooled).any(axis=axes), metric(pooled), np.nan)

    return bootstrap_interval(counts[None], where_defined)
