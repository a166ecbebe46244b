"""Commands on videos whose frames are not evenly spaced: pauses, wrong rates, variable rates, slow motion, late starts.

Movements are at known times. Every table, the overlay and the ELAN file must show them there.
"""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pandas as pd
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.caveats import source_caveats
from merlab.spotting.timing import timing_of
from tests.videos.recording import face_at, shown_at, write_stamped

# The movement of these tests: onset, apex, offset, s.
MOVEMENT = (2.30, 2.44, 2.65)
# How exact spotting is on these faces, s.
CLOSE = 0.025


def spotted(merlab, video, *options):
    """The events, the scores and the metadata of ``merlab spot``, and what it printed as warnings."""
    status, _, errors = merlab("spot", video, "--out", "spotted", *options)
    assert status == 0
    (folder,) = Path("spotted").iterdir()
    about = json.loads((folder / "spotting.json").read_text())
    return pd.read_csv(folder / "events.csv"), pd.read_csv(folder / "scores.csv"), about, errors


def recognized(merlab, video, *options):
    """The result of ``merlab recognize --aligned``: its folder, events, frames, metadata and warnings."""
    folder = Path("recognized")
    status, _, errors = merlab("recognize", video, "--aligned", "--jobs", 1, "--out", folder, *options)
    assert status == 0
    about = json.loads((folder / "metadata.json").read_text())
    return folder, pd.read_csv(folder / "events.csv"), pd.read_csv(folder / "frames.csv"), about, errors


def moments(events):
    return events[["onset_s", "apex_s", "offset_s"]].to_numpy()


def elan_moments(folder):
    """Begin and end of the annotations of events, s."""
    root = ElementTree.parse(folder / "events.eaf").getroot()
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "")) / 1000 for slot in root.iter("TIME_SLOT")}
    (tier,) = (tier for tier in root.iter("TIER") if "events" in tier.get("TIER_ID", ""))
    return [
        (slots[each.get("TIME_SLOT_REF1")], slots[each.get("TIME_SLOT_REF2")])
        for each in tier.iter("ALIGNABLE_ANNOTATION")
    ]


@pytest.mark.slow
class TestPause:
    """100 frames per second; the recorder pauses for 10 s before frame 401."""

    SECONDS = np.arange(600) / 100 + np.where(np.arange(600) < 400, 0, 10)

    MOVEMENTS = (MOVEMENT, (14.9, 15.05, 15.2))

    @pytest.fixture(scope="class")
    @classmethod
    def video(cls, tmp_path_factory):
        path = tmp_path_factory.mktemp("pause") / "pause.mp4"
        return write_stamped(path, face_at(cls.SECONDS, cls.MOVEMENTS), cls.SECONDS)

    def test_spot(self, merlab, video):
        events, scores, about, errors = spotted(merlab, video)
        assert moments(events) == pytest.approx(np.array(self.MOVEMENTS), abs=CLOSE)
        assert scores["time_s"].to_numpy() == pytest.approx(self.SECONDS, abs=1e-5)
        assert (about["fps"], about["frame_rate_varies"], about["seconds"]) == (100, False, 16)
        assert about["gaps"] == [{"frame": 401, "time_s": 14.0, "missing_s": 10.0}]
        assert "time is missing before frame 401 (10 s missing, at 14.00 s)" in errors

    def test_recognize(self, merlab, video):
        folder, events, frames, about, errors = recognized(merlab, video)
        assert moments(events) == pytest.approx(np.array(self.MOVEMENTS), abs=CLOSE)
        assert frames["frame"].tolist() == list(range(1, 601))
        assert frames["time_s"].to_numpy() == pytest.approx(self.SECONDS, abs=1e-5)
        assert shown_at(folder / "overlay.mp4") == pytest.approx(self.SECONDS, abs=2e-5)
        assert np.array(elan_moments(folder)) == pytest.approx(events[["onset_s", "offset_s"]].to_numpy(), abs=6e-4)
        assert about["video"]["gaps"] == [{"frame": 401, "time_s": 14.0, "missing_s": 10.0}]
        assert "time is missing before frame 401" in errors
        assert "time is missing before frame 401" in (folder / "report.html").read_text()


