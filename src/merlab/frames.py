"""Frames by their number: a folder of images, or a video."""

from __future__ import annotations

import itertools
import math
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.storage import whole_file

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
VIDEO_SUFFIXES = (".avi", ".mp4", ".mov", ".mkv", ".webm")
MAX_FRAMES_NAMED = 5

Image = NDArray[np.uint8]
Float32Array = NDArray[np.float32]


class ClipError(MerlabError):
    """A clip or its frames break a rule of the data model."""


class Frames(Protocol):
    """Frames by their number. ``fps`` is None where the source does not say."""

    fps: float | None

    @property
    def numbers(self) -> Sequence[int]:
        """Frame numbers present, ascending."""

    @property
    def promised(self) -> int:
        """How many frames there should be, as far as can be told without decoding them."""

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        """Every frame with its number, ascending, each decoded once."""

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[Passed]:
        """Every frame once, ascending; those whose number is not ``wanted`` go by without becoming an image."""

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR. Raises ClipError when it is absent or damaged."""


@dataclass(frozen=True, eq=False)
class Passed:
    """A frame that went by: its number, when it is shown (s, None where the source does not say), its image or None."""

    number: int
    seconds: float | None
    image: Image | None


def open_frames(source: Path) -> Frames:
    """Frames of a folder of images or of a video; raises ClipError saying what is wrong with ``source``."""
    if source.is_dir():
        return ImageFolder(source)
    if not source.exists():
        raise ClipError(f"{source} does not exist; check the root folder given to the command")
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return Video(source)
    raise ClipError(f"{source} is neither a folder of images nor a video ({', '.join(VIDEO_SUFFIXES)})")


def frame_number(path: Path) -> int | None:
    """The number that ends a file's stem: ``reg_img46.jpg`` -> 46, ``006_05562.jpg`` -> 5562; None without one."""
    match = re.search(r"(\d+)$", path.stem)
    return int(match.group(1)) if match else None


class ImageFolder:
    """Frames that are image files of one folder, ordered by the number in the name (img9 before img10)."""

    fps: float | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def files(self) -> dict[int, Path]:
        """Frame number -> file, ascending. Raises ClipError when two files share a number."""
        found: dict[int, Path] = {}
        try:
            paths = list(self.folder.iterdir())
        except OSError as error:
            raise ClipError(f"{self.folder} cannot be listed: {error.strerror or error}") from error
        for path in paths:
            number = frame_number(path)
            if number is None or path.suffix.lower() not in IMAGE_SUFFIXES or path.name.startswith("."):
                continue
            if number in found:
                raise ClipError(f"{self.folder}: {found[number].name} and {path.name} have the same frame number")
            found[number] = path
        return dict(sorted(found.items()))

    @property
    def numbers(self) -> Sequence[int]:
        """Frame numbers present, ascending."""
        return list(self.files)

    @property
    def promised(self) -> int:
        """How many frames there are."""
        return len(self.files)

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        return ((number, self.read(number)) for number in self.numbers)

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[Passed]:
        """Every frame once, ascending; only those ``wanted`` are read."""
        return (Passed(number, None, self.read(number) if wanted(number) else None) for number in self.numbers)

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR."""
        if number not in self.files:
            raise ClipError(f"{self.folder} has no frame {number}; it holds {describe_numbers(self.numbers)}")
        return read_image(self.files[number])


class Video:
    """Frames of a video file, numbered from 1. Reading forwards is cheap; reading backwards starts over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shown = str(path).encode("utf-8", "backslashreplace").decode()
        if shown != str(path):
            # OpenCV takes the whole process down on such a name.
            raise ClipError(f"{shown} has a name that is no UTF-8, which no video can be read under; rename it")
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise ClipError(f"{path} cannot be opened as a video; it may be empty, damaged or of an unknown codec")
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if math.isfinite(fps) and fps > 0 else None
        self._next = 1

    @property
    def numbers(self) -> Sequence[int]:
        """1 .. the number of frames that decode (containers lie about their length, so they are counted)."""
        return range(1, len(self.times) + 1)

    @cached_property
    def times(self) -> Sequence[float]:
        """When each frame is shown, seconds, as the container says."""
        capture = cv2.VideoCapture(str(self.path))
        times = array("d")
        while capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        capture.release()
        return times

    @property
    def promised(self) -> int:
        """How many frames the container says that there are; it may lie, 0 when it does not say."""
        return max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        for passed in self.walk(lambda number: True):
            assert passed.image is not None
            yield passed.number, passed.image

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[Passed]:
        """Every frame once, ascending; only those ``wanted`` are turned into images."""
        capture = cv2.VideoCapture(str(self.path))
        for number in itertools.count(1):
            if not capture.grab():
                break
            seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if not wanted(number):
                yield Passed(number, seconds, None)
                continue
            decoded, image = capture.retrieve()
            if not decoded:
                break
            yield Passed(number, seconds, np.asarray(image, dtype=np.uint8))
        capture.release()

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR."""
        if number < self._next:
            self._capture.release()
            self._capture = cv2.VideoCapture(str(self.path))
            self._next = 1
        while self._next < number and self._capture.grab():
            self._next += 1
        decoded, image = self._capture.read() if self._next == number else (False, None)
        if not decoded or image is None:
            raise ClipError(f"{self.path} has no frame {number}; it holds {describe_numbers(self.numbers)}")
        self._next += 1
        return np.asarray(image, dtype=np.uint8)


def read_image(path: Path) -> Image:
    """Decode one image as (H, W, 3) uint8 BGR.

    Raises ClipError when the file is missing, empty, truncated or not an image; OpenCV alone would hand back
    the gray lower half of a truncated JPEG without a word.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ClipError(f"{path} cannot be read: {error.strerror or error}") from error
    if not content:
        raise ClipError(f"{path} is empty (0 bytes); copy it again from the original")
    if _is_truncated(content):
        raise ClipError(f"{path} is truncated ({len(content)} bytes); copy it again from the original")
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ClipError(f"{path} is not an image that OpenCV can decode: {error.err}") from error
    if image is None:
        raise ClipError(f"{path} is not an image that OpenCV can decode")
    return np.asarray(image, dtype=np.uint8)


def write_image(path: Path, image: Image) -> None:
    """Write an image (H, W, 3) BGR as PNG, whole or not at all."""
    with whole_file(path) as aside:
        aside.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def _is_truncated(content: bytes) -> bool:
    if content.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in content[-1024:]
    if content.startswith(b"\x89PNG"):
        return b"IEND" not in content[-64:]
    if content.startswith(b"BM") and len(content) >= 6:
        return len(content) < int.from_bytes(content[2:6], "little")
    return False


def describe_numbers(numbers: Sequence[int]) -> str:
    """``frames 46..86`` or ``frames 46..86, 3 missing between: 50, 51, 60``; ``no frames`` when empty."""
    if not numbers:
        return "no frames"
    text = f"frames {numbers[0]}..{numbers[-1]}"
    gaps = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    if not gaps:
        return text
    named = ", ".join(map(str, gaps[:MAX_FRAMES_NAMED])) + (", ..." if len(gaps) > MAX_FRAMES_NAMED else "")
    return f"{text}, {len(gaps)} missing between: {named}"
