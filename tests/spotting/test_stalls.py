"""Where a picture stands still."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.stalls import Stall, merged, stall_caveats, stalls_of

FPS = 50.0


def steps(frames: int, *still: range) -> np.ndarray:
    """Noise of a face; the frames of ``still``, from 1, show the picture of the first of them."""
    way = np.random.default_rng(0).uniform(0.6, 1.4, frames - 1)
    for frames_of_one in still:
        way[frames_of_one.start - 1 : frames_of_one.stop - 2] = 0.1
    return way


def found(way: np.ndarray, positions=None) -> tuple[Stall, ...]:
    positions = 2 + np.arange(len(way)) if positions is None else positions
    return stalls_of(way, positions, Clock.constant(FPS, len(way) + 50))


def test_a_stall_goes_from_the_picture_to_its_last_repetition():
    assert found(steps(200, range(101, 152))) == (Stall(first=101, last=151),)


def test_at_the_beginning_and_at_the_end():
    way = steps(200, range(1, 41), range(161, 201))
    assert found(way) == (Stall(first=1, last=40), Stall(first=161, last=200))


@pytest.mark.parametrize("last", [124, 125])
def test_a_brief_one_is_none(last):
    assert found(steps(200, range(101, last + 1))) == ()


def test_a_face_without_noise_tells_nothing():
    assert found(np.zeros(199)) == ()
    assert found(np.zeros(0)) == ()


def test_a_gap_ends_it():
    """20 frames before the gap and 20 after it, 40 frames apart."""
    way = steps(100, range(41, 81))
    positions = 2 + np.arange(len(way))
    positions[59:] += 40
    assert found(way, positions) == ()


def test_what_several_faces_and_chunks_show_is_one():
    given = [Stall(first=50, last=90), Stall(first=1, last=30), Stall(first=80, last=120), Stall(first=2, last=30)]
    assert merged(given) == [Stall(first=1, last=30), Stall(first=50, last=120)]


def test_the_warning_names_how_long_and_where():
    clock = Clock.constant(FPS, 400)
    (one,) = stall_caveats([Stall(first=101, last=151)], clock, first=11)
    assert one.startswith("the picture stands still for 1 s from frame 111 (2.00 s) on: the recording stalled, or")
    several = [Stall(first=position, last=position + 25) for position in (1, 51, 101, 151)]
    (many,) = stall_caveats(several, clock)
    assert many.startswith("the picture stands still 4 times, in all for 2 s: for 0.5 s from frame 1 (0.00 s) on, ")
    assert " and 1 more: the recording stalled" in many
    assert stall_caveats([], clock) == []
