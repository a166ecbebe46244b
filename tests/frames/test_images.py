"""Images of 16 bits per sample, as cameras for research write them."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.databases import find_database
from merlab.frames import ClipError, DamagedFrameError, DepthError, ImageFolder, read_image, write_image
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
    with pytest.raises(
        DepthError, match="16 bits per sample, but all values are below 4096.*8 bits.*by 16 for .* by 4 for"
    ):
        read_image(path)


def test_the_error_of_such_samples_is_the_same_in_another_process(tmp_path):
    with pytest.raises(DepthError) as raised:
        read_image(write(tmp_path / "1.png", GRAY << 4))
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_of_images_that_cannot_be_decoded_the_others_are_read_and_a_folder_is_no_image(tmp_path):
    """As in a video: a camera that writes 16 bits may be covered, a disk full, a copy incomplete."""
    write_image(tmp_path / "7.png", np.full((48, 64, 3), 200, np.uint8))
    write(tmp_path / "8.png", np.full((48, 64), 300, np.uint16))
    (tmp_path / "9.png").touch()
    (tmp_path / "10.png").write_bytes((tmp_path / "7.png").read_bytes()[:90])
    (tmp_path / "11.png").mkdir()
    write(tmp_path / "12.png", GRAY * 257)
    frames = ImageFolder(tmp_path)
    assert frames.numbers == [7, 8, 9, 10, 12]
    walked = [
        (frame.number, frame.image is not None, frame.damaged) for frame in frames.walk(lambda number: number != 12)
    ]
    assert walked == [(7, True, False), (8, False, True), (9, False, True), (10, False, True), (12, False, False)]
    # A file that is not there is no damage.
    (tmp_path / "13.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ClipError, match="13.png cannot be read: No such file"):
        list(ImageFolder(tmp_path).walk(lambda number: True))
    for number in (8, 9, 10):
        with pytest.raises(DamagedFrameError, match=f"{number}.png"):
            frames.read(number)


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
    (fault,) = examination.of("unusable")
    assert fault.found.startswith(f"4 images, such as {tmp_path / '1.png'}: has 16 bits per sample")
    # A copy of a sound file is the same file.
    assert fault.remedy.startswith("write the frames with 8 bits per sample")
    assert "copy" not in fault.remedy
    write(tmp_path / "1.png", GRAY.astype(np.uint8))
    (tmp_path / "2.png").write_bytes(b"")
    (fault,) = find_database("table").examine(table, True, silent).of("unusable")
    assert "2 images" in fault.found
    assert "2.png is empty" in fault.found
    assert "copy these files again; write the frames with 8 bits" in fault.remedy
