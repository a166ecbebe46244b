"""Read frames by their number from a folder of images or from a video."""

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
    """A clip, or its frames, break a rule of the data model."""


class Frames(Protocol):
    """Frames by their number. ``fps`` is None if the source does not state a frame rate."""

    fps: float | None

    @property
    def numbers(self) -> Sequence[int]:
        """The existing frame numbers, in ascending order."""

    @property
    def promised(self) -> int:
        """The number of frames that the source states; known without decoding, and not always right."""

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        """All (number, image) pairs in ascending order; every frame is decoded once."""

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """All frames in ascending order; only frames whose number is ``wanted`` are decoded into an image."""

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR. Raises ClipError if it is absent or damaged."""


@dataclass(frozen=True, eq=False)
class WalkedFrame:
    """One frame that ``Frames.walk`` gives.

    Attributes:
        number: the frame number.
        seconds: the time at which the frame is shown; None if the source does not state it.
        image: (H, W, 3) uint8 BGR; None if the frame was not wanted.

    """

    number: int
    seconds: float | None
    image: Image | None


def open_frames(source: Path) -> Frames:
    """The frames of a folder of images or of a video; raises ClipError if ``source`` is neither."""
    if source.is_dir():
        return ImageFolder(source)
    if not source.exists():
        raise ClipError(f"{source} does not exist; check the root folder that you gave")
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return Video(source)
    raise ClipError(f"{source} is neither a folder of images nor a video ({', '.join(VIDEO_SUFFIXES)})")


def frame_number(path: Path) -> int | None:
    """The number at the end of a file's stem: ``reg_img46.jpg`` -> 46, ``006_05562.jpg`` -> 5562; None if none."""
    match = re.search(r"(\d+)$", path.stem)
    return int(match.group(1)) if match else None


class ImageFolder:
    """The image files of one folder as frames, ordered by the number in the file name (img9 before img10)."""

    fps: float | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def files(self) -> dict[int, Path]:
        """Frame number -> file, ascending. Raises ClipError if two files have the same number."""
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
        """The existing frame numbers, in ascending order."""
        return list(self.files)

    @property
    def promised(self) -> int:
        """The number of frames."""
        return len(self.files)

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        return ((number, self.read(number)) for number in self.numbers)

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """All frames in ascending order; only ``wanted`` frames are read."""
        return (WalkedFrame(number, None, self.read(number) if wanted(number) else None) for number in self.numbers)

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR."""
        if number not in self.files:
            raise ClipError(f"{self.folder} has no frame {number}; it has {describe_numbers(self.numbers)}")
        return read_image(self.files[number])


class Video:
    """Frames of a video file, numbered from 1. Reading forwards is fast; reading backwards restarts at frame 1."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shown = str(path).encode("utf-8", "backslashreplace").decode()
        if shown != str(path):
            # With such a name, OpenCV would crash the whole process.
            raise ClipError(f"{shown} has a name that is not valid UTF-8; rename the video")
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise ClipError(f"{path} cannot be opened as a video; it may be empty, damaged or of an unknown codec")
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if math.isfinite(fps) and fps > 0 else None
        self._next = 1

    @property
    def numbers(self) -> Sequence[int]:
        """1 to the number of frames that can be decoded; they are counted, because containers may state it wrongly."""
        return range(1, len(self.times) + 1)

    @cached_property
    def times(self) -> Sequence[float]:
        """The time (seconds) at which each frame is shown, according to the container."""
        capture = cv2.VideoCapture(str(self.path))
        times = array("d")
        while capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        capture.release()
        return times

    @property
    def promised(self) -> int:
        """The number of frames that the container states; it may be wrong, and is 0 if the container states none."""
        return max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        for frame in self.walk(lambda number: True):
            assert frame.image is not None
            yield frame.number, frame.image

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """All frames in ascending order; only ``wanted`` frames are decoded into images."""
        capture = cv2.VideoCapture(str(self.path))
        for number in itertools.count(1):
            if not capture.grab():
                break
            seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if not wanted(number):
                yield WalkedFrame(number, seconds, None)
                continue
            decoded, image = capture.retrieve()
            if not decoded:
                break
            yield WalkedFrame(number, seconds, np.asarray(image, dtype=np.uint8))
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
            raise ClipError(f"{self.path} has no frame {number}; it has {describe_numbers(self.numbers)}")
        self._next += 1
        return np.asarray(image, dtype=np.uint8)


def read_image(path: Path) -> Image:
    """Decode one image as (H, W, 3) uint8 BGR.

    Raises ClipError if the file is missing, empty, truncated or not an image. (OpenCV alone decodes a truncated JPEG
    without an error and fills the missing half with gray.)
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
    """Write an image (H, W, 3) BGR as PNG; the file appears whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def _is_truncated(content: bytes) -> bool:
    if content.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in content[-1024:]
    if content.startswith(b"\x89PNG"):
        return b"IEND" not in content[-64:]
    if content.startswith(b"BM") and len(content) >= 6:
        return len(content) < int.from_bytes(content[2:6], "little")
    return False


def describe_numbers(numbers: Sequence[int]) -> str:
    """``frames 46..86`` or ``frames 46..86, 3 missing between: 50, 51, 60``; ``no frames`` if there are none."""
    if not numbers:
        return "no frames"
    text = f"frames {numbers[0]}..{numbers[-1]}"
    gaps = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    if not gaps:
        return text
    named = ", ".join(map(str, gaps[:MAX_FRAMES_NAMED])) + (", ..." if len(gaps) > MAX_FRAMES_NAMED else "")
    return f"{text}, {len(gaps)} missing between: {named}"
