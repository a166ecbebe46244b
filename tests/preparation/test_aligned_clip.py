"""What is reported about the time of the frames of an aligned clip."""

from __future__ import annotations

import numpy as np

from merlab.frames import Clock
from merlab.preparation.aligned_clip import clock_warnings

STEADY = np.arange(100) / 200
NUMBERS = range(1, 101)


def test_a_varying_frame_rate_is_warned_of_and_jitter_below_a_tenth_is_not():
    uneven = STEADY + np.where(np.arange(100) % 7 == 0, 0.003, 0)
    (warning,) = clock_warnings(Clock.of_stamps(uneven), NUMBERS)
    assert warning.startswith("the frame rate varies")
    assert clock_warnings(Clock.of_stamps(STEADY), NUMBERS) == []
    assert clock_warnings(Clock.of_stamps(STEADY + 1e-4 * (np.arange(100) % 3)), NUMBERS) == []


def test_a_gap_is_warned_of_where_it_is_between_the_frames():
    clock = Clock.of_stamps(STEADY + 0.25 * (np.arange(100) >= 50))
    (warning,) = clock_warnings(clock, NUMBERS)
    assert warning.startswith("time is missing before frame 51 (0.255 s after the one before)")
    assert clock_warnings(clock, range(51, 101)) == []
    assert clock_warnings(clock, range(1, 51)) == []


def test_images_without_time_stamps_have_no_warning():
    assert clock_warnings(None, NUMBERS) == []
