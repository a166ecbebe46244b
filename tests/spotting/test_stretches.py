"""Spotting by the clock: uneven frames, gaps, and even frames, which stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.even_grid import EvenGrid, is_even
from merlab.spotting.spot import SpottingSettings, spot_places
from merlab.spotting.stretches import block_places, margin, spot_stretches, spot_track, stretches, unspotted
from tests.videos.faces import face, moving_places, still_places, there_and_back, warped

FPS = 60.0
SETTINGS = SpottingSettings()
# Seconds: onset, apex, offset of each movement.
MOVEMENTS = [(5.0, 5.15, 5.4), (12.0, 12.2, 12.5), (21.0, 21.1, 21.3)]


def phone_stamps(seconds=30.0, seed=0):
    """60 frames per second by a phone: steps of 12 to 24 ms, and one frame in fifty is lost."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([12, 15, 16, 17, 18, 20, 24], round(seconds * FPS)) / 1000
    return np.cumsum(np.where(rng.random(len(steps)) < 0.02, steps + 0.017, steps))


def movements_at(seconds):
    """Block places at these moments, in which a corner of the mouth rises at MOVEMENTS."""
    fine = np.arange(0, seconds[-1] + 1, 0.001)
    course = sum(
        (there_and_back(len(fine), *(1000 * np.array(movement))) for movement in MOVEMENTS), np.zeros(len(fine))
    )
    return moving_places(np.interp(seconds, fine, course))


@pytest.mark.parametrize("frames", [54, 55])
def test_a_stretch_of_less_than_twice_the_reach_is_left_out_and_counted(frames):
    """It is .45 s, 27 frames; a face is compared with that so long before and so long after."""
    clock = Clock.constant(FPS, 400)
    lost = [range(200, 210), range(210 + frames, 230 + frames)]
    windows = list(spot_stretches(still_places(400), clock, SETTINGS, lost))
    spotted = {window.first + at for window in windows for at in range(len(window.total))}
    assert (set(range(210, 210 + frames)) <= spotted) == (frames == 55)
    assert spotted.isdisjoint(range(200, 210))
    assert {1, 199, 230 + frames, 400} <= spotted
    assert unspotted(clock, SETTINGS, lost) == (54 if frames == 54 else 0)


@pytest.mark.parametrize("lost", [range(41, 51), range(351, 361)])
def test_the_places_of_a_stretch_that_is_left_out_pass_by_too(lost):
    """Stalls of the picture are found in all of them, so the last ones are read as well."""
    passing = iter(still_places(400))
    assert len(list(spot_stretches(passing, Clock.constant(FPS, 400), SETTINGS, [lost]))) == 1
    assert next(passing, None) is None


def events(windows):
    return [event for window in windows for event in window.events]


class TestEven:
    @pytest.mark.parametrize("fps", [23.976, 25, 29.97, 59.94, 100, 200, 240])
    @pytest.mark.parametrize("tick", [1e-3, 1e-4, 1e-6])
    def test_a_constant_rate_is_even_however_its_stamps_are_rounded(self, fps, tick):
        clock = Clock.of_stamps(np.round(np.arange(2000) / fps / tick) * tick, tick)
        assert is_even(clock.times, clock.fps, clock.rounding)

    def test_a_lost_frame_and_jitter_are_not(self):
        even = np.arange(3000) / FPS
        assert not is_even(np.delete(even, 1500), FPS)
        assert not is_even(phone_stamps(), FPS)

    def test_another_rate_than_that_of_the_video_is_not(self):
        assert not is_even(np.arange(100) / 30, FPS)

    @pytest.mark.parametrize("frames", [0, 1])
    def test_fewer_than_two_frames_are(self, frames):
        assert is_even(np.arange(frames) / FPS, FPS)


