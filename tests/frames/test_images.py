"""Images of 16 bits per sample, as cameras for research write them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.databases import find_database
from merlab.frames import ClipError, read_image
from merlab.progress import silent

GRAY = np.tile(np.arange(0, 256, 4, dtype=np.uint16), (48, 1))
SUFFIXES = pytest.mark.parametrize("suffix", [".png", ".tif"])


def write(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


@SUFFIXES
def test_an_image_of_16_bits_has_the_brightness_of_the_same_image_of_8_bits(tmp_path, suffix):
    wide, narrow = write(tmp_path / f"16{suffix}", GRAY * 257), write(tmp_path / f"8{suffix}", GRAY.astype(np.uint8))
    assert np.array_equal(read_image(wide), read_image(narrow))
    assert read_image(wide).dtype == np.uint8


@SUFFIXES
@pytest.mark.parametrize("bits", [10, 12])
def test_samples_of_a_camera_of_fewer_bits_would_be_nearly_black_and_are_refused(tmp_path, suffix, bits):
    path = write(tmp_path / f"1{suffix}", GRAY << (bits - 8))
    with pytest.raises(ClipError, match="16 bits per sample, but all values are below 4096.*8 bits per sample"):
        read_image(path)


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_samples_that_are_not_whole_numbers_from_0_are_refused_with_the_remedy(tmp_path, kind):
    path = write(tmp_path / "1.tif", GRAY.astype(kind))
    with pytest.raises(ClipError, match="write the frames with 8 bits per sample"):
        read_image(path)


def test_clips_of_such_frames_are_unusable(tmp_path):
    for number in range(1, 5):
        write(tmp_path / f"{number}.png", GRAY << 4)
    table = tmp_path / "clips.csv"
    table.write_text("subject,clip,frames,fps\nanna,smile,.,200\n")
    examination = find_database("table").examine(table, True, silent)
    assert not examination.clips
    assert "16 bits per sample" in next(iter(examination.of("unusable"))).found
