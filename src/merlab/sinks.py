"""Where rows and frames go as they come, as context managers: a CSV, a video. Each file appears whole or not at all.

with CsvSink(Path("scores.csv"), ("frame", "score")) as sink:
    sink.write((1, 0.7))
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import cv2

from merlab.clips import Image
from merlab.errors import MerlabError
from merlab.storage import whole_file

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
    """An MPEG-4 video of frames (H, W, 3) BGR of one size, ``fps`` a second.

    Encoders want even sides: an odd one gets one more row or column, a copy of the last. Raises MerlabError where this
    OpenCV cannot write videos.
    """

    def __init__(self, path: Path, fps: float) -> None:
        super().__init__(path)
        self.fps = fps
        self._video: cv2.VideoWriter | None = None

    def _open(self, aside: Path) -> None:
        self._aside = aside
        aside.touch()

    def write(self, image: Image) -> None:
        """The next frame."""
        height, width = image.shape[:2]
        more_down, more_across = height % 2, width % 2
        if self._video is None:
            self._video = self._opened(width + more_across, height + more_down)
        if more_down or more_across:
            self._video.write(cv2.copyMakeBorder(image, 0, more_down, 0, more_across, cv2.BORDER_REPLICATE))
        else:
            self._video.write(image)

    def _opened(self, width: int, height: int) -> cv2.VideoWriter:
        code = cv2.VideoWriter.fourcc(*"mp4v")
        video = cv2.VideoWriter(str(self._aside), cv2.CAP_FFMPEG, code, self.fps, (width, height))
        if not video.isOpened():
            raise MerlabError(f"{self.path} cannot be written: this OpenCV has no encoder for it; do without the video")
        self._stack.callback(video.release)
        return video
