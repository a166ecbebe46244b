"""What the page shows of a result: curves that a browser can draw, and the events with their pictures."""

from __future__ import annotations

import math
from typing import TypedDict

import pandas as pd
from pydantic import JsonValue

from merlab.videos.result import APEX_PICTURE, EVIDENCE, FLOW_PICTURE, ONSET_PICTURE, VideoResult
from merlab.videos.rows import Event, event_rows

POINTS = 1500
PICTURES = {ONSET_PICTURE: "onset", APEX_PICTURE: "apex", FLOW_PICTURE: "movement from onset to apex"}


class FaceCurve(TypedDict):
    """Score and threshold of one face over time; None where it is not seen."""

    face_id: int
    time_s: list[float | None]
    score: list[float | None]
    threshold: list[float | None]


class View(TypedDict):
    """A result as the page gets it, in JSON.

    Each of ``events`` has the columns of events.csv, ``probabilities`` by class, and ``pictures`` with title and file.
    """

    video: JsonValue
    model: JsonValue
    settings: JsonValue
    stamps: list[str]
    warnings: list[str]
    faces: list[FaceCurve]
    events: list[dict[str, JsonValue]]


def view_of(result: VideoResult) -> View:
    """The view of a result."""
    metadata = result.metadata
    return View(
        video=metadata.video.model_dump(mode="json"),
        model=metadata.model.model_dump(mode="json"),
        settings=metadata.settings.model_dump(mode="json"),
        stamps=list(metadata.model.stamps),
        warnings=result.warnings,
        faces=curves(result.frames),
        events=[_event(result, row) for row in result.rows],
    )


def curves(frames: pd.DataFrame, points: int = POINTS) -> list[FaceCurve]:
    """Score and threshold of each face at the same moments, at most ``points`` of them.

    A point is the highest score of an interval, so that no peak is lost. Where a face is not seen, its curve has a gap
    (None).
    """
    seen = frames[frames["success"] == 1]
    if seen.empty:
        return []
    times = frames["time_s"].drop_duplicates()
    step = max((times.max() - times.min()) / points, _interval(times))
    interval = ((seen["time_s"] - times.min()) / step).round(6).astype(int)
    faces = []
    for face, rows in seen.groupby("face_id"):
        tops = rows.groupby(interval).agg({"time_s": "first", "score": "max", "threshold": "max"})
        whole = tops.reindex(range(int(tops.index.min()), int(tops.index.max()) + 1))
        whole["time_s"] = whole["time_s"].fillna(pd.Series(whole.index * step + times.min(), whole.index))
        faces.append(
            FaceCurve(
                face_id=int(str(face)),
                time_s=_numbers(whole["time_s"]),
                score=_numbers(whole["score"]),
                threshold=_numbers(whole["threshold"]),
            )
        )
    return faces


def _interval(times: pd.Series[float]) -> float:
    """The usual time between two frames, s."""
    between = times.sort_values().diff().median()
    return float(between) if len(times) > 1 and between > 0 else 1.0


def _numbers(column: pd.Series[float]) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 4) for value in column]


def _event(result: VideoResult, row: Event) -> dict[str, JsonValue]:
    return {
        **event_rows(()).values(row),
        "probabilities": dict(row.probabilities),
        "pictures": _pictures(result, row.event),
    }


def _pictures(result: VideoResult, event: str) -> list[JsonValue]:
    """Title and file (within the result) of each picture that is there."""
    folder = result.evidence(event)
    titles = PICTURES | {picture.file: picture.title for picture in result.maps(event)}
    return [
        {"title": title, "file": f"{EVIDENCE}/{event}/{name}"}
        for name, title in titles.items()
        if (folder / name).is_file()
    ]
