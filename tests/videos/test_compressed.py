"""Where video lacks detail, every command follows a face from two key frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from merlab.databases.long_video import LongVideo
from merlab.frames import open_frames
from merlab.frames.clock import Clock
from merlab.outputs.result_folder import KEPT
from merlab.spotting.comparison.recording import Recording
from merlab.spotting.kept_places import KeptPlaces
from merlab.spotting.spot_video import spot
from merlab.spotting.stretches import block_places
from merlab.videos.chunks.kept_chunk import read_kept
from merlab.videos.chunks.plan import CHUNKS
from merlab.videos.recognition import recognize
from tests.frames.videos import write_video
from tests.videos.recording import FPS, face_at

pytestmark = pytest.mark.slow
COUNT = 40
SIZE = (231, 282)


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """0.8 s of H.264 in .04 bits a pixel; the second key frame is that at 0.5 s."""
    images = face_at(np.arange(COUNT) / FPS, [(0.45, 0.6, 0.75)])
    path = tmp_path_factory.mktemp("video") / "face.mp4"
    return write_video(path, "libx264", pixels="yuv444p", images=images, size=SIZE, fps=FPS, options={"crf": "23"})


@pytest.fixture(scope="module")
def expected(video):
    """The places of the blocks by two key frames, which differ from those by one."""
    images, clock = [image for _, image in open_frames(video)], Clock.constant(FPS, COUNT)
    one, two = (np.stack(list(block_places(images, clock, keys=keys))) for keys in (1, 2))
    assert np.abs(one - two)[:26].max() == 0
    assert np.abs(one - two)[26:].max() > 0.01
    return two


def test_when_a_face_is_spotted(video, expected, tmp_path):
    spot(video, tmp_path / "out")
    assert np.array_equal(list(KeptPlaces(tmp_path / "out" / KEPT).read()), expected)


def test_when_a_video_is_recognized(video, expected, tmp_path):
    recognize(video, tmp_path / "out", aligned=True, overlay="none")
    kept = read_kept(tmp_path / "out" / KEPT / CHUNKS / "00000.npz")
    assert kept is not None
    assert np.array_equal(kept.tracks[0].places, expected)


def test_when_spotters_are_compared(video, expected, tmp_path):
    long = LongVideo("own", "1", video.name, video, FPS, COUNT, ())
    recording = Recording(long, tmp_path, 1, COUNT, None, truth=True)
    assert np.array_equal(recording.places(), expected)
