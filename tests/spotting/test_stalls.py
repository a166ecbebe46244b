"""Where a picture stands still."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.repeats import Repeats, Stall

FPS = 50.0


def steps(frames: int, *still: range) -> np.ndarray:
    """Noise of a face, px; the frames of ``still``, from 1, show the picture of the first of them."""
    way = np.random.default_rng(0).uniform(0.12, 0.28, frames - 1)
    for frames_of_one in still:
        way[frames_of_one.start - 1 : frames_of_one.stop - 2] = 0.02
    return way


def found(way: np.ndarray, first: int = 1) -> tuple[Stall, ...]:
    return Repeats.of(way, Clock.constant(FPS, len(way) + first), first).stalls


def test_a_stall_goes_from_the_picture_to_its_last_repetition():
    assert found(steps(200, range(101, 152))) == (Stall(first=101, last=151),)
    assert found(steps(200, range(101, 152)), first=11) == (Stall(first=111, last=161),)


def test_at_the_beginning_and_at_the_end():
    way = steps(200, range(1, 41), range(161, 201))
    assert found(way) == (Stall(first=1, last=40), Stall(first=161, last=200))


@pytest.mark.parametrize("last", [124, 125])
def test_a_brief_one_is_none(last):
    assert found(steps(200, range(101, last + 1))) == ()


def test_a_copy_that_compression_refines_in_single_frames_is_one():
    """As H.264 does, which also renews the picture at a key frame."""
    way = steps(200, range(101, 152))
    way[[104, 105, 112, 130]] = 0.16
    assert found(way) == (Stall(first=101, last=151),)


def test_its_frames_are_not_counted_among_those_of_a_camera_that_is_too_slow():
    way = steps(200, range(101, 152))
    assert Repeats.of(way, Clock.constant(FPS, 200)) == Repeats(frames=149, stalls=(Stall(first=101, last=151),))


@pytest.mark.parametrize("noise", [0.05, 0.15])
def test_who_rests_between_words_is_not_still(noise):
    """Two seconds of speech, four syllables a second, then one at rest, and so on; the noise of the camera, px."""
    moments = np.arange(450) / FPS
    speech = np.where(moments % 3 < 2, np.abs(np.cos(np.pi * 4 * moments)), 0)
    noises = noise * np.random.default_rng(0).uniform(0.8, 1.2, len(moments))
    assert found(np.hypot(speech, noises)) == ()


def test_who_rests_after_a_hand_has_hidden_the_face_is_not_still():
    """As in a synthetic conversation, where a face was followed anew behind a hand: 4 s of jumps, then the noise."""
    draw = np.random.default_rng(0)
    assert found(np.concatenate([draw.uniform(0.4, 5, 200), draw.uniform(0.11, 0.2, 125)])) == ()


def test_a_face_without_noise_tells_nothing():
    assert found(np.zeros(199)) == ()
    assert found(np.zeros(0)) == ()
    assert found(np.full(60, np.nan)) == ()


def test_a_gap_ends_it():
    """20 frames before the gap and 20 after it."""
    way = steps(100, range(41, 81))
    assert found(way) == (Stall(first=41, last=80),)
    way[59] = np.nan
    assert found(way) == ()


def test_those_outside_of_the_frames_of_a_chunk_are_those_of_another():
    stalls = (Stall(first=1, last=30), Stall(first=80, last=120), Stall(first=131, last=160))
    assert Repeats(frames=9, stalls=stalls).within(range(31, 131)) == Repeats(frames=9, stalls=stalls[1:2])
    assert Repeats(stalls=stalls).within(range(30, 132)).stalls == stalls


def test_the_warning_names_how_long_and_where():
    clock = Clock.constant(FPS, 400)
    (one,) = Repeats(stalls=(Stall(first=101, last=151),)).caveats(clock, first=11)
    assert one.startswith("the picture stands still for 1 s from frame 111 (2.00 s) on: the recording stalled, or")
    # Images keep their numbers where a camera dropped others.
    (there,) = Repeats(stalls=(Stall(first=101, last=151),)).caveats(clock, 11, [*range(11, 50), *range(71, 500)])
    assert there.startswith("the picture stands still for 1 s from frame 132 (2.00 s) on: ")
    several = tuple(Stall(first=position, last=position + 25) for position in (1, 51, 101, 151))
    (many,) = Repeats(stalls=several).caveats(clock)
    assert many.startswith("the picture stands still 4 times, in all for 2 s: for 0.5 s from frame 1 (0.00 s) on, ")
    assert " and 1 more: the recording stalled" in many
    assert Repeats().caveats(clock) == []


def test_what_several_faces_and_chunks_show_is_one():
    limits = [(50, 90), (1, 30), (80, 120), (2, 30)]
    given = Repeats(stalls=tuple(Stall(first=first, last=last) for first, last in limits))
    (warning,) = given.caveats(Clock.constant(FPS, 400))
    assert "still 2 times, in all for 1.98 s: for 0.58 s from frame 1 (0.00 s) on, for 1.4 s from frame 50 " in warning