@pytest.mark.slow
def test_a_movement_that_the_pause_interrupts_is_no_event(merlab, tmp_path):
    seconds = np.arange(400) / 100
    frames = face_at(seconds, [MOVEMENT])
    video = write_stamped(tmp_path / "cut.mp4", frames, seconds + np.where(seconds < MOVEMENT[1], 0, 5))
    events, _, _, _ = spotted(merlab, video)
    assert not ((events["onset_s"] < MOVEMENT[1]) & (events["offset_s"] > 5)).any()


@pytest.mark.slow
def test_a_wrong_announced_rate_does_not_count(merlab, tmp_path):
    """The AVI file announces 600 frames per second; its index has a frame at every sixth place."""
    seconds = np.arange(400) / 100
    video = write_stamped(tmp_path / "wrong.avi", face_at(seconds, [MOVEMENT]), seconds, ticks=600)
    events, scores, about, errors = spotted(merlab, video)
    assert moments(events) == pytest.approx(np.array([MOVEMENT]), abs=CLOSE)
    assert scores["time_s"].to_numpy() == pytest.approx(seconds, abs=1e-5)
    assert (about["fps"], about["file"]["stated_rate"]) == (100, 600)
    assert "damaged" not in errors


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_variable_rate_has_the_times_of_its_stamps_in_any_container(merlab, tmp_path, suffix):
    """60 frames per second with jitter in whole milliseconds, and now and then a lost frame."""
    rng = np.random.default_rng(3)
    steps = np.where(rng.random(250) < 0.03, 33, rng.choice([13, 15, 16, 17, 18, 20], 250))
    seconds = np.cumsum(steps) / 1000 - steps[0] / 1000
    ticks = 1000 if suffix == ".mkv" else 90_000
    video = write_stamped(tmp_path / f"phone{suffix}", face_at(seconds, [MOVEMENT]), seconds, ticks=ticks)
    folder, events, frames, about, errors = recognized(merlab, video)
    assert moments(events) == pytest.approx(np.array([MOVEMENT]), abs=1 / 60 + CLOSE)
    assert frames["time_s"].to_numpy() == pytest.approx(seconds, abs=2e-5)
    assert shown_at(folder / "overlay.mp4") == pytest.approx(seconds, abs=2e-5)
    assert about["video"]["frame_rate_varies"]
    assert "the frame rate varies" in errors
    assert "damaged" not in errors


@pytest.mark.slow
def test_slow_motion_has_real_seconds_in_tables_and_those_of_the_player_in_the_overlay(merlab, tmp_path):
    """Recorded at 120 frames per second, as a tag states, and played at 30."""
    recorded = np.arange(480) / 120
    tags = {"com.android.capture.fps": "120"}
    video = write_stamped(tmp_path / "slow.mp4", face_at(recorded, [MOVEMENT]), 4 * recorded, tags=tags)
    folder, events, frames, about, errors = recognized(merlab, video)
    assert moments(events) == pytest.approx(np.array([MOVEMENT]), abs=CLOSE)
    assert frames["time_s"].to_numpy() == pytest.approx(recorded, abs=1e-5)
    assert shown_at(folder / "overlay.mp4") == pytest.approx(4 * recorded, abs=2e-5)
    assert np.array(elan_moments(folder)) == pytest.approx(4 * events[["onset_s", "offset_s"]].to_numpy(), abs=6e-4)
    assert (about["video"]["fps"], about["video"]["fps_source"], about["video"]["slowed"]) == (120, "tag", 4)
    assert "the file plays 4 times slower than it was recorded (120 frames per second, as its tag states)" in errors


@pytest.mark.slow
def test_a_rate_that_is_given_is_that_of_the_camera(merlab, tmp_path):
    recorded = np.arange(480) / 120
    video = write_stamped(tmp_path / "untagged.mp4", face_at(recorded, [MOVEMENT]), 4 * recorded)
    events, _, about, errors = spotted(merlab, video, "--fps", 120)
    assert moments(events) == pytest.approx(np.array([MOVEMENT]), abs=CLOSE)
    assert (about["fps_source"], about["slowed"]) == ("given", 4)
    assert "4 times slower than it was recorded (120 frames per second, as given)" in errors


