"""Frames of a folder of images, by the numbers in their names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import cannot_read
from merlab.frames.container import require_utf8
from merlab.frames.frame import ClipError, DamagedFrameError, FramesByNumber, Image, describe_numbers
from merlab.frames.opencv_build import require_opencv_4
from merlab.frames.several_pictures import several_pictures
from merlab.storage import whole_file

require_opencv_4()

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
NUMBERED = re.compile(r"(\d+)$")
# Samples of 16 bits that are all below this are those of a camera of 12 bits or fewer.
TWELVE_BITS = 1 << 12
EIGHT_BITS = "write the frames with 8 bits per sample, all with the same scale"


def frame_number(path: Path) -> int | None:
    """The number at the end of a file's stem: ``reg_img46.jpg`` -> 46, ``006_05562.jpg`` -> 5562; None if none."""
    return _number(path.stem)


ONE_EACH = "write each of its pictures as a file of its own, with its number at the end of the name"


class UnfitImageError(ClipError):
    """An image is sound, but not a frame as it is.

    ``path`` is its file, ``found`` says what it is, ``remedy`` what to do, both without the path.
    """

    def __init__(self, path: Path, found: str, remedy: str) -> None:
        # With all arguments, so that it can be sent to another process.
        super().__init__(path, found, remedy)
        self.path, self.found, self.remedy = path, found, remedy

    def __str__(self) -> str:
        return f"{self.path} {self.found}; {self.remedy}"


class DepthError(UnfitImageError, DamagedFrameError):
    """The samples of an image cannot be shown with 8 bits, because their scale is unknown; others may be sound."""


class ImageFolder(FramesByNumber):
    """The image files of one folder as frames, ordered by the number in the file name (img9 before img10).

    Raises ClipError for a path that is not valid UTF-8.
    """

    def __init__(self, folder: Path) -> None:
        require_utf8(folder)
        self.folder = folder

    @cached_property
    def names(self) -> dict[int, str]:
        """Frame number -> name of its file, ascending. Raises ClipError if two files have the same number."""
        found: dict[int, str] = {}
        try:
            listed = _names_in(self.folder)
        except OSError as error:
            raise ClipError(cannot_read(self.folder, error, "check the path", "listed")) from error
        for name in listed:
            number = _number_of_image(name)
            if number is None:
                continue
            if number in found:
                raise ClipError(f"{self.folder}: {found[number]} and {name} have the same frame number")
            found[number] = name
        return dict(sorted(found.items()))

    def file(self, number: int) -> Path:
        """The file of frame ``number``, which must exist."""
        return self.folder / self.names[number]

    @property
    def numbers(self) -> Sequence[int]:
        """The existing frame numbers, in ascending order."""
        return list(self.names)

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR."""
        if number not in self.names:
            raise ClipError(f"{self.folder} has no frame {number}; it has {describe_numbers(self.numbers)}")
        return read_image(self.file(number))


def folders_of_images(folder: Path) -> list[Path]:
    """The folders directly in a folder that have frames, as one where an archive was unpacked one level too deep."""
    try:
        below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        return [path for path in below if any(_number_of_image(name) is not None for name in _names_in(path))]
    except OSError:
        return []


def read_image(path: Path) -> Image:
    """Decode one image as (H, W, 3) uint8 BGR.

    Raises DamagedFrameError if the file is empty, truncated, or not an image, DepthError if, of 16 bits, it would be
    nearly black, or is not of 8 or 16 bits per sample, UnfitImageError if it holds several pictures, and ClipError if
    it is missing. (OpenCV alone decodes a truncated JPEG without an error and fills the missing half with gray.)
    """
    image = decoded_image(path)
    return np.asarray(image, np.uint8) if image.dtype == np.uint8 else _of_8_bits(path, image)


def decoded_image(path: Path) -> NDArray[Any]:
    """An image (H, W, 3) BGR with samples of the type that its file has; raises as ``read_image`` for damaged files."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ClipError(cannot_read(path, error, "copy it again from the original")) from error
    if not content:
        raise DamagedFrameError(f"{path} is empty (0 bytes); copy it again from the original")
    several = several_pictures(content)
    if several is not None:
        raise UnfitImageError(path, f"is {several}, and a frame is one picture", ONE_EACH)
    if _is_truncated(content):
        raise DamagedFrameError(f"{path} is truncated ({len(content)} bytes); copy it again from the original")
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        raise DamagedFrameError(
            f"{path} is not an image that OpenCV can decode ({error.err}); copy it again from the original"
        ) from error
    if image is None:
        raise DamagedFrameError(
            f"{path} is not an image that OpenCV can decode; copy it again from the original, or {EIGHT_BITS}"
        )
    return image


def _of_8_bits(path: Path, image: NDArray[Any]) -> Image:
    """The upper 8 bits of samples of 16; raises DepthError if these are nearly black, and for other samples."""
    if image.dtype != np.uint16:
        raise DepthError(path, f"has samples of the type {image.dtype}", EIGHT_BITS)
    if image.max() < TWELVE_BITS:
        raise DepthError(
            path,
            f"has 16 bits per sample, but all values are below {TWELVE_BITS}, as of a camera of 12 bits or fewer, or "
            "in a dark image of one of 13 to 15, so it would be nearly black, with 16 steps of gray",
            f"{EIGHT_BITS}: divide every value of all frames by 16 for a camera of 12 bits, by 4 for one of 10, by 64 "
            "for one of 14",
        )
    return (image >> 8).astype(np.uint8)


def write_image(path: Path, image: Image) -> None:
    """Write an image (H, W, 3) BGR as PNG; the file appears whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def _names_in(folder: Path) -> list[str]:
    """The names in a folder, without those of folders."""
    # A path for each of the million files of a database of long videos would take most of the time.
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]


def _number_of_image(name: str) -> int | None:
    """The frame number in the name of an image; None for other files, and for hidden ones as macOS adds them."""
    stem, _, kind = name.rpartition(".")
    return None if name.startswith(".") or f".{kind.lower()}" not in IMAGE_SUFFIXES else _number(stem)


def _number(stem: str) -> int | None:
    match = NUMBERED.search(stem)
    return int(match.group(1)) if match else None


def _is_truncated(content: bytes) -> bool:
    if content.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in content[-1024:]
    if content.startswith(b"\x89PNG"):
        return b"IEND" not in content[-64:]
    if content.startswith(b"BM") and len(content) >= 6:
        return len(content) < int.from_bytes(content[2:6], "little")
    return False
