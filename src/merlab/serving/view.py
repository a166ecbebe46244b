"""What the page shows of a result: a timeline that a browser can draw, and the events with their pictures."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from merlab.storage import read_json
from merlab.videos.result import (
    APEX_PICTURE,
    EVENT_COLUMNS,
    EVIDENCE,
    FLOW_PICTURE,
    MAPS,
    ONSET_PICTURE,
    VideoResult,
)

POINTS = 1500
PICTURES = {ONSET_PICTURE: "onset", APEX_PICTURE: "apex", FLOW_PICTURE: "movement from onset to apex"}


def view_of(recognition: VideoResult) -> dict[str, Any]:
    """``video``, ``model``, ``stamps``, ``warnings``, ``faces`` (curves) and ``events``, ready for JSON."""
    metadata = recognition.metadata
    return {
        "video": metadata["video"],
        "model": metadata["model"],
        "settings": metadata["settings"],
        "stamps": metadata["model"]["stamps"],
        "warnings": recognition.warnings,
        "faces": curves(recognition.frames),
        "events": [_event(recognition, row) for row in recognition.events.to_dict("records")],
    }


def curves(frames: pd.DataFrame, points: int = POINTS) -> list[dict[str, Any]]:
    """Score and threshold of each face over time, in at most so many points.

    A point is the highest score of its stretch of time, so that no peak is lost; where a face is not seen, its curve
    has a gap (None).
    """
    seen = frames[frames["success"] == 1]
    if seen.empty:
        return []
    times = frames["time_s"].drop_duplicates()
    step = max((times.max() - times.min()) / points, _interval(times))
    stretch = ((seen["time_s"] - times.min()) / step).round(6).astype(int)
    faces = []
    for face, rows in seen.groupby("face_id"):
        tops = rows.groupby(stretch).agg({"time_s": "first", "score": "max", "threshold": "max"})
        whole = tops.reindex(range(int(tops.index.min()), int(tops.index.max()) + 1))
        whole["time_s"] = whole["time_s"].fillna(pd.Series(whole.index * step + times.min(), whole.index))
        faces.append({"face_id": int(str(face)), **{name: _numbers(whole[name]) for name in whole.columns}})
    return faces


def _interval(times: pd.Series[float]) -> float:
    """The usual time between two frames, s."""
    between = times.sort_values().diff().median()
    return float(between) if len(times) > 1 and between > 0 else 1.0


def _numbers(column: pd.Series[float]) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 4) for value in column]


def _event(recognition: VideoResult, row: dict[Any, Any]) -> dict[str, Any]:
    shown = {column: None if pd.isna(row[column]) else row[column] for column in EVENT_COLUMNS}
    chances = {str(column).removeprefix("p_"): float(row[column]) for column in row if str(column).startswith("p_")}
    return {**shown, "probabilities": chances, "pictures": _pictures(recognition, str(row["event"]))}


def _pictures(recognition: VideoResult, event: str) -> list[dict[str, str]]:
    """Title and file (within the result) of each picture that is there."""
    folder = recognition.evidence(event)
    titles = dict(PICTURES)
    if (folder / MAPS).is_file():
        titles |= {entry["file"]: entry["title"] for entry in read_json(folder / MAPS)}
    return [
        {"title": title, "file": f"{EVIDENCE}/{event}/{name}"}
        for name, title in titles.items()
        if (folder / name).is_file()
    ]
