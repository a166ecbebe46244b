"""The view of a result on the page: curves that a browser can draw, and the events with their pictures."""

from __future__ import annotations

import math

import pandas as pd

from merlab.serving.answers import Movement, Picture, Result, ScoreCurve
from merlab.spotting.curve import Curve, Values, score_curve
from merlab.videos.result import APEX_PICTURE, EVIDENCE, FLOW_PICTURE, ONSET_PICTURE, VideoResult, withheld_sentences
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
        stamps=list(metadata.stamps),
        warnings=result.warnings,
        faces=curves(result.frames),
        events=[_movement(result, row) for row in result.rows],
    )


def curves(frames: pd.DataFrame, points: int = POINTS) -> list[ScoreCurve]:
    """Score and threshold of each face over time, at most ``points`` moments of each.

    A point is the highest score of several successive frames, so that no peak is lost. Where a face is not seen, or
    time is missing, its curve has a gap (None).
    """
    seen = frames[frames["success"] == 1]
    return [_curve(int(str(face)), score_curve(rows, points)) for face, rows in seen.groupby("face_id")]


def _curve(face_id: int, curve: Curve) -> ScoreCurve:
    return ScoreCurve(
        face_id=face_id,
        time_s=_numbers(curve.seconds),
        score=_numbers(curve.score),
        threshold=_numbers(curve.threshold),
    )


def _numbers(values: Values) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 4) for value in values]


def _movement(result: VideoResult, row: Event) -> Movement:
    columns = event_rows(()).values(row)
    pictures = _pictures(result, row.event)
    own = {"probabilities": dict(row.probabilities), "pictures": pictures}
    return Movement.model_validate({**columns, **own, "withheld": withheld_sentences(row, result.metadata)})


def _pictures(result: VideoResult, event: str) -> list[Picture]:
    """The pictures of an event that exist."""
    folder = result.evidence(event)
    titles = PICTURES | {picture.file: picture.title for picture in result.maps(event)}
    return [
        Picture(title=title, file=f"{EVIDENCE}/{event}/{name}")
        for name, title in titles.items()
        if (folder / name).is_file()
    ]
