"""Frames into a video or a folder of images, as they come; what is being written appears whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import cv2

from merlab.errors import MerlabError
from merlab.frames import Image
from merlab.sinks import VideoSink
from merlab.storage import whole_file, whole_folder
from merlab.synthesis.canvas_layout import FPS, Window
from merlab.synthesis.clip_writing import as_jpeg

WriteFrame = Callable[[Image], None]

AVI_BYTES = 4_000_000_000
# What a frame of the noisiest preset takes as JPEG, and some more.
BYTES_A_PIXEL = 0.5


@contextmanager
def write_avi(path: Path, window: Window, quality: int) -> Iterator[WriteFrame]:
    """Motion JPEG: every frame a JPEG of its own, so that the smallest movements survive; some 24 kB a crop.

    OpenCV's own writer, because FFmpeg's makes a width of 231 even.
    """
    with whole_file(path) as aside:
        code, size = cv2.VideoWriter.fourcc(*"MJPG"), (window.width, window.height)
        video = cv2.VideoWriter(str(aside), cv2.CAP_OPENCV_MJPEG, code, FPS, size)
        if not video.isOpened():
            raise MerlabError("OpenCV cannot write Motion JPEG here; use the format frames")
        video.set(cv2.VIDEOWRITER_PROP_QUALITY, quality)
        try:
            yield video.write
        finally:
            video.release()


@contextmanager
def write_mp4(path: Path, window: Window, quality: int) -> Iterator[WriteFrame]:
    """H.264: a fraction of the size, but its compression blurs small movements; an odd width gets one more column."""
    with VideoSink(path, FPS) as video:
        yield video.write


@contextmanager
def write_jpegs(path: Path, window: Window, quality: int) -> Iterator[WriteFrame]:
    """A folder of ``img1.jpg`` and so on."""
    with whole_folder(path) as aside:
        numbers = count(1)

        def write(frame: Image) -> None:
            (aside / f"img{next(numbers)}.jpg").write_bytes(as_jpeg(frame, quality))

        yield write


FORMATS: dict[str, Callable[[Path, Window, int], AbstractContextManager[WriteFrame]]] = {
    "avi": write_avi,
    "mp4": write_mp4,
    "frames": write_jpegs,
}


def most_frames(video_format: str, window: Window) -> float:
    """How many frames of a view a recording of this format can hold; OpenCV ends the process beyond 4 GB of AVI."""
    return AVI_BYTES / (BYTES_A_PIXEL * window.width * window.height) if video_format == "avi" else math.inf
