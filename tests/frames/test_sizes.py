"""Images of two sizes in one folder are named from their headers, before any work is done."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from merlab.frames import ClipError, ImageFolder
from merlab.frames.sizes import require_one_size

NOISE = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)


def write(path, size=(80, 60), options=()):
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), cv2.resize(NOISE, size), list(options))
    return path


def turned(path, orientation):
    """A JPEG with the tag that says how it is turned (Exif 2.3, tag 274)."""
    content = write(path).read_bytes()
    tag = struct.pack(">HHIHH", 274, 3, 1, orientation, 0)
    block = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 1) + tag + bytes(4)
    path.write_bytes(content[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + content[2:])
    return path


@pytest.mark.parametrize("kind", ["jpg", "png", "bmp"])
@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2)])
def test_the_first_of_another_size_is_named_and_few_are_decoded(tmp_path, monkeypatch, kind, options):
    for number in (1, 2, 3, 4):
        write(tmp_path / "a" / f"{number}.{kind}", (80, 60) if number < 4 else (80, 58), options)
    frames, decoded = ImageFolder(tmp_path / "a"), list[int]()
    read = frames.read

    def decode(number):
        decoded.append(number)
        return read(number)

    monkeypatch.setattr(frames, "read", decode)
    with pytest.raises(ClipError, match="frame 4 has 80x58 pixels, those before 80x60; .* of each size on their own"):
        require_one_size(frames)
    assert decoded == [1, 4]
    require_one_size(frames, [1, 3])


def test_images_that_are_turned_count_as_they_are_shown(tmp_path):
    turned(tmp_path / "a" / "1.jpg", 6)
    write(tmp_path / "a" / "2.jpg", (60, 80))
    assert ImageFolder(tmp_path / "a").read(1).shape == (80, 60, 3)
    require_one_size(ImageFolder(tmp_path / "a"))


def test_damaged_images_and_those_whose_header_does_not_tell_are_left_to_the_reading(tmp_path):
    write(tmp_path / "a" / "1.png")
    whole = write(tmp_path / "a" / "2.jpg", (40, 30)).read_bytes()
    (tmp_path / "a" / "2.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "a" / "3.jpg").write_bytes(whole[:5])
    (tmp_path / "a" / "4.png").write_bytes(b"\x89PNG")
    (tmp_path / "a" / "5.jpg").write_bytes(b"\xff\xd8no marker")
    write(tmp_path / "a" / "6.tif", (40, 30))
    require_one_size(ImageFolder(tmp_path / "a"))
