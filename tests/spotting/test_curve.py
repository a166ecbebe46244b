"""Curves and figures of scores: no peak is lost, and where the face is not seen there is a gap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlab.spotting.curve import score_curve
from merlab.spotting.figure import Panel, Shade, score_figure


def frames(score: np.ndarray, fps: float = 100.0, threshold: float = 5.5) -> pd.DataFrame:
    return pd.DataFrame({"time_s": np.arange(len(score)) / fps, "score": score, "threshold": threshold})


def test_few_frames_are_all_points():
    curve = score_curve(frames(np.arange(50.0)))
    assert curve.score.tolist() == list(range(50))
    assert curve.seconds[-1] == 0.49


def test_the_highest_score_of_many_frames_is_kept():
    score = np.ones(100_000)
    score[54_321] = 20
    curve = score_curve(frames(score), most=1000)
    assert len(curve.score) <= 1000
    assert np.nanmax(curve.score) == 20
    assert curve.seconds[np.nanargmax(curve.score)] == pytest.approx(543.21, abs=1)


def test_missing_frames_are_one_gap():
    curve = score_curve(frames(np.ones(100)).drop(index=range(40, 60)))
    (gap,) = np.flatnonzero(np.isnan(curve.score))
    assert gap == 40
    assert (curve.seconds[gap - 1], curve.seconds[gap + 1]) == (0.39, 0.6)


def test_the_axis_reaches_above_the_score_and_above_the_threshold():
    assert score_curve(frames(np.full(9, 20.0))).top > 20
    assert score_curve(frames(np.full(9, 1.0))).top > 2 * 5.5
    assert score_curve(frames(np.full(9, np.nan), threshold=np.nan)).top > 0


def test_a_point_between_two_gaps_is_lone():
    curve = score_curve(frames(np.array([np.nan, 2.0, np.nan, 1.0, 1.0])))
    assert curve.lone().tolist() == [False, True, False, False, False]


def test_a_figure_has_one_panel_per_face_with_its_events():
    panels = [Panel(f"face {face}", score_curve(frames(np.ones(1000))), []) for face in range(2)]
    events = [Shade(2.0, 2.3, "micro", "surprise 0.90"), Shade(4.0, 5.3, "macro", "no class")]
    panels.append(Panel("face 2", panels[0].curve, events))
    axes = score_figure("interview.mp4", panels, 0, 10).axes
    assert [each.get_title(loc="left") for each in axes] == ["face 0", "face 1", "face 2"]
    assert [len(each.patches) for each in axes] == [0, 0, 2]
    assert [text.get_text() for text in axes[2].texts] == ["surprise 0.90", "no class"]
    micro, macro = (each.get_facecolor() for each in axes[2].patches)
    assert micro != macro
    assert len(set(macro[:3])) == 1, "gray"
    assert axes[2].get_xlabel() == "time (s)"


def test_a_figure_without_a_face_is_empty():
    assert score_figure("interview.mp4", [], 0, 10).axes == []
