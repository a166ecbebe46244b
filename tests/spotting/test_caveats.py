"""What limits a result is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.json_files import write_json
from merlab.spotting.caveats import rate_caveats, spotting_caveats, unspotted_caveats
from merlab.spotting.comparison.by_method import MethodOnVideos
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spot_video import spot
from tests.helpers import texture, write_frames


def test_a_short_video_warns_of_false_alarms_and_of_misses():
    (short,) = spotting_caveats(Clock.constant(100, 240), 0, SpottingSettings())
    assert short.startswith("only 2.4 s: the usual movement of a face (noise) is estimated on 20 s or more")
    assert "weak movements are missed, and a long movement may be taken for noise" in short


def test_a_video_of_one_frame_does_not_last_no_time():
    assert any("only 0.005 s:" in caveat for caveat in spotting_caveats(Clock.constant(200, 1), 0, SpottingSettings()))
    (unspotted,) = unspotted_caveats(2, Clock.constant(200, 2), SpottingSettings())
    assert unspotted.startswith("in 0.01 s movements were not spotted")


def test_a_video_of_a_whole_window_has_no_caveat():
    assert spotting_caveats(Clock.constant(100, 2000), 0, SpottingSettings()) == []


def test_damaged_frames_that_are_a_gap_shorten_what_is_without_one():
    (short,) = spotting_caveats(Clock.constant(100, 3000), 0, SpottingSettings(), [range(1501, 1601)])
    assert short.startswith("only 15.0 s without a gap: the usual movement of a face")
    assert spotting_caveats(Clock.constant(100, 3000), 0, SpottingSettings(), [range(11, 21)]) == []


@pytest.fixture
def aligned(tmp_path):
    """Frames as `merlab align` leaves them, of a video of 100 frames per second."""
    folder = write_frames(tmp_path / "frames", [texture(number) for number in range(12)])
    write_json(folder / "alignment.json", {"fps": 100.0})
    return folder


@pytest.mark.parametrize(
    ("fps", "is_said"), [(200.0, True), (101.0, True), (100.05, False), (100.0, False), (None, False)]
)
def test_a_rate_other_than_the_one_recorded_beside_aligned_frames_is_said(aligned, fps, is_said):
    said = rate_caveats(aligned, fps)
    assert bool(said) is is_said
    if is_said:
        assert f"is {fps:g}, but alignment.json beside the frames states 100 frames per second" in said[0]


def test_frames_without_a_record_or_with_a_damaged_one_have_no_rate_to_compare(aligned):
    (aligned / "alignment.json").write_text("{")
    assert rate_caveats(aligned, 200.0) == []
    (aligned / "alignment.json").unlink()
    assert rate_caveats(aligned, 200.0) == []


@pytest.mark.parametrize("spotted", [spot, MethodOnVideos("guess-even", fps=200.0).spot])
def test_the_rate_is_among_the_warnings_of_a_result(aligned, tmp_path, spotted):
    given = {"fps": 200.0} if spotted is spot else {}
    result = spotted(aligned, tmp_path / "out", progress=False, **given)
    assert any("alignment.json beside the frames states 100" in each for each in result.metadata.warnings)


@pytest.mark.parametrize("spotted", [spot, MethodOnVideos("guess-even", fps=200.0).spot])
def test_that_images_of_16_bits_are_read_too_dark_is_among_the_warnings_of_a_result(tmp_path, spotted):
    for number in range(12):
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), texture(number).astype(np.uint16) << 6)
    result = spotted(tmp_path, tmp_path / "out", progress=False, **({"fps": 200.0} if spotted is spot else {}))
    assert any("as of a camera of 14 bits" in each for each in result.metadata.warnings)
