"""Write a CSV row by row, or a video frame by frame, with context managers. Each file appears whole or not at all.

with CsvSink(Path("scores.csv"), ("frame", "score")) as sink:
    sink.write((1, 0.7))
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

import av
import cv2
import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Image
from merlab.storage import whole_file

if TYPE_CHECKING:
    from av.video.stream import VideoStream

CODEC: Final = "libx264"
# Without B-frames, a frame refers to earlier frames only, so that every player seeks to the right frame.
QUALITY = {"preset": "veryfast", "crf": "20", "bf": "0"}
# About the size of the same file, 0.2 dB less like the frames, in a third of the time.
FAST = {"preset": "ultrafast", "crf": "23", "bf": "0"}
# The bytes of the file depend on the number of threads, so it is fixed; a second thread for FAST would only cost time.
THREADS, FAST_THREADS = 2, 1
# With AVX-512, x264 now and then gives other bytes for the same frames. Every processor that has it has AVX2, which
# always gives the bytes that AVX-512 gives mostly. The number is that of CV_CPU_AVX_512F in OpenCV.
AVX_512, WITHOUT_AVX_512 = 13, {"x264-params": "asm=avx2"}
# The clock of MPEG: every frame is within 6 microseconds of its time.
TICKS = Fraction(1, 90_000)
Self = TypeVar("Self", bound="_Sink")


class _Sink:
    """Writes to a temporary file; on leaving, the file takes its final name, or is removed after an error."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = ExitStack()

    def _open(self, temporary: Path) -> None:
        """Open ``temporary`` for writing; ``self._stack`` closes it."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        temporary = self._stack.enter_context(whole_file(self.path))
        try:
            self._open(temporary)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)


class CsvSink(_Sink):
    """A CSV file with the header ``columns``; None becomes an empty field."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path)
        self.columns = tuple(columns)

    def _open(self, temporary: Path) -> None:
        # The name of a folder may contain characters that UTF-8 cannot encode.
        file = temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace")
        self._writer = csv.writer(self._stack.enter_context(file))
        self._writer.writerow(self.columns)

    def write(self, row: Iterable[object]) -> None:
        """Write one row; it must have one value per column."""
        values = tuple(row)
        if len(values) != len(self.columns):
            raise ValueError(f"a row of {len(values)} values for {len(self.columns)} columns: {values}")
        self._writer.writerow(values)


class VideoSink(_Sink):
    """An H.264 video of frames (H, W, 3) BGR of one size; browsers and players can show it.

    Frames are 1/``fps`` apart, unless each is written with its own time. The encoder needs an even width and height:
    to an odd side, a copy of the last row or column is added. The same frames give the same file. ``fast`` is for what
    is only looked at: colors are those of every second pixel, and the encoder searches less. Raises MerlabError if this
    PyAV was built without H.264, or if no frame was written.
    """

    def __init__(self, path: Path, fps: float, *, fast: bool = False) -> None:
        super().__init__(path)
        self.fps, self._fast = fps, fast
        self._stream: VideoStream | None = None
        self._seconds, self._last = -math.inf, -1

    def _open(self, temporary: Path) -> None:
        # The index comes first in the file, so that a browser can start before it has loaded the whole file.
        container = av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"})
        self._container = self._stack.enter_context(container)
        self._stack.push(self._finish)

    def write(self, image: Image, seconds: float | None = None) -> None:
        """Write the next frame; ``seconds`` is when players show it, in ascending order, for all frames or none.

        Raises ValueError for a frame that is not shown after the one before.
        """
        even = _even(image)
        if self._stream is None:
            self._stream = self._add_stream(even.shape[1], even.shape[0])
            if seconds is not None:
                self._stream.codec_context.time_base = TICKS
        if self._fast:
            planes = np.asarray(cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        else:
            frame = av.VideoFrame.from_ndarray(even, format="bgr24")
        if seconds is not None:
            frame.pts, frame.time_base = self._tick(seconds), TICKS
        self._container.mux(self._stream.encode(frame))

    def _tick(self, seconds: float) -> int:
        """The first free tick from ``seconds`` on: two frames may be closer to each other than the ticks."""
        if seconds <= self._seconds:
            raise ValueError(f"a frame at {seconds} s does not follow the one at {self._seconds} s")
        self._seconds, self._last = seconds, max(round(seconds / TICKS), self._last + 1)
        return self._last

    def _add_stream(self, width: int, height: int) -> VideoStream:
        try:
            stream = self._container.add_stream(CODEC, Fraction(self.fps).limit_denominator(100_000))
        except av.codec.codec.UnknownCodecError as error:
            raise MerlabError(
                f"{self.path} needs the codec {CODEC}, which this PyAV does not have; do not request the video"
            ) from error
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        options, threads = (FAST, FAST_THREADS) if self._fast else (QUALITY, THREADS)
        stream.options, stream.thread_count = dict(options), threads
        if cv2.checkHardwareSupport(AVX_512):
            stream.options |= WITHOUT_AVX_512
        return stream

    def _finish(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write the frames that the encoder still holds."""
        if kind is not None:
            return
        if self._stream is None:
            raise MerlabError(f"{self.path} would be a video without frames; nothing is written")
        self._container.mux(self._stream.encode(None))


def _even(image: Image) -> Image:
    """The image with even sides."""
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return np.asarray(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), np.uint8)
