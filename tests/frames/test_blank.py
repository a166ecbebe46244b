"""Frames of one color are told from faces, after strong compression and in little light, too."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from merlab.frames import Image, is_blank, open_frames
from tests.videos.faces import face

FACE = np.repeat(face().astype(np.uint8)[:, :230, None], 3, axis=2)


def compressed(path: Path, images: list[Image], codec: str, pixels: str, options: dict[str, str]) -> list[Image]:
    with av.open(str(path), "w") as video:
        stream = cast(av.VideoStream, video.add_stream(codec, 50, options=options))
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        for image in images:
            video.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        video.mux(stream.encode(None))
    return [image for _, image in open_frames(path)]


@pytest.mark.parametrize(
    ("codec", "pixels", "options"),
    [
        ("mjpeg", "yuvj420p", {"qmin": "31", "qmax": "31"}),
        ("libx264", "yuv420p", {"crf": "36", "preset": "ultrafast"}),
        ("mpeg4", "yuv420p", {"qmin": "31", "qmax": "31"}),
    ],
)
@pytest.mark.parametrize("color", [(0, 0, 0), (128, 128, 128), (255, 255, 255), (160, 20, 20)])
def test_a_blank_frame_is_one_after_strong_compression(tmp_path, codec, pixels, options, color):
    images = [FACE, FACE, np.full_like(FACE, color), np.full_like(FACE, color), FACE]
    shown = compressed(tmp_path / "a.mkv", images, codec, pixels, options)
    assert [is_blank(image) for image in shown] == [False, False, True, True, False]


def test_noise_of_a_covered_camera_is_blank():
    noise = np.random.default_rng(0).normal(12, 6, FACE.shape)
    assert is_blank(noise.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("share", [0.2, 0.14])
def test_a_face_in_little_light_or_contrast_is_not_blank(share):
    """Such recordings are spotted, with a warning, see ``light.Light``."""
    assert not is_blank((FACE * share).astype(np.uint8))
    assert not is_blank((128 + (FACE - 128.0) * share).astype(np.uint8))
