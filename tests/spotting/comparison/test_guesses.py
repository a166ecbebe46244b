"""Guesses that see no frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.spotting.comparison.folds import Fold, fold_result
from merlab.spotting.comparison.guesses import GUESS_EVEN, GUESS_RANDOM, Habit, at_random, evenly
from merlab.spotting.comparison.spotter import Target
from tests.spotting.comparison.recorded import FPS, material

HABIT = Habit("micro", 30.0, (0.2, 0.4))


def test_the_rate_and_the_durations_are_those_of_training(tmp_path):
    seen = material(tmp_path, "seen", 600, [(10, 18, 25), (100, 110, 120)], [])
    habit = GUESS_EVEN.fit([seen], Target("micro", 0.3), 0).habit
    # 2 events in 12 s, of 15 and 20 frames of 50 a second.
    assert habit.a_minute == pytest.approx(10)
    assert habit.durations == pytest.approx((0.3, 0.4))
    assert GUESS_EVEN.fit([seen], Target("macro", 1.5), 0).habit == Habit("macro", 0.0, (1.5,))


def test_even_guesses_have_equal_distances_and_the_mean_duration():
    assert evenly(HABIT, 8.0, np.random.default_rng(0)) == [
        pytest.approx((middle - 0.15, middle + 0.15)) for middle in (1, 3, 5, 7)
    ]


def test_random_guesses_are_as_many_on_average_and_the_same_for_a_recording(tmp_path):
    random = np.random.default_rng(0)
    drawn = [at_random(HABIT, 8.0, random) for _ in range(500)]
    assert np.mean([len(each) for each in drawn]) == pytest.approx(4, abs=0.3)
    assert {round(end - begin, 6) for each in drawn for begin, end in each} == {0.2, 0.4}
    assert min(begin for each in drawn for begin, _ in each) >= 0
    assert max(end for each in drawn for _, end in each) <= 8
    seen = material(tmp_path, "seen", 600, [(10, 18, 25), (100, 110, 120), (200, 210, 220)], [])
    once, twice = (GUESS_RANDOM.fit([seen], Target("micro", 0.3), 0).spot(seen) for _ in range(2))
    assert once == twice
    other = replace(seen, video=replace(seen.video, name="other"))
    assert GUESS_RANDOM.fit([seen], Target("micro", 0.3), 0).spot(other) != once
    assert all(1 <= each.onset <= each.apex <= each.offset <= 600 for each in once)
    assert seen.rate == FPS


@pytest.mark.parametrize("guess", [GUESS_EVEN, GUESS_RANDOM], ids=["even", "random"])
def test_a_guess_that_sees_no_frame_is_compared_with_the_same_intervals_where_all_frames_are_blank(tmp_path, guess):
    seen = material(tmp_path, "seen", 600, [(10, 18, 25), (100, 110, 120)], [])
    blank = replace(seen, breaks=(range(600),))
    assert blank.shows_nothing
    fold = Fold("a", (seen.video,), (seen.video,))
    spotted = fold_result(guess, fold, ["micro"], 0, lambda _: seen).events
    assert spotted
    assert spotted == fold_result(guess, fold, ["micro"], 0, lambda _: blank).events
