"""Rendered frames: light, noise, mouth, lids, and the camera view compared with the crop."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.synthesis import CAMERA, plan_clip
from merlab.synthesis.canvas_layout import random_stream
from merlab.synthesis.rendering import standard_normal
from merlab.synthesis.texture.canvas import HEIGHT, WIDTH, painted
from merlab.synthesis.truth import landmarks
from tests.synthesis.plans import two_frames, with_settings

HAAR_CASCADE = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"


def test_a_frame_is_a_bgr_crop_of_casme2s_size(renderer):
    frame = renderer.frame(two_frames(), 0)
    assert frame.shape == (282, 231, 3)
    assert frame.dtype == np.uint8


@pytest.mark.parametrize("opaque", [(slice(3, 40), slice(1200, WIDTH)), (slice(0), slice(0))])
def test_what_covers_a_small_area_is_painted_as_on_the_whole_canvas(opaque):
    rng = np.random.default_rng(0)
    image, opacity = rng.random((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    opacity[opaque] = rng.random(opacity[opaque].shape)
    color, shade = rng.random(3, np.float32), rng.random((HEIGHT, WIDTH), np.float32)
    shaded = color * shade[..., None]
    expected = image + opacity[..., None] * (shaded - image)
    assert np.array_equal(painted(image, opacity, shaded), expected)
    assert np.array_equal(painted(image, opacity, color, shade), expected)


def test_a_frame_is_the_same_in_any_order_of_rendering(renderer):
    noisy = with_settings(renderer, noise=1.0)
    plan = plan_clip(noisy.identity, 0, "happiness", noisy.preset)
    tenth = noisy.frame(plan, 10)
    assert np.array_equal(list(noisy.frames(plan))[10], tenth)


def test_the_crop_is_a_part_of_the_camera_frame(renderer, camera):
    plan = two_frames({"12l": 1.0, "25c": 1.0}, x=1.0, closure=0.4)
    crop, frame = renderer.frame(plan, 1), camera.frame(plan, 1)
    assert frame.shape == (480, 640, 3)
    inside = frame[-CAMERA.top : -CAMERA.top + 282, -CAMERA.left : -CAMERA.left + 231]
    difference = np.abs(inside.astype(int) - crop.astype(int))
    assert difference.mean() < 0.05
    assert difference.max() <= 8


def test_the_background_does_not_move_with_the_head(camera):
    plan = two_frames(x=3.0)
    rest, moved = camera.frame(plan, 0), camera.frame(plan, 1)
    assert np.array_equal(rest[:100, :40], moved[:100, :40])
    assert np.abs(rest[200:300, 250:400].astype(int) - moved[200:300, 250:400]).mean() > 1


def test_noise_has_the_specified_variance_at_every_brightness(renderer):
    """The variance is 1.44 + 0.018 I; rounding to whole gray values adds 1/12 in each of the two frames."""
    plan = two_frames()
    silent = renderer.frame(plan, 0)[..., 1].astype(float)
    noise = with_settings(renderer, noise=1.0).frame(plan, 0)[..., 1] - silent
    for low, high in ((60, 130), (130, 160), (160, 200)):
        there = (silent >= low) & (silent < high)
        assert there.sum() > 2000
        expected = 1.44 + 0.018 * silent[there].mean() + 2 / 12
        assert noise[there].var() == pytest.approx(expected, rel=0.1)


def test_quantile_noise_is_standard_normal():
    noise = standard_normal(random_stream(0), (400, 500)).astype(float)
    assert noise.mean() == pytest.approx(0, abs=0.01)
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert (noise**4).mean() == pytest.approx(3, abs=0.1)
    assert np.abs(noise).max() < 4.4


def test_parted_lips_show_a_gap_darker_than_both_lips(renderer):
    plan = two_frames({"25c": 1.5, "26c": 1.5})
    closed, parted = (cv2.cvtColor(renderer.frame(plan, frame), cv2.COLOR_BGR2GRAY) for frame in (0, 1))
    edges = landmarks(renderer, plan, 1)
    (x, upper), (_, lower) = edges["upper_lip_edge"], edges["lower_lip_edge"]
    column = parted[:, round(x)].astype(float)
    gap = column[int(np.ceil(upper)) : int(lower) + 1].min()
    assert gap < 0.6 * column[round(upper) - 5]
    assert gap < 0.6 * column[round(lower) + 5]
    assert gap < 0.7 * closed[round(upper) - 2 : round(lower) + 2, round(x)].min()


def test_shut_lids_hide_the_eyeballs(renderer):
    plan = two_frames(closure=1.0)
    source = renderer.rig.source_map(plan.pose(1))
    assert renderer.eyeballs_shown(renderer.rig.source_map(plan.pose(0)), plan.pose(0)).sum() > 500
    assert (renderer.eyeballs_shown(source, plan.pose(1)) > 0.5).sum() < 40
    x, y = (round(value) for value in renderer.identity.landmarks["eye_l"])
    open_eye, shut_eye = (renderer.frame(plan, frame)[y - 3 : y + 3, x - 3 : x + 3].mean() for frame in (0, 1))
    assert open_eye < 80 < shut_eye


def test_lids_begin_to_move_without_a_jump(renderer):
    rest, hardly = (renderer.frame(two_frames(closure=closure), 1).astype(int) for closure in (0.0, 0.002))
    assert np.abs(rest - hardly).max() <= 4


def test_gain_brightens_the_whole_frame(renderer):
    plan = two_frames(gain=1.05)
    rest, bright = (renderer.frame(plan, frame).astype(float) for frame in (0, 1))
    unclipped = (rest > 20) & (rest < 235)
    assert (bright[unclipped] / rest[unclipped]).mean() == pytest.approx(1.05, abs=0.002)


@pytest.mark.slow
def test_a_face_detector_finds_the_one_face_of_a_camera_frame(eight_heads):
    """The detector is OpenCV's Haar cascade, which was trained on photographs."""
    cascade = cv2.CascadeClassifier(str(HAAR_CASCADE))
    for frame, _ in eight_heads:
        found = cascade.detectMultiScale(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), 1.1, 3)
        assert len(found) == 1
        x, y, width, height = found[0]
        assert x < -CAMERA.left + 115 < x + width
        assert y < -CAMERA.top + 141 < y + height
