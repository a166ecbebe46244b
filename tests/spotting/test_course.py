"""Where a movement begins, is largest and has returned, on paths whose moments are known."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.course import long_movement_at, movement_at, peak_frames
from merlab.spotting.macro import MacroSettings
from merlab.spotting.motion_score import ScoreSettings, score
from tests.videos.faces import moving_places, there_and_back

FPS = 200.0
SETTINGS = ScoreSettings()


def scores(*values):
    return np.array(values, np.float32)


class TestPeaks:
    def test_are_local_maxima_above_the_threshold_and_the_highest_is_first(self):
        assert peak_frames(scores(0, 5, 0, 7, 6, 3, 9), 4) == [6, 3, 1]
        assert peak_frames(scores(0, 5, 0, 4, 0), 4) == [1]

    def test_of_equal_height_are_in_their_order_and_a_plateau_has_one_at_its_end(self):
        assert peak_frames(scores(0, 5, 0, 5, 0), 4) == [1, 3]
        assert peak_frames(scores(0, 5, 5, 5, 0), 4) == [3]


class TestABriefMovement:
    @pytest.mark.parametrize(("rise", "fall", "error"), [(30, 30, 2), (40, 40, 2), (20, 60, 3), (60, 20, 3)])
    def test_along_sin2_is_timed_to_a_few_frames(self, rise, fall, error):
        found = score(moving_places(there_and_back(600, 300, 300 + rise, 300 + rise + fall)), FPS, SETTINGS)
        peak, *_ = peak_frames(found.total, 5)
        event = movement_at(found, peak, 1, FPS, SETTINGS)
        moments = np.array([event.onset, event.apex, event.offset]) - 1
        assert moments == pytest.approx([300, 300 + rise, 300 + rise + fall], abs=error)
        assert (event.peak, event.score) == (peak + 1, found.total[peak])

    @pytest.mark.parametrize("moments", [(540, 580, 620), (-20, 20, 60)])
    def test_that_begins_or_ends_outside_of_the_video_stays_within_its_600_frames(self, moments):
        whole = there_and_back(1200, *(300 + moment for moment in moments))
        found = score(moving_places(whole[300:900]), FPS, SETTINGS)
        event = movement_at(found, peak_frames(found.total, 5)[0], 1, FPS, SETTINGS)
        shown = np.clip(np.array(moments) + 1, 1, 600)
        assert [event.onset, event.apex, event.offset] == pytest.approx(shown, abs=3)
        assert 1 <= event.onset <= event.apex <= event.offset <= 600

    def test_is_measured_in_px_up_to_a_fifth_too_small(self):
        for size in (1.0, 2.0, 4.0):
            found = score(moving_places(there_and_back(600, 300, 340, 380), size=size), FPS, SETTINGS)
            event = movement_at(found, peak_frames(found.total, 5)[0], 1, FPS, SETTINGS)
            assert 0.8 * size <= event.px <= size

    def test_has_the_numbers_of_frames_of_its_video(self):
        found = score(moving_places(there_and_back(600, 300, 330, 360)), FPS, SETTINGS)
        peak, *_ = peak_frames(found.total, 5)
        at_1, at_101 = (movement_at(found, peak, first, FPS, SETTINGS) for first in (1, 101))
        for moment in ("onset", "apex", "offset", "peak"):
            assert getattr(at_101, moment) == getattr(at_1, moment) + 100


class TestALongMovement:
    @pytest.mark.parametrize("still", [0, 50])
    def test_along_sin2_begins_a_tenth_of_its_rise_late_and_ends_as_early(self, still):
        """Between .2 and .8 of its height are .41 of the rise, and before them .295: .295 - .41 / 2 is .09."""
        held = np.interp(np.arange(1600), [600, 700, 700 + still, 800 + still], [0, 1, 1, 2])
        places = moving_places(np.sin(0.5 * np.pi * held) ** 2, size=3.0)
        for how in MacroSettings().scores(SETTINGS):
            found = score(places, FPS, how)
            event = long_movement_at(found, peak_frames(found.total, 6)[0], 1, FPS, how)
            assert (event.onset - 1, event.offset - 1) == pytest.approx((609, 791 + still), abs=4)
            assert 698 <= event.apex - 1 <= 702 + still
