"""Metrics of spotting: which spotted intervals hit which true ones, pooled over all videos.

As in the Micro-Expression Grand Challenges (MEGC 2020 and after): a spotted interval is right when its intersection
over union with a true interval, counted in frames with both ends included, is at least 0.5; every true interval is hit
once at most; counts are pooled over videos before precision, recall and F1 are taken. The spot-then-recognise score
STRS is F1 of spotting times F1 of recognition over the intervals that were hit (Liong, See and Chan, Signal Processing:
Image Communication 110, 2023). Their published script leaves out videos without a true or a spotted event; here every
video of either table counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from merlab.errors import MerlabError
from merlab.evaluation.metrics import accuracy, confusion_matrix, f1, precision, recall
from merlab.protocols import Scheme

LEAST_IOU = 0.5
VIDEO, ONSET, APEX, OFFSET, EMOTION = "video", "onset", "apex", "offset", "emotion"
CLASS, NO_EMOTION = "class", "(none)"

Hit = tuple[int, int]


def iou(truth: ArrayLike, spotted: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union in frames of intervals (n, 2) and (m, 2), first and last frame included: (n, m)."""
    one = np.asarray(truth, float).reshape(-1, 1, 2)
    other = np.asarray(spotted, float).reshape(1, -1, 2)
    shared = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0]) + 1
    shared = np.maximum(shared, 0)
    lengths = (one[..., 1] - one[..., 0] + 1) + (other[..., 1] - other[..., 0] + 1)
    return np.asarray(shared / (lengths - shared))


def match(truth: ArrayLike, spotted: ArrayLike, least: float = LEAST_IOU) -> list[Hit]:
    """Pairs (row of truth, row of spotted) of intervals (n, 2) that hit each other, the best overlaps first.

    No row is used twice. Where neither table overlaps itself the order cannot matter at 0.5: an interval covers at
    least half of two others only if they are its two halves.
    """
    overlaps = iou(truth, spotted)
    candidates = [(int(row), int(column)) for row, column in np.argwhere(overlaps >= least)]
    hits: list[Hit] = []
    for row, column in sorted(candidates, key=lambda pair: (-overlaps[pair], pair)):
        if all(row != taken_row and column != taken_column for taken_row, taken_column in hits):
            hits.append((row, column))
    return hits


def score_spotting(truth: pd.DataFrame, spotted: pd.DataFrame, fps: float | None = None) -> dict[str, Any]:
    """All metrics of spotted events against true ones, tables as ``read_events`` gives them.

    ``fps`` turns the apex error into milliseconds. What cannot be said is None: precision where nothing was spotted,
    an apex error without a hit, recognition where either table has no emotions. Raises MerlabError when no video
    occurs in both tables though both have events.
    """
    videos = _videos(truth, spotted)
    pairs: list[tuple[Any, Any]] = []
    for video in videos:
        true, found = (table[table[VIDEO] == video].reset_index(drop=True) for table in (truth, spotted))
        hits = match(true[[ONSET, OFFSET]], found[[ONSET, OFFSET]])
        pairs += [(true.iloc[row], found.iloc[column]) for row, column in hits]
    right, missed, wrong = len(pairs), len(truth) - len(pairs), len(spotted) - len(pairs)
    spotting_f1 = _share(2 * right, 2 * right + missed + wrong)
    recognition = _recognition(pairs, truth, spotted)
    recognised = recognition["f1"] if recognition else None
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
        "apex_error": _apex_error(pairs, fps),
        "recognition": recognition,
        "strs": None if recognised is None or spotting_f1 is None else spotting_f1 * recognised,
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


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _apex_error(pairs: Sequence[tuple[Any, Any]], fps: float | None) -> dict[str, float | None] | None:
    """Median and mean distance of the spotted from the true apex over all hits that have both."""
    errors = [abs(found[APEX] - true[APEX]) for true, found in pairs if APEX in true and APEX in found]
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


def _recognition(pairs: Sequence[tuple[Any, Any]], truth: pd.DataFrame, spotted: pd.DataFrame) -> dict[str, Any] | None:
    """Recognition over the hits whose true event has a class; a spotted event without one is wrong.

    F1 is the harmonic mean of macro precision and macro recall, as in STRS.
    """
    if EMOTION not in truth or EMOTION not in spotted:
        return None
    told = [(true[EMOTION], found[EMOTION]) for true, found in pairs if true[EMOTION] != NO_EMOTION]
    if not told:
        return None
    true_classes, found_classes = zip(*told, strict=True)
    classes = sorted(set(truth[EMOTION]).union(found_classes) - {NO_EMOTION})
    # The last column counts abstentions; the last row is empty, and no class of the means.
    counts = confusion_matrix(true_classes, found_classes, [*classes, NO_EMOTION])
    means = {name: float(of(counts)[:-1].mean()) for name, of in (("p", precision), ("uar", recall), ("uf1", f1))}
    return {
        "n": len(told),
        "abstained": int(counts[:, -1].sum()),
        "classes": classes,
        "confusion": counts[:-1, :-1].tolist(),
        "f1": _share(2 * means["p"] * means["uar"], means["p"] + means["uar"]) or 0.0,
        "uf1": means["uf1"],
        "uar": means["uar"],
        "accuracy": float(accuracy(counts)),
    }


def in_scheme(events: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """True events with the classes of a scheme for emotions; those outside of it have none, and are only spotted.

    Raises MerlabError where the events have no emotions.
    """
    if EMOTION not in events:
        raise MerlabError(f"the true events have no column {EMOTION}, which {scheme.name} could give classes")
    return events.assign(**{EMOTION: events[EMOTION].str.lower().map(scheme.emotions).fillna(NO_EMOTION)})


def read_events(path: Path) -> pd.DataFrame:
    """Events of a CSV: columns onset and offset in frames; video, apex, emotion where present (unnamed: one video).

    A column ``class``, as `merlab recognize` writes it, counts as emotion; empty, the event has none.

    Raises MerlabError when the file is missing, is no CSV, or a row is no interval.
    """
    try:
        table = pd.read_csv(path, dtype={VIDEO: str, EMOTION: str, CLASS: str})
    except FileNotFoundError as error:
        raise MerlabError(f"{path} does not exist") from error
    except (OSError, ValueError) as error:
        raise MerlabError(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}") from error
    if EMOTION not in table:
        table = table.rename(columns={CLASS: EMOTION})
    missing = [column for column in (ONSET, OFFSET) if column not in table]
    if missing:
        raise MerlabError(f"{path} has no column {' and no column '.join(missing)}; it has {', '.join(table.columns)}")
    for column in (ONSET, APEX, OFFSET):
        if column in table:
            table[column] = pd.to_numeric(table[column], errors="coerce")
    wrong = table.index[~(table[ONSET] <= table[OFFSET])]
    if len(wrong):
        raise MerlabError(f"{path}: row {wrong[0] + 1} is no interval: onset and offset must be numbers, in this order")
    if EMOTION in table:
        table[EMOTION] = table[EMOTION].fillna(NO_EMOTION)
    if VIDEO not in table:
        table[VIDEO] = ""
    if table[VIDEO].isna().any():
        raise MerlabError(f"{path}: row {table.index[table[VIDEO].isna()][0] + 1} does not say of which video it is")
    return table
