"""A spotted event that hit a true one, and the interval of what is counted over hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from merlab.evaluation.significance import Metric, bootstrap_interval


@dataclass(frozen=True)
class HitEvent:
    """Which video (its position among all), and the rows of both tables."""

    video: int
    true: Any
    found: Any


def interval_of(counts: NDArray[np.int64], metric: Metric) -> tuple[float, float] | None:
    """The 95 % interval of ``metric`` of the pooled counts (videos, ...), videos drawn with replacement."""
    return bootstrap_interval(counts[None], metric) if len(counts) > 1 else None
