"""Windows of frames.csv: frames around a time, and scores between two times."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.serving import frame_table
from merlab.serving.frame_table import clock_around, curves_between
from merlab.serving.limits import RefusedError

PARTS = "score_cheeks_left,score_chin"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A result of 21 frames at 10 per second; frame n is at (n - 1) / 10 s. The last frame shows none of the faces."""
    rows = ["frame,time_s,face_id,success,score,threshold," + PARTS + ",pose_pitch"]
    for frame in range(1, 21):
        for face in (0, 7):
            seen = int(face == 0 or not 5 <= frame <= 12)
            rows.append(f"{frame},{(frame - 1) / 10:.5f},{face},{seen},{frame}.123456,5.5,{frame / 2},,0")
    rows.append("21,2.00000,,0,,,,,")
    (tmp_path / "frames.csv").write_text("\n".join(rows), encoding="utf-8")
    return Path(tmp_path)


@pytest.mark.parametrize(
    ("at_s", "first", "last"),
    [(-1.0, 1, 6), (0.0, 1, 6), (0.3, 1, 6), (0.4, 2, 7), (1.0, 8, 13), (1.7, 15, 20), (1.8, 16, 21), (99.0, 16, 21)],
)
def test_as_many_frames_lie_before_a_time_as_after_it_where_the_video_has_them(folder, monkeypatch, at_s, first, last):
    monkeypatch.setattr(frame_table, "MOST_FRAMES", 6)
    clock = clock_around(folder, at_s)
    assert clock.frame == list(range(first, last + 1))
    assert clock.time_s == [(frame - 1) / 10 for frame in clock.frame]


@pytest.mark.parametrize("most", [21, 6000])
def test_a_short_video_has_all_its_frames_around_each_time(folder, monkeypatch, most):
    monkeypatch.setattr(frame_table, "MOST_FRAMES", most)
    assert clock_around(folder, 2.0).frame == list(range(1, 22))


def test_scores_between_two_times_are_those_of_each_face_that_is_seen_and_of_its_parts(folder):
    first, second = curves_between(folder, 0.3, 0.5)
    assert (first.face_id, first.frame, first.time_s) == (0, [4, 5, 6], [0.3, 0.4, 0.5])
    assert (first.score, first.threshold) == ([4.1235, 5.1235, 6.1235], [5.5] * 3)
    assert first.parts == {"cheeks, left": [2.0, 2.5, 3.0], "chin": [None] * 3}
    assert (second.face_id, second.frame) == (7, [4])
    assert [face.face_id for face in curves_between(folder, 0.5, 0.5)] == [0]


def test_a_curve_has_a_gap_while_its_face_is_not_seen(folder):
    _, face = curves_between(folder, 0.2, 1.3)
    assert face.frame == [3, 4, None, 13, 14]
    assert face.time_s == [0.2, 0.3, None, 1.2, 1.3]
    assert face.parts["cheeks, left"] == [1.5, 2.0, None, 6.5, 7.0]


def test_of_a_long_window_the_highest_scores_are_given_and_not_single_frames(folder, monkeypatch):
    monkeypatch.setattr(frame_table, "POINTS", 10)
    (face,) = [face for face in curves_between(folder, 0.0, 99.0) if face.face_id == 0]
    assert face.frame == [None] * 10
    assert face.score == [frame + 0.1235 for frame in range(2, 21, 2)]
    assert face.parts["cheeks, left"] == list(range(1, 11))
    monkeypatch.setattr(frame_table, "POINTS", 20)
    assert curves_between(folder, 0.0, 99.0)[0].frame == list(range(1, 21))


def test_times_in_the_wrong_order_are_refused_and_one_moment_is_not(folder):
    with pytest.raises(RefusedError, match=r"^start_s 2\.5 is after end_s 1; exchange them$") as refused:
        curves_between(folder, 2.5, 1.0)
    assert refused.value.status == 422
