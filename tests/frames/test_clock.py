"""The clock: frame rate, gaps and real seconds from time stamps."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.errors import MerlabError
from merlab.frames import Clock, ClockError, ImageFolder, Video, clock_of, require_rate
from tests.helpers import texture, write_frames

RATES = (23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 90, 100, 119.88, 120, 150, 200, 240, 250)


def paused(fps: float, count: int, pause_at: int, pause: float) -> np.ndarray:
    """Stamps of frames whose recorder paused before frame ``pause_at``."""
    times = np.arange(count) / fps
    times[pause_at - 1 :] += pause
    return times


class TestFrameRate:
    @pytest.mark.parametrize("fps", RATES)
    @pytest.mark.parametrize("tick", [1 / 90_000, 1 / 12_800, 0.001])
    def test_is_that_of_the_camera_although_stamps_are_whole_ticks(self, fps, tick):
        clock = Clock.of_stamps(np.round(np.arange(2000) / fps / tick) * tick, tick)
        assert clock.fps == pytest.approx(fps, rel=2e-4)
        assert not clock.varies
        assert clock.gaps == ()

    @given(fps=st.floats(5, 300), offset=st.floats(0, 100), count=st.integers(30, 400))
    def test_is_within_a_tick_over_the_whole_recording(self, fps, offset, count):
        tick = 0.001
        stamps = np.floor((np.arange(count) / fps + offset) / tick) * tick
        clock = Clock.of_stamps(stamps, tick)
        assert abs(1 / clock.fps - 1 / fps) <= 2 * tick / (count - 1) + 1e-9

    @pytest.mark.parametrize("fps", RATES)
    def test_is_what_the_file_states_if_only_rounding_separates_the_two(self, fps):
        stamps = np.round(np.arange(100) / fps, 3)
        assert Clock.of_stamps(stamps, 0.001, stated=[2 * fps, fps]).fps == fps
        assert Clock.of_stamps(stamps, 0.001, stated=[1.05 * fps]).fps == pytest.approx(fps, rel=2e-3)

    def test_is_what_the_file_states_with_pauses_too(self):
        """Between pauses, the sum of the steps is wrong by a tick at most."""
        times = np.arange(300) / (30_000 / 1001)
        for first in (100, 200):
            times[first:] += 0.3333
        assert Clock.of_stamps(np.round(times, 3), 0.001, stated=[30_000 / 1001]).fps == 30_000 / 1001

    @pytest.mark.parametrize("pause", [0.5, 10, 3600])
    def test_does_not_change_with_a_pause(self, pause):
        assert Clock.of_stamps(paused(200, 3000, 1500, pause), 1e-4).fps == pytest.approx(200)

    def test_does_not_change_with_dropped_frames_where_a_tick_is_a_frame(self):
        kept = np.flatnonzero(np.random.default_rng(0).random(1000) > 0.1)
        assert Clock.of_stamps(kept / 200, 1 / 200).fps == pytest.approx(200)

    def test_of_24_frames_in_30_ticks_is_24(self):
        assert Clock.of_stamps(np.round(np.arange(1000) / 24 * 30) / 30, 1 / 30).fps == pytest.approx(24, abs=0.01)

    def test_of_24_frames_in_30_ticks_is_24_with_a_pause_too(self):
        ticks = np.round(np.arange(1000) / 24 * 30)
        for at in (1, 500):
            clock = Clock.of_stamps((ticks + np.where(np.arange(1000) < at, 0, 300)) / 30, 1 / 30)
            assert clock.fps == pytest.approx(24, abs=0.01)
            assert clock.gaps == (at + 1,)

    @pytest.mark.parametrize("stamps", [[0.0, 0.04, 0.7], [0.0, 0.66, 0.7], [0.0, 0.04, 0.08, 1.0, 2.0]])
    def test_of_few_frames_is_that_of_a_step_that_exists(self, stamps):
        assert Clock.of_stamps(stamps, 0.001).fps == pytest.approx(25)

    def test_of_a_single_frame_is_that_of_the_file(self):
        assert Clock.of_stamps([0.0], 0.001, stated=[25.0]).fps == 25
        with pytest.raises(ClockError, match="90000 is not a frame rate"):
            Clock.of_stamps([0.0], 0.001, stated=[90_000.0])

    @pytest.mark.parametrize(
        "stamps",
        [
            [],
            [0.0],
            [0.0, 0.1, 0.1],
            [0.0, 0.2, 0.1],
            [0.0, np.nan, 1.0],
            [0.0, 0.1, np.inf],
            [0.0, 5.0, 10.0],
            [0.0, 1e-5, 2e-5],
        ],
    )
    def test_that_cannot_be_is_an_error(self, stamps):
        with pytest.raises(ClockError):
            Clock.of_stamps(stamps)

    @pytest.mark.parametrize("fps", [0, -1, 0.5, 10_001, 100_000, float("nan"), float("inf"), True, "30", [30]])
    def test_that_is_given_must_be_one_of_a_camera(self, fps):
        for refused in (require_rate, Clock.of_stamps([0, 0.04]).at_rate, lambda fps: Clock.constant(fps, 2)):
            with pytest.raises(MerlabError, match="is not a frame rate: it must be a number from 1 to 10000"):
                refused(fps)

    @pytest.mark.parametrize("fps", [1, 29.97, 10_000])
    def test_of_a_camera_is_accepted(self, fps):
        assert require_rate(fps) == fps


class TestGaps:
    def test_are_steps_of_more_than_three_frames(self):
        steps = np.full(100, 0.01)
        steps[[20, 40, 60]] = 0.02, 0.03, 0.031
        clock = Clock.of_stamps(np.concatenate([[0], np.cumsum(steps)]), 1e-5)
        assert clock.gaps == (62,)
        assert clock.step_before(62) == pytest.approx(0.031)

    def test_are_named_by_the_frame_after_them(self):
        clock = Clock.of_stamps(paused(200, 3000, 1501, 10), 1e-4)
        assert clock.gaps == (1501,)
        assert clock.step_before(1501) == pytest.approx(10.005)
        assert (clock.gaps_within(1, 1500), clock.gaps_within(1500, 1501), clock.gaps_within(1501, 3000)) == (
            (),
            (1501,),
            (),
        )

    @given(pauses=st.lists(st.tuples(st.integers(2, 200), st.floats(0.5, 100)), max_size=4, unique_by=lambda p: p[0]))
    def test_are_found_wherever_the_recorder_paused(self, pauses):
        times = np.arange(200) / 100
        for at, pause in pauses:
            times[at - 1 :] += pause
        clock = Clock.of_stamps(times, 1e-4)
        assert set(clock.gaps) == {at for at, _ in pauses}
        for at, pause in pauses:
            assert clock.step_before(at) == pytest.approx(pause + 0.01)
            assert clock.at_rate(400).step_before(at) == pytest.approx(clock.step_before(at) / 4)
        assert clock.fps == pytest.approx(100)
        assert not clock.varies

    def test_of_a_steady_recording_do_not_exist(self):
        clock = Clock.of_stamps(np.arange(100) / 30)
        assert clock.gaps == ()


def test_missing_numbers_of_images_leave_time_between_the_others():
    clock = Clock.of_numbers(30, [46, 47, 49, 50, 51, 61])
    assert clock.times * 30 == pytest.approx([0, 1, 3, 4, 5, 15])
    assert (clock.fps, clock.gaps) == (30, (6,))
    assert clock.duration == pytest.approx(16 / 30)


class TestVaryingRates:
    def test_are_reported(self):
        steps = np.where(np.arange(300) % 4 == 0, 0.05, 0.033)
        assert Clock.of_stamps(np.cumsum(steps), 1e-5).varies

    @pytest.mark.parametrize(("share", "varies"), [(0.005, False), (0.02, True)])
    def test_begin_at_one_percent_of_the_steps(self, share, varies):
        steps = np.full(1000, 0.01)
        steps[:: round(1 / share)] = 0.012
        clock = Clock.of_stamps(np.cumsum(steps), 0.001)
        assert clock.varies is varies
        # In slow motion, the real time of a tick is shorter too.
        assert clock.at_rate(800).varies is varies

    @pytest.mark.parametrize(("step", "varies"), [(0.0108, False), (0.0112, True)])
    def test_begin_at_a_tenth_of_a_step(self, step, varies):
        steps = np.where(np.arange(100) % 4 == 0, step, 0.01)
        assert Clock.of_stamps(np.cumsum(steps), 1e-5).varies is varies

    def test_are_not_the_rounding_of_the_stamps(self):
        assert not Clock.of_stamps(np.round(np.arange(500) / 240, 3), 0.001).varies


class TestSeconds:
    def test_are_those_of_the_stamps(self):
        clock = Clock.of_stamps([0.5, 0.54, 0.58, 3.0, 3.04])
        assert [clock.seconds(position) for position in (1, 3, 4)] == [0.5, 0.58, 3.0]
        assert clock.duration == pytest.approx(3.04 - 0.5 + 0.04)
        assert len(clock) == 5

    @given(fps=st.floats(1, 10_000))
    def test_under_a_given_rate_keep_gaps_and_jitter_in_proportion(self, fps):
        times = np.cumsum(np.random.default_rng(3).uniform(0.008, 0.012, 100)) + np.where(np.arange(100) < 50, 0, 7)
        recorded = Clock.of_stamps(times)
        given_rate = recorded.at_rate(fps)
        assert given_rate.fps == fps
        assert (given_rate.gaps, given_rate.varies) == (recorded.gaps, recorded.varies)
        real, shown = (np.array([each.seconds(n) for n in range(1, 101)]) for each in (given_rate, recorded))
        np.testing.assert_allclose(real * fps, shown * recorded.fps)
        assert [given_rate.media_seconds(n) for n in (1, 50, 100)] == [recorded.media_seconds(n) for n in (1, 50, 100)]

    def test_of_slow_motion_are_those_of_the_recording(self):
        clock = Clock.of_stamps(np.arange(240) / 30).at_rate(240)
        assert (clock.slowed, clock.seconds(121), clock.media_seconds(121)) == pytest.approx((8, 0.5, 4))
        assert clock.duration == pytest.approx(1)
        assert clock.at_rate(None) is clock
        # A user knows the camera better than the file does.
        slower = clock.at_rate(120)
        assert (slower.slowed, slower.seconds(121), slower.media_seconds(121)) == pytest.approx((4, 1, 4))

    def test_has_the_rate_of_a_part(self):
        """Two seconds at 60 frames a second, then two at 20, as of a phone in dim light."""
        clock = Clock.of_stamps(np.r_[np.arange(120) / 60, 2 + np.arange(41) / 20])
        assert clock.fps == pytest.approx(60)
        rates = [clock.rate_within(*part) for part in ((11, 21), (131, 137), (50, 50))]
        assert rates == pytest.approx([60, 20, 60])
        assert clock.at_rate(120).rate_within(131, 137) == pytest.approx(40)
        brighter = Clock.of_stamps(np.r_[np.arange(40) / 20, 2 + np.arange(121) / 60])
        # The step after the last frame is not within.
        assert [brighter.rate_within(*part) for part in ((40, 41), (41, 42))] == pytest.approx([20, 60])
        assert Clock.constant(200, 4).rate_within(1, 4) == 200

    def test_of_evenly_spaced_images(self):
        clock = Clock.constant(200, 4)
        assert [clock.seconds(position) for position in (1, 2, 4)] == [0, 0.005, 0.015]
        assert (clock.duration, clock.slowed, clock.gaps, clock.varies) == (0.02, 1, (), False)
        assert Clock.constant(200, 0).duration == 0


class TestTheClockOfASource:
    def test_of_images_has_a_moment_for_a_missing_one(self, tmp_path):
        for number in (46, 48):
            (tmp_path / f"img{number}.png").touch()
        assert clock_of(tmp_path, ImageFolder(tmp_path), 100).times.tolist() == [0, 0.01, 0.02]

    def test_that_has_none_needs_a_rate(self, tmp_path):
        folder = ImageFolder(write_frames(tmp_path / "clip", [texture(1)] * 3))
        with pytest.raises(MerlabError, match="clip does not state its frame rate; give --fps"):
            clock_of(Path("clip"), folder)
        assert clock_of(Path("clip"), folder, 100).seconds(3) == 0.02

    def test_a_video_without_frames_is_not_asked_for_one(self, tmp_path):
        with av.open(str(tmp_path / "a.avi"), "w") as output:
            stream = output.add_stream("mjpeg", 25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            output.start_encoding()
        with pytest.raises(ClockError, match="contains no frame that can be read; copy it again from the original$"):
            clock_of(tmp_path / "a.avi", Video(tmp_path / "a.avi"))

    def test_a_folder_without_images_is_not_asked_for_one(self, tmp_path):
        with pytest.raises(ClockError, match="contains no images with numbers in their names; give a folder"):
            clock_of(tmp_path, ImageFolder(tmp_path))
