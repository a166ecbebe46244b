"""A file that lost frames in its middle or at its end is noted; a sound one, a cut one and a slow one are not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from merlab.frames import Video, open_frames
from tests.frames.videos import write_video

RATE = 25


def written(path: Path, codec: str, stamps: list[int], first: int = 0) -> Path:
    """A video whose frames have these time stamps, in frames at 25 a second; an AVI has empty frames between them."""
    random = np.random.default_rng(0)
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        for stamp in stamps:
            frame = av.VideoFrame.from_ndarray(random.integers(0, 256, (48, 64, 3), np.uint8), format="bgr24")
            frame.pts, frame.time_base = first + stamp, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def missing(path: Path) -> float:
    video = open_frames(path)
    assert isinstance(video, Video)
    return video.facts.missing


EVEN, UNEVEN = list(range(30)), [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 18, 29]


@pytest.mark.parametrize("stamps", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("first", [0, 75])
@pytest.mark.parametrize(
    "name", ["a.mp4 libx264", "a.mov mjpeg", "a.mkv libx264", "a.webm libvpx", "a.avi mjpeg", "a.avi libx264"]
)
def test_a_sound_file_has_all_that_its_header_states(tmp_path, name, first, stamps):
    path, codec = name.split()
    assert missing(written(tmp_path / path, codec, stamps, first)) == 0


@pytest.mark.parametrize("fps", [120_000 / 1001, 240_000 / 1001])
def test_a_fast_avi_whose_later_packets_state_no_length_has_all_that_its_header_states(tmp_path, fps):
    path = write_video(tmp_path / "a.avi", "mjpeg", numbers=[1] * 60, fps=fps)
    with av.open(str(path)) as container:
        assert 0 in [packet.duration for packet in container.demux(video=0) if packet.size]
    assert missing(path) == 0


@pytest.mark.parametrize("seed", [0, 12, 27])
def test_an_mp4_of_a_varying_rate_has_all_that_its_header_states(tmp_path, seed):
    random, frames = np.random.default_rng(seed), 28 + seed % 6
    steps = np.where(random.random(frames) < 0.2, random.integers(25, 34, frames), 17)
    stamps = np.cumsum(steps).tolist()
    assert missing(write_video(tmp_path / "a.mp4", "libx265", numbers=range(frames), milliseconds=stamps)) == 0


def without_a_packet(path: Path, index: int) -> Path:
    """The same file with damage where this packet begins, so that its frame is not found any more."""
    with av.open(str(path)) as container:
        at = [packet.pos for packet in container.demux(video=0) if packet.size][index]
    assert at is not None
    content = bytearray(path.read_bytes())
    content[at - 16 : at + 16] = bytes(32)
    path.write_bytes(content)
    return path


def test_frames_that_cannot_be_found_behind_damage_are_noted_with_their_seconds(tmp_path):
    """AVI counts frames: those behind the damage move up, and seconds are missing at the end."""
    file = without_a_packet(written(tmp_path / "a.avi", "mjpeg", EVEN), 10)
    found = len(open_frames(file).numbers)
    assert found < 30
    assert missing(file) == pytest.approx((30 - found) / RATE, abs=0.002)


def test_behind_damage_frames_with_time_stamps_keep_their_seconds(tmp_path):
    clock = open_frames(without_a_packet(written(tmp_path / "a.mkv", "mjpeg", EVEN), 10)).clock
    assert clock is not None
    assert [clock.seconds(number) for number in range(1, 30)] == pytest.approx(
        [stamp / RATE for stamp in EVEN if stamp != 10], abs=0.0011
    )


def test_the_note_says_how_much_is_missing(tmp_path):
    file = written(tmp_path / "a.avi", "mjpeg", EVEN)
    content = file.read_bytes()
    place = content.index(b"strh") + 8 + 32
    assert int.from_bytes(content[place : place + 4], "little") == 30
    file.write_bytes(content[:place] + (40).to_bytes(4, "little") + content[place + 4 :])
    video = open_frames(file)
    assert isinstance(video, Video)
    assert list(video.facts.notes()) == [
        "the header states 0.40 s more than there are frames in the file; if it was not cut on purpose, copy it again"
    ]
