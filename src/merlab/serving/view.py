"""The view of a result on the page: curves that a browser can draw, and the events with their pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from merlab.serving.answers import (
    FlowScale,
    MovedPart,
    ScoreCurve,
    ShownEvent,
    ShownPicture,
    ShownResult,
    ShownUnit,
    WeakCandidate,
)
from merlab.serving.frame_table import POINTS, curve_numbers
from merlab.serving.page_words import in_page_words
from merlab.spotting.curve import Curve, score_curve
from merlab.spotting.motion_score import PARTS
from merlab.stamps import SYNTHETIC, meaning_of
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.videos.evidence.pictures import ARROW_LENGTH, FULL_COLOR_PX
from merlab.videos.moved import parts_of, units_of
from merlab.videos.output.part_boxes import Box, part_box
from merlab.videos.result import APEX_PICTURE, EVIDENCE, FLOW_PICTURE, ONSET_PICTURE, VideoResult, withheld_sentences
from merlab.videos.rows import WEAK_ROWS, Event, event_rows

PICTURES = {ONSET_PICTURE: "onset", APEX_PICTURE: "apex", FLOW_PICTURE: "movement from onset to apex"}


def view_of(result: VideoResult) -> ShownResult:
    """The result as the page gets it."""
    metadata = result.metadata
    return ShownResult(
        video=metadata.video,
        model=metadata.model,
        settings=metadata.settings,
        stamps=list(metadata.stamps),
        meanings={stamp: meaning_of(stamp) for stamp in metadata.stamps if stamp != SYNTHETIC and meaning_of(stamp)},
        warnings=list(map(in_page_words, result.warnings)),
        weak=[WeakCandidate.model_validate(WEAK_ROWS.values(row)) for row in result.weak_rows],
        part_boxes={part: part_box(part) for part in PARTS},
        flow_scale=FlowScale(full_px=FULL_COLOR_PX, arrow_length=ARROW_LENGTH),
        faces=curves(result.frames),
        events=list(_movements(result)),
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
        time_s=curve_numbers(curve.seconds),
        score=curve_numbers(curve.score),
        threshold=curve_numbers(curve.threshold),
    )


def _movements(result: VideoResult) -> Iterator[ShownEvent]:
    columns, boxes = event_rows(()), _boxes_at_apexes(result)
    for row in result.rows:
        own = {
            "probabilities": dict(row.probabilities),
            "pictures": _pictures(result, row.event),
            "moved": [MovedPart(**part._asdict()) for part in parts_of(row.regions)],
            "units": list(_units(row)),
            "face_box": boxes.get((row.apex, row.face_id)),
            "withheld": withheld_sentences(row, result.metadata),
        }
        yield ShownEvent.model_validate(columns.values(row) | own)


def _units(row: Event) -> Iterator[ShownUnit]:
    for unit in units_of(row.action_units):
        both = "both" if ACTION_UNITS[unit.number].paired else ""
        yield ShownUnit(number=unit.number, name=unit.name, side=unit.side or both, px=round(unit.px, 2))


def _boxes_at_apexes(result: VideoResult) -> dict[tuple[int, int], Box]:
    """Where faces are at the apexes, px of the video, by frame and face; those that are known."""
    places = result.frames[["frame", "face_id", "x", "y", "width", "height"]]
    found = places[places["frame"].isin([row.apex for row in result.rows])].dropna()
    boxes = zip(*(found[side].astype(float).tolist() for side in ("x", "y", "width", "height")), strict=True)
    return dict(zip(zip(found["frame"].tolist(), found["face_id"].tolist(), strict=True), boxes, strict=True))


def _pictures(result: VideoResult, event: str) -> list[ShownPicture]:
    """The pictures of an event that exist."""
    folder = result.evidence(event)
    titles = PICTURES | {picture.file: picture.title for picture in result.maps(event)}
    return [
        ShownPicture(title=title, file=f"{EVIDENCE}/{event}/{name}")
        for name, title in titles.items()
        if (folder / name).is_file()
    ]
