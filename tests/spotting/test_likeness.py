"""How much a movement is like that of a face: by its pattern, its way back, and how smooth it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.spotting.course import movement_at
from merlab.spotting.likeness import MOST, likeness
from merlab.spotting.motion import without_head
from merlab.spotting.motion_score import ScoreSettings, score
from merlab.spotting.spot import SpottingSettings, spot_places
from merlab.spotting.unit_blocks import unit_blocks
from tests.videos.faces import still_places, there_and_back

FPS, PEAK, DEFAULT = 200.0, 1030, ScoreSettings()
SMILE = without_head(unit_blocks()["12r"]) + without_head(unit_blocks()["12l"])
COURSE = there_and_back(2000, 1000, PEAK, 1060)[:, None, None, None]
# Two blocks of a cheek alone, which no unit moves.
PAIR = np.zeros_like(SMILE)
PAIR[8, 2:4, 1] = -1


def like(movement, settings=DEFAULT, first=1, seen=range(2000)):
    """The likeness of the movement around PEAK in noise of 0.1 px, ``movement`` (2000, ROWS, COLUMNS, 2) px.

    The face is seen in the frames ``seen``.
    """
    places = np.asarray(still_places(2000, 0.1) + movement, np.float32)[seen.start : seen.stop]
    scores = score(places, FPS, settings)
    near = PEAK - 10 - seen.start
    peak = near + int(scores.total[near : near + 20].argmax())
    return likeness(scores, movement_at(scores, peak, first, FPS, settings), first, FPS)


def test_a_smooth_movement_of_a_unit_has_the_most():
    assert like(0.4 * COURSE * SMILE) == MOST


def test_it_does_not_depend_on_the_number_of_the_first_frame():
    weak = 0.15 * COURSE * SMILE
    assert like(weak, first=5001) == pytest.approx(like(weak), rel=1e-6)


def test_it_is_less_where_no_unit_moves_so():
    weak = 0.12 * COURSE * PAIR
    assert like(weak) < like(weak, ScoreSettings(units=0)) <= MOST


def test_a_unit_adds_its_weight_of_the_logistic_regression():
    """0.28, in a movement that is too weak for the most."""
    weak = 0.08 * COURSE * PAIR
    assert like(weak) / like(weak, ScoreSettings(units=0)) == pytest.approx(np.exp(-0.28))


def test_it_is_less_on_another_way_back():
    """Around the way up and back, the other blocks drift on."""
    drift = np.linspace(0, 12, 2000)[:, None, None, None] * np.where(np.arange(2) == 0, 1, -1)
    shear = drift * np.sign(np.indices(SMILE.shape[:2]).sum(axis=0) % 2 - 0.5)[..., None]
    there_and_back_alone, drifting = (like(0.15 * COURSE * SMILE + way) for way in (0, shear))
    assert drifting < there_and_back_alone


def test_it_is_less_where_the_way_is_rough():
    rough = 1 + 0.8 * np.sin(np.arange(2000) * 2 * np.pi / 24)[:, None, None, None]
    assert like(0.15 * COURSE * rough * SMILE) < like(0.15 * COURSE * SMILE)


@pytest.mark.parametrize("begins", [True, False])
def test_it_is_a_tenth_less_near_the_first_and_the_last_moment_of_a_face(begins):
    """Within the 0.45 s of ``reach`` and half of the 0.25 s of ``settling``: there, scores of noise are too high."""
    weak = 0.08 * COURSE * PAIR
    scores = score(np.asarray(still_places(2000, 0.1) + weak, np.float32), FPS, DEFAULT)
    peak = PEAK - 10 + int(scores.total[PEAK - 10 : PEAK + 10].argmax())
    wholly, partly = (
        like(weak, seen=range(peak - frames, 2000) if begins else range(peak + frames + 1)) for frames in (117, 113)
    )
    assert partly / wholly == pytest.approx(1 / 1.1, rel=0.02)


@pytest.mark.parametrize("weight", [0.0, 1.0, 3.0])
def test_the_score_of_an_event_is_multiplied_by_it_as_often_as_the_settings_say(weight):
    places = np.asarray(still_places(2000, 0.1) + 0.12 * COURSE * PAIR, np.float32)
    settings = replace(SpottingSettings(), floor=1, weak=0.1, likeness=weight)
    (window,) = spot_places(places, FPS, settings)
    event = max((*window.events, *window.weak), key=lambda event: event.score)
    raw, factor = window.total[event.peak - 1], like(0.12 * COURSE * PAIR)
    assert event.score == pytest.approx(raw * factor**weight, rel=1e-4)
