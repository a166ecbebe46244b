"""Write frames one by one into a video or a folder of images; the output appears whole or not at all."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from merlab.errors import MerlabError
from merlab.frames import Image
from merlab.sinks import VideoSink
from merlab.storage import WriteError, whole_file, whole_folder
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.clip_writing import as_jpeg
from merlab.vocabulary import VideoFormat

if TYPE_CHECKING:
    from av.video.stream import VideoStream

WriteFrame = Callable[[Image], None]

AVI_BYTES = 4_000_000_000
# An upper bound for a JPEG frame of the preset with the most noise.
BYTES_PER_PIXEL = 0.5


@dataclass(frozen=True)
class Encoding:
    """The size, frames per second, JPEG quality, and the Mbit/s of an MP4 file (None: a constant quality)."""

    window: Window
    fps: float
    quality: int
    megabits: float | None = None


@contextmanager
def write_avi(path: Path, encoding: Encoding) -> Iterator[WriteFrame]:
    """Motion JPEG: every frame is a separate JPEG, which keeps the smallest movements; about 24 kB per cropped frame.

    It is written by OpenCV's own writer, because FFmpeg's writer changes a width of 231 to an even number.
    """
    with whole_file(path) as temporary:
        code, size = cv2.VideoWriter.fourcc(*"MJPG"), (encoding.window.width, encoding.window.height)
        video = cv2.VideoWriter(str(temporary), cv2.CAP_OPENCV_MJPEG, code, encoding.fps, size)
        if not video.isOpened():
            raise MerlabError(f"{_why_not_opened(path)}, or use --format frames or mp4")
        video.set(cv2.VIDEOWRITER_PROP_QUALITY, encoding.quality)
        try:
            yield video.write
        finally:
            video.release()
        _require_complete(temporary, path)


def _why_not_opened(path: Path) -> str:
    if sys.platform == "win32" and not str(path.absolute()).isascii():
        return (
            f"cannot write {path}: on Windows, OpenCV writes no AVI file into a folder with other letters than those "
            "of English; choose another folder"
        )
    return f"cannot write {path}: this OpenCV has no Motion JPEG; install another one"


def _require_complete(written: Path, path: Path) -> None:
    """Raise WriteError if the AVI file ``written`` does not have the length that it states; ``path`` is its name.

    OpenCV reports no error of the disk: it stops to write, so that the length in the header stays 0.
    """
    with written.open("rb") as file:
        stated = int.from_bytes(file.read(8)[4:], "little") + 8
    size = written.stat().st_size
    if size != stated:
        raise WriteError(f"cannot write {path}: only {size} bytes of it fit on the disk; make room and run it again")


@contextmanager
def write_mp4(path: Path, encoding: Encoding) -> Iterator[WriteFrame]:
    """H.264: much smaller files, but the compression blurs small movements; an odd width gets one more column."""
    rate = encoding.megabits
    with VideoSink(path, encoding.fps) if rate is None else LimitedVideo(path, encoding.fps, rate) as video:
        yield video.write


class LimitedVideo(VideoSink):
    """An H.264 video of a given rate in Mbit/s, which no second exceeds, as cameras and video calls write it."""

    def __init__(self, path: Path, fps: float, megabits: float) -> None:
        super().__init__(path, fps)
        self.bits = round(megabits * 1e6)

    def _add_stream(self, width: int, height: int) -> VideoStream:
        stream = super()._add_stream(width, height)
        rates = {"b": str(self.bits), "maxrate": str(self.bits), "bufsize": str(self.bits)}
        stream.options = {name: value for name, value in stream.options.items() if name != "crf"} | rates
        # Among several threads, the limit of the rate depends on how far each of them is: each time, other frames.
        stream.thread_count = 1
        return stream


@contextmanager
def write_jpegs(path: Path, encoding: Encoding) -> Iterator[WriteFrame]:
    """A folder with the images ``img1.jpg``, ``img2.jpg`` and so on."""
    with whole_folder(path) as temporary:
        numbers = count(1)

        def write(frame: Image) -> None:
            (temporary / f"img{next(numbers)}.jpg").write_bytes(as_jpeg(frame, encoding.quality))

        yield write


FORMATS: dict[VideoFormat, Callable[[Path, Encoding], AbstractContextManager[WriteFrame]]] = {
    "avi": write_avi,
    "mp4": write_mp4,
    "frames": write_jpegs,
}


def most_frames(video_format: VideoFormat, window: Window) -> float:
    """The largest number of frames of a view in this format; OpenCV ends the process if an AVI file exceeds 4 GB."""
    return AVI_BYTES / (BYTES_PER_PIXEL * window.width * window.height) if video_format == "avi" else math.inf
