"""Between frames and the milliseconds of a player."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlab.coding.frame_clock import FrameClock


@pytest.mark.parametrize("fps", [24000 / 1001, 25, 29.97, 100, 200, 400, 1000])
def test_every_frame_is_found_again_by_its_time_in_whole_milliseconds(fps):
    clock = FrameClock.constant(fps, 3000)
    for rounded in (np.floor, np.round, np.ceil):
        assert [clock.frame_at(float(rounded(clock.ms_of(frame)))) for frame in range(1, 3001)] == [*range(1, 3001)]


def test_a_time_within_a_frame_is_the_frame_that_is_shown():
    clock = FrameClock.constant(25, 3)
    assert (len(clock), clock.has(3), clock.has(4)) == (3, True, False)
    assert [clock.frame_at(ms) for ms in (0, 38, 39, 70, 119, 120, 121)] == [1, 1, 2, 2, 3, 3, 3]
    assert [clock.frame_at(ms) for ms in (-2, 122)] == [None, None]


def test_a_time_more_than_half_a_frame_before_a_frame_is_not_that_frame():
    clock = FrameClock.constant(1000, 3)
    assert [clock.frame_at(ms) for ms in (0.4, 0.6, 1.4, 1.6)] == [1, 2, 2, 3]


def test_slow_motion_is_shown_later_than_it_was_recorded():
    table = pd.DataFrame({"frame": [1, 1, 2, 3], "time_s": [0.5, 0.5, 0.505, 0.510]})
    clock = FrameClock.of_table(table, 200, slowed=8)
    assert [clock.ms_of(frame) for frame in (1, 2, 3)] == pytest.approx([4000, 4040, 4080])
    assert clock.seconds_of(3) == pytest.approx(0.51)
    assert clock.frame_at(4075) == 2
    # A player shows a frame of 5 ms for 40 ms.
    assert [clock.frame_at(ms) for ms in (4120, 4122)] == [3, None]


def test_images_keep_their_numbers_and_a_missing_one_is_not_there():
    clock = FrameClock.of_table(pd.DataFrame({"frame": [46, 47, 49], "time_s": [0, 0.01, 0.03]}), 100, 1)
    assert [clock.has(number) for number in (1, 46, 48, 49, 50)] == [False, True, False, True, False]
    assert clock.frame_at(30) == 49


def test_faces_may_be_listed_one_after_the_other():
    clock = FrameClock.of_table(pd.DataFrame({"frame": [2, 3, 1, 2], "time_s": [0.01, 0.02, 0, 0.01]}), 100, 1)
    assert (len(clock), [clock.ms_of(frame) for frame in (1, 2, 3)]) == (3, [0, 10, 20])
