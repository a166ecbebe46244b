"""A face that is too dark, too bright or too flat for small movements is named."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.frames import open_frames, write_image
from merlab.spotting.light import Light
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spot_video import spot
from tests.videos.faces import face

DARK, OVEREXPOSED, FLAT = "very dark in 100 %", "overexposed in 100 %", "nearly no contrast in 100 %"


def lit(image, gain, offset=0.0):
    return np.clip(np.rint(gain * image + offset), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def synthetic(synthetic_recording):
    """An aligned face of a synthetic recording."""
    video = next((synthetic_recording / "SYNTHETIC_videos").iterdir())
    image = next(frame.image for frame in open_frames(video).walk(lambda _: True))
    assert image is not None
    return image.astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("gain", [0.3, 0.5, 1.0, 1.1])
def test_ordinary_light_gives_no_warning(synthetic, gain):
    assert Light.of(lit(synthetic, gain)).caveats() == []


@pytest.mark.parametrize(
    ("gain", "offset", "named"),
    [(0.18, 0, DARK), (0.07, 0, DARK), (0, 0, DARK), (4, 0, OVEREXPOSED), (0.14, 128, FLAT)],
)
def test_what_is_wrong_with_the_light_is_named(synthetic, gain, offset, named):
    picture = lit(synthetic, gain, offset)
    for seen in (picture, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)):
        (caveat,) = Light.of(seen).caveats()
        assert f"{named} of the frames that were looked at: small movements cannot be told from noise there" in caveat


def test_a_warning_needs_a_quarter_of_the_faces():
    assert Light(faces=5, dark=1).caveats() == []
    assert "dark in 25 % of the frames" in (Light(faces=3) + Light(faces=1, dark=1)).caveats()[0]
    assert Light().caveats() == []


@pytest.fixture
def dark(tmp_path):
    """40 frames of a still face in the dark."""
    for number in range(1, 41):
        (tmp_path / "dark").mkdir(exist_ok=True)
        write_image(tmp_path / "dark" / f"{number}.png", cv2.cvtColor(lit(face(), 0.12), cv2.COLOR_GRAY2BGR))
    return tmp_path / "dark"


@pytest.mark.slow
def test_spot_warns_of_a_dark_video_also_where_its_frames_are_not_read_again(dark, tmp_path):
    first = spot(dark, tmp_path / "out", fps=50, progress=False)
    other = spot(dark, tmp_path / "out", fps=50, progress=False, again=True, settings=SpottingSettings(floor=9))
    for line in (first, other):
        assert [warning for warning in line.warnings if DARK in warning]
