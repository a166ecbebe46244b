"""All frames of a source must have one size; of images, their headers say it before any work is done."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from merlab.frames.frame import ClipError, DamagedFrameError, Frames, Image
from merlab.frames.images import ImageFolder

# Markers of JPEG after which the size follows, and those among them that mean something else.
SIZE_MARKERS, NO_SIZE = range(0xC0, 0xD0), (0xC4, 0xC8, 0xCC)


class OneSize:
    """Checks that the frames of a source, given one after the other, have one size."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._size: tuple[int, int] | None = None

    def check(self, number: int, image: Image) -> None:
        """Raises ClipError where the size of frame ``number`` differs from those before."""
        height, width = image.shape[:2]
        self._size = self._size or (width, height)
        if (width, height) != self._size:
            raise ClipError(
                f"{self._source}: frame {number} has {width}x{height} pixels, those before {self._size[0]}x"
                f"{self._size[1]}; all must have one size: give the frames of each size on their own"
            )


def require_one_size(frames: Frames, numbers: Sequence[int] | None = None) -> None:
    """Raises ClipError for a folder of images of two sizes, as far as headers (not of TIFF) state them.

    ``numbers`` are the frames that count; unless given, all. Images that are turned by a tag have another size than
    their header states, so those that differ are decoded.
    """
    if not isinstance(frames, ImageFolder):
        return
    size, stated = OneSize(frames.folder), None
    for number in frames.numbers if numbers is None else numbers:
        found = _stated_size(frames.file(number))
        if found is None or found == stated:
            continue
        with suppress(DamagedFrameError):
            size.check(number, frames.read(number))
            stated = found


def _stated_size(path: Path) -> tuple[int, int] | None:
    """Width and height in the header of a JPEG, PNG or BMP; None where it does not state them."""
    with suppress(OSError, struct.error), path.open("rb") as file:
        head = file.read(26)
        if head.startswith(b"\xff\xd8"):
            return _size_of_jpeg(file)
        if head.startswith(b"\x89PNG"):
            width, height = struct.unpack(">II", head[16:24])
            return width, height
        if head.startswith(b"BM"):
            width, height = struct.unpack("<ii", head[18:26])
            return width, abs(height)
    return None


def _size_of_jpeg(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(2)
    while True:
        begin, marker, length = struct.unpack(">BBH", file.read(4))
        if begin != 0xFF:
            return None
        if marker in SIZE_MARKERS and marker not in NO_SIZE:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(length - 2, 1)
