"""The view of a result on the page: curves that a browser can draw, and the events with their pictures."""

from __future__ import annotations

import math

import pandas as pd

from merlab.serving.answers import Movement, Picture, Result, ScoreCurve
from merlab.videos.result import APEX_PICTURE, EVIDENCE, FLOW_PICTURE, ONSET_PICTURE, VideoResult
from merlab.videos.rows import Event, event_rows

POINTS = 1500
PICTURES = {ONSET_PICTURE: "onset", APEX_PICTURE: "apex", FLOW_PICTURE: "movement from onset to apex"}


def view_of(result: VideoResult) -> Result:
    """The result as the page gets it."""
    metadata = result.metadata
    return Result(
        video=metadata.video,
        model=metadata.model,
        settings=metadata.settings,
        stamps=list(metadata.model.stamps),
        warnings=result.warnings,
        faces=curves(result.frames),
        events=[_movement(result, row) for row in result.rows],
    )


def curves(frames: pd.DataFrame, points: int = POINTS) -> list[ScoreCurve]:
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
            ScoreCurve(
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


def _movement(result: VideoResult, row: Event) -> Movement:
    columns = event_rows(()).values(row)
    pictures = _pictures(result, row.event)
    return Movement.model_validate({**columns, "probabilities": dict(row.probabilities), "pictures": pictures})


def _pictures(result: VideoResult, event: str) -> list[Picture]:
    """The pictures of an event that exist."""
    folder = result.evidence(event)
    titles = PICTURES | {picture.file: picture.title for picture in result.maps(event)}
    return [
        Picture(title=title, file=f"{EVIDENCE}/{event}/{name}")
        for name, title in titles.items()
        if (folder / name).is_file()
    ]
