"""Write frames one by one into a video or a folder of images; the output appears whole or not at all."""

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
from merlab.vocabulary import VideoFormat

WriteFrame = Callable[[Image], None]

AVI_BYTES = 4_000_000_000
# An upper bound for a JPEG frame of the preset with the most noise.
BYTES_PER_PIXEL = 0.5


@contextmanager
def write_avi(path: Path, window: Window, quality: int) -> Iterator[WriteFrame]:
    """Motion JPEG: every frame is a separate JPEG, which keeps the smallest movements; about 24 kB per cropped frame.

    It is written by OpenCV's own writer, because FFmpeg's writer changes a width of 231 to an even number.
    """
    with whole_file(path) as temporary:
        code, size = cv2.VideoWriter.fourcc(*"MJPG"), (window.width, window.height)
        video = cv2.VideoWriter(str(temporary), cv2.CAP_OPENCV_MJPEG, code, FPS, size)
        if not video.isOpened():
            raise MerlabError("this OpenCV cannot write Motion JPEG; use the format frames")
        video.set(cv2.VIDEOWRITER_PROP_QUALITY, quality)
        try:
            yield video.write
        finally:
            video.release()


@contextmanager
def write_mp4(path: Path, window: Window, quality: int) -> Iterator[WriteFrame]:
    """H.264: much smaller files, but the compression blurs small movements; an odd width gets one more column."""
    with VideoSink(path, FPS) as video:
        yield video.write


@contextmanager
def write_jpegs(path: Path, window: Window, quality: int) -> Iterator[WriteFrame]:
    """A folder with the images ``img1.jpg``, ``img2.jpg`` and so on."""
    with whole_folder(path) as temporary:
        numbers = count(1)

        def write(frame: Image) -> None:
            (temporary / f"img{next(numbers)}.jpg").write_bytes(as_jpeg(frame, quality))

        yield write


FORMATS: dict[VideoFormat, Callable[[Path, Window, int], AbstractContextManager[WriteFrame]]] = {
    "avi": write_avi,
    "mp4": write_mp4,
    "frames": write_jpegs,
}


def most_frames(video_format: VideoFormat, window: Window) -> float:
    """The largest number of frames of a view in this format; OpenCV ends the process if an AVI file exceeds 4 GB."""
    return AVI_BYTES / (BYTES_PER_PIXEL * window.width * window.height) if video_format == "avi" else math.inf
