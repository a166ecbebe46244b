"""A hit (a spotted event with the true event that it matches), and the interval of scores over videos or subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from merlab.evaluation.metrics import IntArray
from merlab.evaluation.significance import Interval, Metric, bootstrap_interval
from merlab.spotting.scoring.read_intervals import VIDEO


@dataclass(frozen=True, eq=False)
class HitEvent:
    """One hit: the position of its video among all videos, and its row in each table."""

    video: int
    true: Mapping[Any, Any]
    found: Mapping[Any, Any]


def by_video(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each video that a table has."""
    return {str(video): rows for video, rows in table.groupby(VIDEO, sort=False)}


def owners_of(videos: Sequence[str], subjects: Mapping[str, str]) -> IntArray:
    """For each video the position of its subject; one whose subject is unknown counts as a subject of its own."""
    owners = [(subjects.get(video, ""), "" if subjects.get(video) else video) for video in videos]
    position = {owner: index for index, owner in enumerate(dict.fromkeys(owners))}
    return np.array([position[owner] for owner in owners], np.int64)


def interval_of(counts: IntArray, owners: IntArray, metric: Metric, limits: Interval = (0.0, 1.0)) -> Interval | None:
    """The 95 % interval of ``metric`` of counts (videos, ...) pooled, owners resampled (see ``bootstrap_interval``).

    ``owners`` are those of the videos, see ``owners_of``. One without any count says nothing of the metric, and is left
    out; of fewer than two others the interval is None.
    """
    of_owners = np.zeros((len(set(owners.tolist())), *counts.shape[1:]), np.int64)
    np.add.at(of_owners, owners, counts)
    counted = of_owners[of_owners.any(axis=tuple(range(1, counts.ndim)))]
    return bootstrap_interval(counted[None], metric, limits=limits)