class TestGrid:
    def test_places_are_interpolated_linearly_over_the_stamps(self):
        seconds = phone_stamps(2.0)
        grid = EvenGrid(seconds, FPS)
        places = np.stack([seconds, 3 - 2 * seconds], axis=1).astype(np.float32)
        even = np.stack(list(grid.resampled(places)))
        inside = np.clip(grid.moments, seconds[0], seconds[-1])
        assert np.diff(grid.moments) == pytest.approx(1 / FPS)
        assert even == pytest.approx(np.stack([inside, 3 - 2 * inside], axis=1), abs=1e-5)

    def test_moments_and_frames_are_matched_to_the_nearest(self):
        grid = EvenGrid(np.array([0.0, 0.012, 0.05, 0.055, 0.1]), 50.0)
        assert grid.moments.tolist() == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1])
        assert grid.moment_of_frame.tolist() == [0, 1, 2, 3, 5]
        assert grid.frame_of_moment.tolist() == [0, 1, 2, 3, 4, 4]

    def test_overlapping_stretches_have_the_same_moments(self):
        seconds = phone_stamps(4.0)
        one, other = EvenGrid(seconds[:150], FPS), EvenGrid(seconds[100:], FPS)
        assert set(one.moments[-40:].round(9)) <= set(other.moments.round(9))


class TestUneven:
    def test_movements_are_found_at_their_true_times(self):
        seconds = phone_stamps()
        clock = Clock.of_stamps(seconds)
        found = events(spot_stretches(movements_at(seconds), clock, SETTINGS))
        moments = [[clock.seconds(at) for at in (event.onset, event.apex, event.offset)] for event in found]
        assert np.array(moments) == pytest.approx(np.array(MOVEMENTS), abs=2 / FPS)

    def test_every_frame_has_one_score(self):
        clock = Clock.of_stamps(phone_stamps())
        windows = list(spot_stretches(movements_at(clock.times), clock, SpottingSettings(window=4.0)))
        ends = [window.first + len(window.total) for window in windows]
        assert [windows[0].first, *ends] == [*(window.first for window in windows), len(clock) + 1]

    def test_a_track_in_a_chunk_is_spotted_as_in_the_whole_video(self):
        clock = Clock.of_stamps(phone_stamps())
        places = movements_at(clock.times)
        (whole,) = spot_stretches(places, clock, SpottingSettings(window=100.0))
        chunk = spot_track(places[150:1700], 151, range(201, 1601), clock, SETTINGS)
        assert (chunk.first, len(chunk.total)) == (201, 1400)
        for one, other in zip(chunk.events, whole.events, strict=True):
            assert (one.onset, one.apex, one.offset) == pytest.approx((other.onset, other.apex, other.offset), abs=1)

    def test_the_margin_of_a_chunk_lasts_as_long_where_frames_are_dense(self):
        half = np.concatenate([np.arange(600) / FPS, 10 + np.arange(1200) / (2 * FPS)])
        assert margin(Clock.of_stamps(np.arange(600) / FPS), 200) == 200
        uneven = Clock(half, FPS)
        assert margin(uneven, 200) == pytest.approx(400, abs=2)


class TestGaps:
    def test_even_frames_without_a_gap_are_spotted_as_they_are(self):
        clock = Clock.constant(FPS, 1800)
        places = movements_at(clock.times)
        by_clock, by_number = spot_stretches(places, clock, SETTINGS), spot_places(places, FPS, SETTINGS)
        for one, other in zip(by_clock, by_number, strict=True):
            assert one.events == other.events
            assert np.array_equal(one.total, other.total)

    def test_each_stretch_is_spotted_alone(self):
        clock = Clock.of_stamps(np.arange(1800) / FPS + np.where(np.arange(1800) < 900, 0, 10))
        places = still_places(1800)
        places[900:] += 30
        assert clock.gaps == (901,)
        assert [(each.start, each.stop) for each in stretches(clock)] == [(1, 901), (901, 1801)]
        windows = list(spot_stretches(places, clock, SETTINGS))
        assert [(window.first, len(window.total)) for window in windows] == [(1, 900), (901, 900)]
        assert events(windows) == []

    def test_the_displacement_of_the_blocks_restarts(self):
        still = np.zeros((282, 231))
        images = [warped(face(), still + shift, still) for shift in (0, 1, 2, 9, 9)]
        clock = Clock.of_stamps([0, 0.02, 0.04, 3.0, 3.02])
        places = list(block_places(images, clock))
        assert not np.any(places[3])
        assert np.abs(places[4]).max() < 0.1
