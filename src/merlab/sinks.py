"""Where rows and frames go as they come, as context managers: a CSV, a video. Each file appears whole or not at all.

with CsvSink(Path("scores.csv"), ("frame", "score")) as sink:
    sink.write((1, 0.7))
"""

from __future__ import annotations

import csv
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
# Frames that refer to earlier ones alone are found where their time says, whatever player seeks them.
QUALITY = {"preset": "veryfast", "crf": "20", "bf": "0"}
# The file depends on how many there are, so the machine does not choose.
THREADS = 2
Self = TypeVar("Self", bound="_Sink")


class _Sink:
    """Opens on entering; on leaving, the file takes its place, or is removed where an error came up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = ExitStack()

    def _open(self, aside: Path) -> None:
        """Begin to write ``aside``; ``self._stack`` closes it."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        aside = self._stack.enter_context(whole_file(self.path))
        try:
            self._open(aside)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)


class CsvSink(_Sink):
    """A CSV with a row of ``columns`` and the rows that are written; None becomes an empty field."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path)
        self.columns = tuple(columns)

    def _open(self, aside: Path) -> None:
        # The name of a folder may hold what UTF-8 does not.
        file = aside.open("w", newline="", encoding="utf-8", errors="backslashreplace")
        self._writer = csv.writer(self._stack.enter_context(file))
        self._writer.writerow(self.columns)

    def write(self, row: Iterable[object]) -> None:
        """One row, as many values as there are columns."""
        values = tuple(row)
        if len(values) != len(self.columns):
            raise ValueError(f"a row of {len(values)} values for {len(self.columns)} columns: {values}")
        self._writer.writerow(values)


class VideoSink(_Sink):
    """An H.264 video of frames (H, W, 3) BGR of one size, ``fps`` a second; browsers and players show it.

    The encoder takes even sides: an odd one gets one more row or column, a copy of the last. The same frames give the
    same file. Raises MerlabError where this PyAV was built without H.264, and where no frame was written.
    """

    def __init__(self, path: Path, fps: float) -> None:
        super().__init__(path)
        self.fps = fps
        self._stream: VideoStream | None = None

    def _open(self, aside: Path) -> None:
        # Its index in front, so that a browser need not load the whole file to begin.
        container = av.open(str(aside), "w", format="mp4", options={"movflags": "+faststart"})
        self._container = self._stack.enter_context(container)
        self._stack.push(self._finish)

    def write(self, image: Image) -> None:
        """The next frame."""
        height, width = image.shape[:2]
        more_down, more_across = height % 2, width % 2
        even = cv2.copyMakeBorder(image, 0, more_down, 0, more_across, cv2.BORDER_REPLICATE)
        if self._stream is None:
            self._stream = self._started(width + more_across, height + more_down)
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(np.asarray(even, np.uint8), format="bgr24")))

    def _started(self, width: int, height: int) -> VideoStream:
        try:
            stream = self._container.add_stream(CODEC, Fraction(self.fps).limit_denominator(100_000))
        except av.codec.codec.UnknownCodecError as error:
            raise MerlabError(f"{self.path} needs {CODEC}, which this PyAV lacks; do without the video") from error
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options, stream.thread_count = dict(QUALITY), THREADS
        return stream

    def _finish(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write what the encoder still holds."""
        if kind is not None:
            return
        if self._stream is None:
            raise MerlabError(f"{self.path} would be a video without a frame; nothing is written")
        self._container.mux(self._stream.encode(None))
