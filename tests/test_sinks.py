"""CSV files and videos are written row by row and frame by frame, and appear whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.frames import open_frames
from merlab.sinks import CsvSink, VideoSink
from merlab.storage import WriteError
from tests.helpers import texture
from tests.videos.recording import shown_at


def test_a_csv_contains_the_written_rows(tmp_path):
    with CsvSink(tmp_path / "deep" / "rows.csv", ("frame", "what")) as sink:
        sink.write((1, "a, b"))
        sink.write((2, None))
    assert (tmp_path / "deep" / "rows.csv").read_text().splitlines() == ["frame,what", '1,"a, b"', "2,"]


def test_a_name_that_utf_8_cannot_hold_is_escaped(tmp_path):
    with CsvSink(tmp_path / "rows.csv", ("name",)) as sink:
        sink.write(("caf\udce9",))
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines() == ["name", r"caf\udce9"]


def test_a_row_of_the_wrong_length_is_refused(tmp_path):
    with pytest.raises(ValueError, match="3 values for 2 columns"), CsvSink(tmp_path / "rows.csv", ("a", "b")) as sink:
        sink.write((1, 2, 3))


@pytest.mark.parametrize("open_sink", [lambda path: CsvSink(path, ("a",)), lambda path: VideoSink(path, 25.0)])
def test_an_error_leaves_no_file(tmp_path, open_sink):
    with pytest.raises(KeyError), open_sink(tmp_path / "file.mp4"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_a_frame_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(MerlabError, match=r"video\.mp4 would be a video without frames"):
        VideoSink(tmp_path / "video.mp4", 25.0).__enter__().__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fps", [25.0, 29.97, 200.0])
def test_a_video_has_its_true_frame_rate_and_even_sides(tmp_path, fps):
    frame = np.full((47, 63, 3), 120, np.uint8)
    with VideoSink(tmp_path / "video.mp4", fps) as sink:
        for _ in range(30):
            sink.write(frame)
    video = open_frames(tmp_path / "video.mp4")
    assert video.fps == pytest.approx(fps, rel=1e-4)
    assert len(video.numbers) == 30
    assert video.read(30).shape == (48, 64, 3)
    assert np.abs(video.read(30)[:47, :63].astype(int) - 120).max() < 5


@pytest.mark.slow
def test_the_same_frames_give_the_same_bytes(tmp_path):
    """With AVX-512, x264 gave other bytes for one of 3 to 300 files, as freed memory is not the same each time."""
    random = np.random.default_rng(0)
    small = random.integers(0, 255, (22, 22, 3), np.uint8)
    large = np.asarray(cv2.resize(small, (170, 170), interpolation=cv2.INTER_CUBIC), np.uint8)
    path = tmp_path / "faces.mp4"

    def written():
        sizes, values = random.integers(1000, 400_000, 30), random.integers(0, 255, 30)
        held = [np.full(size, value, np.uint8) for size, value in zip(sizes, values, strict=True)]
        held.clear()
        with VideoSink(path, 200) as sink:
            for shift in range(10):
                sink.write(large[shift : shift + 160, shift : shift + 160])
        return path.read_bytes()

    assert len({written() for _ in range(200)}) == 1


@pytest.mark.parametrize("fast", [False, True])
def test_what_is_blue_is_shown_blue_and_no_frame_needs_a_later_one(tmp_path, fast):
    with VideoSink(tmp_path / "video.mp4", 25.0, fast=fast) as sink:
        for shift in range(12):
            sink.write((texture(0)[:48, shift : shift + 64, None] / 8 + [180, 20, 0]).astype(np.uint8))
    assert open_frames(tmp_path / "video.mp4").read(12).mean(axis=(0, 1)) == pytest.approx((196, 36, 16), abs=6)
    with av.open(tmp_path / "video.mp4") as container:
        shown = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
    assert shown == sorted(shown)


@pytest.mark.parametrize(
    "stamps",
    [
        pytest.param([0.0, 0.033, 0.07, 1.46, 11.5, 11.505], id="uneven, with a pause"),
        pytest.param([3.0, 3.1, 3.2], id="starts late"),
        pytest.param([0.69, 0.690002, 0.690004, 0.7], id="closer to each other than ticks"),
        pytest.param([k * 1001 / 240_000 for k in range(20)], id="239.76 frames per second"),
    ],
)
def test_frames_are_shown_at_their_own_times(tmp_path, stamps):
    with VideoSink(tmp_path / "video.mp4", 200.0) as sink:
        for seconds in stamps:
            sink.write(np.zeros((48, 64, 3), np.uint8), seconds)
    assert shown_at(tmp_path / "video.mp4") == pytest.approx(stamps, abs=2e-5)


def test_a_frame_that_does_not_follow_the_one_before_is_refused(tmp_path):
    with VideoSink(tmp_path / "video.mp4", 200.0) as sink:
        sink.write(np.zeros((48, 64, 3), np.uint8), 1.0)
        with pytest.raises(ValueError, match="does not follow"):
            sink.write(np.zeros((48, 64, 3), np.uint8), 1.0)


def test_the_index_of_a_video_comes_before_its_frames(tmp_path):
    """So a browser shows the first frame before it has loaded the last one."""
    with VideoSink(tmp_path / "video.mp4", 25.0) as sink:
        sink.write(np.zeros((48, 64, 3), np.uint8))
    content = (tmp_path / "video.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


@pytest.mark.skipif(sys.platform != "linux", reason="there, no user may make a file in this folder")
def test_a_folder_in_which_no_file_can_be_made_is_named_with_the_remedy():
    with pytest.raises(WriteError, match=r"cannot write /proc/rows\.csv: .*; choose a folder"):
        CsvSink(Path("/proc/rows.csv"), ("a",)).__enter__()