@pytest.mark.slow
def test_a_stream_without_stamps_needs_its_rate(merlab, tmp_path):
    with av.open(str(tmp_path / "raw.h264"), "w", format="h264") as raw:
        stream = raw.add_stream("libx264", 50)
        stream.height, stream.width, stream.pix_fmt, stream.options = 282, 232, "yuv420p", {"crf": "10"}
        for image in face_at(np.arange(200) / 50, [MOVEMENT]):
            raw.mux(stream.encode(av.VideoFrame.from_ndarray(np.pad(image, ((0, 0), (0, 1), (0, 0)), "edge"), "bgr24")))
        raw.mux(stream.encode(None))
    status, _, errors = merlab("spot", tmp_path / "raw.h264", "--out", "spotted")
    assert status == 1
    assert "raw.h264 has no time stamps; give --fps" in errors
    events, scores, about, _ = spotted(merlab, tmp_path / "raw.h264", "--fps", 50)
    assert moments(events) == pytest.approx(np.array([MOVEMENT]), abs=1 / 50 + CLOSE)
    assert scores["time_s"].to_numpy() == pytest.approx(np.arange(200) / 50)
    assert (about["fps_source"], about["slowed"]) == ("given", 1)


def test_a_given_rate_that_is_almost_that_of_the_stamps_is_reported_where_it_makes_a_frame():
    clock = Clock.of_stamps(np.arange(3000) / 29.97)
    (warning,) = source_caveats(timing_of(clock.at_rate(30.0), 3000, 1, 30.0), None)
    assert warning.startswith("the file plays 1.001 times slower than it was recorded (30 frames per second, as given)")
    assert source_caveats(timing_of(clock.at_rate(30.0), 300, 1, 30.0), None) == []
    assert source_caveats(timing_of(clock, 3000, 1, None), None) == []


@pytest.mark.slow
def test_a_picture_that_starts_after_the_sound_has_the_seconds_of_a_player(merlab, tmp_path):
    seconds = 3 + np.arange(400) / 100
    moving = tuple(3 + moment for moment in MOVEMENT)
    video = write_stamped(tmp_path / "late.mkv", face_at(seconds, [moving]), seconds, ticks=1000, sound=True)
    folder, events, frames, about, errors = recognized(merlab, video)
    assert moments(events) == pytest.approx(np.array([moving]), abs=CLOSE)
    assert frames["time_s"].to_numpy() == pytest.approx(seconds, abs=1e-5)
    assert shown_at(folder / "overlay.mp4") == pytest.approx(seconds, abs=2e-5)
    assert (about["video"]["start_s"], about["video"]["seconds"], about["video"]["frames"]) == (3, 4, 400)
    assert "damaged" not in errors


@pytest.mark.parametrize("fps", ["nan", "inf", "0", "-25", "100000"])
@pytest.mark.parametrize("command", ["spot", "recognize"])
def test_a_rate_that_no_camera_has_is_refused(merlab, tmp_path, command, fps):
    video = write_stamped(tmp_path / "short.mp4", face_at(np.arange(10) / 50, []), np.arange(10) / 50)
    status, _, errors = merlab(command, video, "--fps", fps)
    assert status == 1
    assert "is not a frame rate: it must be a number from 1 to 10000" in errors
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("command", [("score-spotting", "a.csv", "a.csv"), ("agree", "a.csv", "b.csv")])
def test_a_rate_that_no_camera_has_is_refused_for_tables_too(merlab, tmp_path, command):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"video,onset,offset,coder\nv,1,10,{name}\n")
    assert merlab(*command, "--fps", "50")[0] == 0
    status, _, errors = merlab(*command, "--fps", ".001")
    assert status == 1
    assert "0.001 is not a frame rate: it must be a number from 1 to 10000" in errors
