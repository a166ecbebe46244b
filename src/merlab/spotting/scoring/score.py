"""How well events were spotted: counts pooled over videos, how far the apex is off, STRS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from merlab.errors import MerlabError
from merlab.evaluation.metrics import Float64Array, IntArray, ratio
from merlab.spotting.scoring.event_classes import EventClasses, harmonic_f1
from merlab.spotting.scoring.hits import HitEvent, interval_of
from merlab.spotting.scoring.matching import match
from merlab.spotting.scoring.read_intervals import APEX, OFFSET, ONSET, VIDEO
from merlab.spotting.scoring.units import score_units

NO_STRS = {"strs": None, "strs_interval": None, "strs_floors": None}


def score_spotting(truth: pd.DataFrame, spotted: pd.DataFrame, fps: float | None = None) -> dict[str, Any]:
    """All metrics of spotted events against true ones, tables as ``read_events`` gives them.

    ``fps`` turns the apex error into milliseconds. Intervals are 95 % ones from resampling videos. What cannot be said
    is None: precision where nothing was spotted, an apex error without a hit, recognition where either table has no
    emotions, an interval of one video. Raises MerlabError when no video occurs in both tables though both have events.
    """
    videos = _videos(truth, spotted)
    hits = [hit for index, video in enumerate(videos) for hit in _hits(index, video, truth, spotted)]
    counts = _counts(hits, truth, spotted, videos)
    right, wrong, missed = (int(count) for count in counts.sum(axis=0))
    recognition = EventClasses.of(hits, truth, spotted, len(videos))
    recognized = recognition and recognition.describe(truth)
    spotting_f1 = _share(2 * right, 2 * right + missed + wrong)
    return {
        "videos": len(videos),
        "true_events": len(truth),
        "spotted_events": len(spotted),
        "tp": right,
        "fp": wrong,
        "fn": missed,
        "precision": _share(right, right + wrong),
        "recall": _share(right, right + missed),
        "f1": spotting_f1,
        "f1_interval": interval_of(counts, _spotting_f1),
        "apex_error": _apex_error(hits, fps),
        "recognition": recognized,
        "action_units": score_units(hits, len(videos)),
        **(_strs(counts, recognition, recognized["baselines"]) if recognition and recognized else NO_STRS),
    }


def _videos(truth: pd.DataFrame, spotted: pd.DataFrame) -> list[str]:
    true, found = set(truth[VIDEO]), set(spotted[VIDEO])
    if true and found and not true & found:
        raise MerlabError(
            f"no video occurs in both tables: the true events are of {_some(true)}, the spotted ones of "
            f"{_some(found)}; make the names in their video columns equal"
        )
    return sorted(true | found)


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")


def _hits(index: int, video: str, truth: pd.DataFrame, spotted: pd.DataFrame) -> list[HitEvent]:
    true, found = (table[table[VIDEO] == video] for table in (truth, spotted))
    pairs = match(true[[ONSET, OFFSET]], found[[ONSET, OFFSET]])
    return [HitEvent(index, true.iloc[row], found.iloc[column]) for row, column in pairs]


def _counts(hits: Sequence[HitEvent], truth: pd.DataFrame, spotted: pd.DataFrame, videos: list[str]) -> IntArray:
    """Right, wrong, missed of each video: (videos, 3)."""
    right = np.bincount([hit.video for hit in hits], minlength=len(videos))
    found, true = (table[VIDEO].value_counts().reindex(videos, fill_value=0) for table in (spotted, truth))
    return np.stack([right, found - right, true - right], axis=-1)


def _spotting_f1(counts: ArrayLike) -> Float64Array:
    right, wrong, missed = np.moveaxis(np.asarray(counts, float), -1, 0)
    return ratio(2 * right, 2 * right + wrong + missed)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _strs(counts: IntArray, recognition: EventClasses, baselines: dict[str, Any]) -> dict[str, Any]:
    """STRS, its interval, and that of two that guess the class."""
    shape, both = recognition.counts.shape, np.hstack([counts, recognition.counts.reshape(len(counts), -1)])

    def strs(pooled: ArrayLike) -> Float64Array:
        spotting, classes = np.split(np.asarray(pooled), [3], axis=-1)
        return _spotting_f1(spotting) * harmonic_f1(classes.reshape(*classes.shape[:-1], *shape[1:]))

    spotting_f1 = float(_spotting_f1(counts.sum(axis=0)))
    return {
        "strs": float(strs(both.sum(axis=0))),
        "strs_interval": interval_of(both, strs),
        "strs_floors": {name: spotting_f1 * floor["f1"] for name, floor in baselines.items()},
    }


def _apex_error(hits: Sequence[HitEvent], fps: float | None) -> dict[str, float | None] | None:
    """Median and mean distance of the spotted from the true apex over all hits that have both."""
    errors = [abs(hit.found[APEX] - hit.true[APEX]) for hit in hits if APEX in hit.true and APEX in hit.found]
    errors = [float(error) for error in errors if not pd.isna(error)]
    if not errors:
        return None
    median, mean = float(np.median(errors)), float(np.mean(errors))
    return {
        "median_frames": median,
        "mean_frames": mean,
        "median_ms": 1000 * median / fps if fps else None,
        "mean_ms": 1000 * mean / fps if fps else None,
    }
