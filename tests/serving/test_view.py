"""What the page shows: curves that fit a screen for a video of any length."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from merlab.serving.answers import FlowScale, ScoreCurve, ShownResult
from merlab.serving.view import curves, view_of
from merlab.videos.result import read_video_result
from merlab.videos.rows import WEAK_ROWS
from tests.videos.fake_result import write_result


def frames(seconds: float, fps: float, **columns) -> pd.DataFrame:
    count = round(seconds * fps)
    fixed = {"time_s": np.arange(count) / fps, "face_id": 0, "success": 1, "score": 1.0, "threshold": 5.5}
    return pd.DataFrame({**fixed, **columns}).astype({"face_id": "Int64"})


def scores(curve: ScoreCurve) -> list[float]:
    """The scores of the times at which the face is seen."""
    return [score for score in curve.score if score is not None]


def test_the_curve_of_an_hour_is_short_and_keeps_its_peak_at_its_time():
    hour = frames(3600, 50)
    hour.loc[90_001, "score"] = 17.0
    (face,) = curves(hour, points=1000)
    assert len(face.score) <= 1001
    assert max(scores(face)) == 17.0
    assert face.time_s[face.score.index(17.0)] == pytest.approx(90_001 / 50, abs=3.6)


def test_a_short_video_keeps_every_frame():
    (face,) = curves(frames(2, 25), points=1000)
    assert len(face.score) == 50


def test_a_curve_has_a_gap_while_its_face_is_not_seen():
    table = frames(4, 25)
    table.loc[25:49, "success"] = 0
    (face,) = curves(table)
    gap = face.score.index(None)
    assert face.time_s[gap - 1 : gap + 2] == [0.96, None, 2.0]


def test_the_curve_of_a_variable_rate_is_broken_only_where_time_is_missing():
    steps = np.resize([0.033, 0.05, 0.04, 0.08], 60)
    table = frames(2.4, 25, time_s=np.cumsum(np.where(np.arange(60) == 30, 2.0, steps)))
    (face,) = curves(table)
    assert [at for at, score in enumerate(face.score) if score is None] == [30]
    assert len(face.score) == 61


def test_each_face_has_its_own_curve():
    two = pd.concat([frames(2, 25), frames(1, 25, face_id=3, score=2.0)], ignore_index=True)
    assert [(face.face_id, max(scores(face))) for face in curves(two)] == [(0, 1.0), (3, 2.0)]


@pytest.mark.parametrize("options", [{}, {"faces": 0}, {"events": 0}, {"pictures": False}])
def test_every_result_becomes_json_that_a_browser_can_read(tmp_path, options):
    view = view_of(read_video_result(write_result(tmp_path / "result", seconds=2.0, **options)))
    text = json.dumps(view.model_dump(mode="json", by_alias=True), allow_nan=False)
    assert ShownResult.model_validate_json(text) == view
    assert len(view.events) == (0 if {"faces", "events"} & set(options) else 4)
    assert [bool(event.pictures) for event in view.events] == ["pictures" not in options] * len(view.events)


def test_a_movement_without_a_class_has_one_sentence_for_each_reason(tmp_path):
    first, _, third, _ = view_of(read_video_result(write_result(tmp_path / "result"))).events
    assert (bool(first.label), first.withheld) == (True, [])
    assert (third.label, third.withheld) == (
        "",
        ["No class has a probability of 0.5 or more.", "Between onset and apex the head moves more than the face."],
    )


def test_a_movement_has_what_the_page_needs_to_show_it(tmp_path):
    folder = write_result(tmp_path / "result")
    weak = "interview.mp4,0,100,110,125,0.99,1.09,1.24,0.25,4.1,chin,micro,weak,"
    (folder / "weak.csv").write_text(f"{','.join(WEAK_ROWS.names)}\n{weak}\n")
    view = view_of(read_video_result(folder))
    first = view.events[0]
    assert [(unit.number, unit.name, unit.side, unit.px) for unit in first.units] == [
        (12, "lip corner puller", "left", 1.9),
        (6, "cheek raiser", "both", 0.72),
    ]
    assert [(part.part, part.px, part.direction) for part in first.moved][1] == ("cheeks, left", 0.81, "up")
    assert first.face_box == (60, 120, 180, 220)
    assert [(each.onset, each.score, each.part) for each in view.weak] == [(100, 4.1, "chin")]
    # The outline of the mouth spans 42 to 188 px across; the subject's left is on the right of the picture.
    assert view.part_boxes["mouth, left"] == pytest.approx((115 / 231, 166 / 282, 188 / 231, 226 / 282))


def test_the_face_box_is_that_of_the_apex_and_missing_where_it_is_not_known(tmp_path):
    folder = write_result(tmp_path / "result", seconds=2.0, pictures=False)
    table = pd.read_csv(folder / "frames.csv")
    first, second, *_ = view_of(read_video_result(folder)).events
    for event, left in ((first, 77.0), (second, np.nan)):
        table.loc[(table["frame"] == event.apex) & (table["face_id"] == event.face_id), "x"] = left
    table.to_csv(folder / "frames.csv", index=False)
    found = view_of(read_video_result(folder)).events
    assert [event.face_box for event in found[:2]] == [(77, 120, 180, 220), None]


def test_the_scale_of_the_picture_of_the_movement_is_that_of_the_documentation(tmp_path):
    """docs/evidence.md: full at 2 px, and arrows are six times as long as the movement."""
    scale = view_of(read_video_result(write_result(tmp_path / "result", events=0))).flow_scale
    assert scale == FlowScale(full_px=2, arrow_length=6)


def test_every_stamp_but_that_of_the_recognizer_is_explained(tmp_path):
    view = view_of(read_video_result(write_result(tmp_path, stamps=("SYNTHETIC", "FIVE POINTS"), pictures=False)))
    assert view.stamps == ["SYNTHETIC", "FIVE POINTS"]
    assert [*view.meanings] == ["FIVE POINTS"]
    assert view.meanings["FIVE POINTS"].startswith("The faces were aligned by five points of a face detector")


def test_warnings_name_the_settings_of_the_page_instead_of_options(tmp_path):
    warnings = ["it is slow motion, give --fps 240", "--most-faces follows more", "--fps-like stays"]
    view = view_of(read_video_result(write_result(tmp_path / "out", events=0, warnings=warnings)))
    assert view.warnings == [
        "it is slow motion, give the setting “Frames per second” 240",
        "the setting “Faces” follows more",
        "--fps-like stays",
    ]
