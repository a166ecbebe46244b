"""A camera that hangs for a second in a video of four: the warning of spot and recognize."""

from __future__ import annotations

import pytest

from merlab.spotting.spot_video import spot
from merlab.videos import recognition
from merlab.videos.recognition import recognize
from tests.videos.recording import moving_face, write_avi

pytestmark = pytest.mark.slow
WARNING = "the picture stands still for 1 s from frame 101 (2.00 s) on: the recording stalled"


@pytest.fixture(scope="module")
def stalled(tmp_path_factory):
    frames = moving_face(200)
    shown = [*frames[:100], *frames[100:101] * 51, *frames[151:]]
    return write_avi(tmp_path_factory.mktemp("stalled") / "face.avi", shown)


def test_spot_warns_also_of_what_is_kept(stalled, tmp_path):
    for _ in range(2):
        timeline = spot(stalled, tmp_path / "out", again=True)
        assert any(warning.startswith(WARNING) for warning in timeline.warnings)


@pytest.mark.parametrize("seconds", [30.0, 2.4])
def test_recognize_warns_once_in_one_chunk_and_over_the_border_of_two(stalled, weights, tmp_path, monkeypatch, seconds):
    monkeypatch.setattr(recognition, "CHUNK_SECONDS", seconds)
    result = recognize(stalled, tmp_path / "out", aligned=True, weights=weights, overlay="none", progress=False)
    assert sum(warning.startswith(WARNING) for warning in result.warnings) == 1
