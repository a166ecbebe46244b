"""Macro-expressions: which long movements are one, within the limits of the settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.spotting.event import SpottedEvent
from merlab.spotting.macro import MacroSettings, apart, macro_movements
from merlab.spotting.motion_score import ScoreSettings
from tests.videos.faces import moving_places

FPS = 200.0
SETTINGS = MacroSettings()


def moved(onset, offset):
    return SpottedEvent(onset, (onset + offset) // 2, offset, onset, 10.0, "chin")


def found(settings, shortest=0.55, size=3.0):
    """In places whose mouth is in motion along sin² from frame 400 to 600, 1 s."""
    course = np.sin(np.pi * np.clip((np.arange(1000) - 400) / 200, 0, 1)) ** 2
    places = moving_places(course, size=size)
    return macro_movements(places, 1, FPS, ScoreSettings(), settings, shortest)


def test_the_score_of_each_reach_has_the_settings_of_long_movements():
    settings = MacroSettings(reach=0.8, far_reach=2.0, smoothing=0.1, settling=0.3)
    scores = list(settings.scores(ScoreSettings(units=0.5)))
    assert [(each.reach, each.smoothing, each.settling, each.units) for each in scores] == [
        (0.8, 0.1, 0.3, 0),
        (2.0, 0.1, 0.3, 0),
    ]


def test_a_movement_that_both_reaches_find_is_one_with_the_higher_score():
    (event,) = found(SETTINGS)
    scores = [found(replace(SETTINGS, reach=reach, far_reach=reach))[0].score for reach in (1.0, 2.5)]
    assert event.score == max(scores) > min(scores)
    assert (event.kind, event.why_other, event.long) == ("macro", "", True)
    assert (event.onset, event.apex, event.offset) == pytest.approx((401, 501, 601), abs=10)


def test_it_lasts_longer_than_a_micro_expression_and_not_longer_than_the_longest():
    one_reach = replace(SETTINGS, far_reach=SETTINGS.reach)
    (event,) = found(one_reach)
    seconds = event.duration(FPS)
    assert found(one_reach, shortest=seconds) == []
    assert found(replace(one_reach, longest=seconds - 1e-6)) == []
    assert found(replace(one_reach, longest=seconds), shortest=seconds - 1e-6) == [event]


def test_a_smaller_one_is_none_and_a_larger_one_is_another_movement():
    one_reach = replace(SETTINGS, far_reach=SETTINGS.reach)
    (event,) = found(one_reach)
    assert found(replace(one_reach, px=event.px + 1e-6)) == []
    assert found(replace(one_reach, px=event.px, largest=event.px)) == [event]
    (large,) = found(replace(one_reach, largest=event.px - 1e-6))
    assert (large.kind, large.why_other, large.long) == ("other", "movement too large", True)


def test_of_overlapping_movements_the_first_stays_and_none_that_is_taken():
    first, second, third = moved(1, 10), moved(10, 20), moved(11, 20)
    assert apart([first, second, third]) == [first, third]
    assert apart([first, third], taken=[moved(20, 30)]) == [first]
