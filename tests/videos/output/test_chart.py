"""The motion score over time as an SVG: nothing high is lost, however many frames there are."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from merlab.spotting.curve import MOST_POINTS, score_curve
from merlab.videos.output.chart import HEIGHT, WIDTH, Chart, face_chart
from tests.videos.fake_result import fake_events


def frames(score: np.ndarray, fps: float = 100.0, threshold: float = 5.5) -> pd.DataFrame:
    return pd.DataFrame({"time_s": np.arange(len(score)) / fps, "score": score, "threshold": threshold})


def chart_of(rows: pd.DataFrame, seconds: float) -> Chart:
    return face_chart(0, score_curve(rows), [], 0, seconds)


def points(path: str) -> np.ndarray:
    return np.array([[float(number) for number in pair] for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)])


def test_a_peak_of_one_frame_in_an_hour_is_seen():
    score = np.ones(360_000)
    score[123_456] = 20
    chart = chart_of(frames(score), 3600)
    x, y = points(chart.score).T
    assert MOST_POINTS / 2 < len(x) <= MOST_POINTS
    assert x[y.argmin()] == pytest.approx(WIDTH * 123_456 / 360_000, abs=WIDTH / MOST_POINTS)
    # Above 5, the scale is logarithmic.
    assert y.min() == pytest.approx(HEIGHT * (1 - (1 + math.log(20 / 5)) / (1 + math.log(chart.top / 5))), abs=0.1)
    assert len(chart.score) < 30_000


def test_where_the_face_is_not_seen_the_line_is_broken():
    score = np.ones(100)
    score[40:60] = np.nan
    chart = chart_of(frames(score), 1)
    assert chart.score.count("M") == 2
    x = points(chart.score)[:, 0]
    assert not ((x >= 400) & (x < 600)).any()


def test_where_frames_have_no_row_the_line_is_broken_too():
    rows = frames(np.ones(100))
    chart = chart_of(rows.drop(index=range(40, 60)), 1)
    assert chart.score.count("M") == chart.threshold.count("M") == 2
    assert chart_of(rows, 1).score.count("M") == 1


def test_a_single_frame_is_a_point():
    # 3 / 5 of the height of 5; the axis ends at 1.05 times twice the threshold of 5.5.
    assert 100 * (1 - 0.6 / (1 + math.log(11.55 / 5))) == pytest.approx(67.3, abs=0.05)
    assert chart_of(frames(np.array([3.0])), 0.01).score == "M0.0 67.3h0"


def test_the_threshold_is_within_the_chart_and_what_is_higher_too():
    for highest in (1.0, 80.0):
        chart = chart_of(frames(np.full(50, highest)), 0.5)
        for path in (chart.score, chart.threshold):
            assert (points(path)[:, 1] > 0).all()
            assert (points(path)[:, 1] < HEIGHT).all()


def test_events_lie_where_they_happen_and_are_wide_enough_to_be_met():
    one, other = fake_events(np.random.default_rng(0), 10, 100, 1, 2, "interview.mp4")
    events = [replace(one, onset_s=0.5, offset_s=1.0), replace(other, onset_s=9.0, offset_s=9.0001)]
    first, second = face_chart(0, score_curve(frames(np.ones(1000))), events, 0, 10).bands
    assert (first.event, first.x, first.width) == ("e0001", 50, 50)
    assert second.x == 900
    assert second.width == 2


def test_events_of_an_hour_that_follow_each_other_by_five_seconds_are_not_joined():
    """The chart of an hour is 4000 px wide: five seconds are 5.6 px."""
    events = [
        replace(each, onset_s=5.0 * place, offset_s=5.0 * place + 0.3)
        for place, each in enumerate(fake_events(np.random.default_rng(0), 3600, 30, 1, 720, "interview.mp4"))
    ]
    bands = face_chart(0, score_curve(frames(np.ones(100))), events, 0, 3600, pixels=4000).bands
    left = np.array([band.x for band in bands]) * 4000 / WIDTH
    wide = np.array([band.width for band in bands]) * 4000 / WIDTH
    assert wide == pytest.approx(np.full(720, 2.0))
    assert (left[:-1] + wide[:-1] < left[1:]).all()


@pytest.mark.parametrize(("seconds", "step"), [(0.6, 0.1), (12, 2), (75, 10), (3600, 600), (100_000, 12_500)])
def test_moments_are_round_and_few(seconds, step):
    ticks = chart_of(frames(np.ones(10)), seconds).ticks
    assert np.diff([tick.seconds for tick in ticks]) == pytest.approx(np.full(len(ticks) - 1, step))
    assert len(ticks) <= 9
    assert all(0 <= tick.percent <= 100 for tick in ticks)


@pytest.mark.parametrize(
    ("highest", "scores"),
    [(1, [0, 2, 5, 10]), (20, [0, 2, 5, 10, 20]), (33, [0, 5, 10, 20]), (900, [0, 5, 20, 100, 500])],
)
def test_scores_beside_the_chart_are_round_and_where_the_line_has_them(highest, scores):
    chart = chart_of(frames(np.array([0.0, highest])), 0.02)
    assert [level.score for level in chart.levels] == scores
    line = points(chart_of(frames(np.array([*scores, highest], float)), 0.1).score)[:-1, 1]
    assert [level.percent for level in chart.levels] == pytest.approx(100 / HEIGHT * line, abs=0.05)


def test_a_video_that_starts_late_fills_the_chart():
    rows = frames(np.ones(100)).assign(time_s=3 + np.arange(100) / 100)
    chart = face_chart(0, score_curve(rows), [], 3, 4, most_ticks=2)
    assert points(chart.score)[[0, -1], 0].tolist() == [0, 0.99 * WIDTH]
    assert [(tick.seconds, tick.percent) for tick in chart.ticks] == [(3, 0), (3.5, 50), (4, 100)]


def test_a_face_without_a_row_has_an_empty_chart():
    assert chart_of(frames(np.ones(0)), 1).score == ""


def test_a_face_without_a_score_has_an_empty_line():
    empty = frames(np.full(5, np.nan), threshold=np.nan)
    assert chart_of(empty, 1).score == ""
