"""What is reported about the frames of an aligned clip: their time, and where the face is lost or another."""

from __future__ import annotations

import numpy as np

from merlab.faces.detection import Face
from merlab.faces.landmarks import Landmarks
from merlab.faces.tracking import TrackedFace
from merlab.frames import Clock
from merlab.preparation.aligned_clip import Interruptions, clock_warnings

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


def seen(track: int) -> TrackedFace:
    return TrackedFace(Face(0, 0, 9, 9, 1.0), Landmarks(np.zeros((5, 2)), "five-points", 1.0), True, track)


def test_successive_frames_without_a_face_are_one_range_and_every_new_track_is_a_jump():
    found = Interruptions()
    for number, face in enumerate((None, seen(0), None, None, seen(1), seen(1), seen(3), None), start=46):
        found.add(number, face)
    assert found.lost == [(46, 46), (48, 49), (53, 53)]
    assert found.jumps == [50, 52]
    assert found.warnings() == [
        "frames without a face: 46, 48..49, 53",
        "the face is another one, or elsewhere, from frame 50, 52 on",
    ]


def test_where_another_face_comes_in_front_the_frame_is_a_jump():
    found = Interruptions()
    for number, since in ((2, None), (4, 0), (6, None), (8, 1), (10, None)):
        found.add(number, seen(0), since)
    assert found.jumps == [4, 6]


def test_a_clip_without_interruptions_has_no_warning():
    assert Interruptions().warnings() == []
