"""The work of one process: walk through a video once, forwards, and fill the parts that are its share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from merlab.frames import ClipError, Image, open_frames
from merlab.spotting.timeline import require_aligned
from merlab.storage import read_json, whole_folder, write_json
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.describing import EventDescriber
from merlab.videos.chunks.division import Division, Span
from merlab.videos.chunks.faces_in_frame import open_viewer
from merlab.videos.options import Options

CHUNKS, LENGTH = "chunks", "frames.json"
FRAMES_A_REPORT = 20


@dataclass(frozen=True)
class Work:
    """What all processes know: the ``source`` and how it is divided, what to do with it, and where to leave it.

    Parts count frames from 1, whatever the source calls its ``first``.
    """

    source: Path
    working: Path
    first: int
    fps: float
    division: Division
    options: Options

    def chunk_folder(self, index: int) -> Path:
        """Where a part's result lies, once it is finished."""
        return self.working / CHUNKS / f"{index:05d}"

    def finished(self) -> list[Path]:
        """The folders of the parts that are finished, in their order."""
        return sorted(path for path in (self.working / CHUNKS).glob("[0-9]*") if path.is_dir())

    def is_finished(self) -> bool:
        """Whether the end of the source was reached once, and every part up to there is finished."""
        if not (self.working / LENGTH).is_file():
            return False
        length = read_json(self.working / LENGTH)["frames"]
        needed = itertools.takewhile(lambda span: span.owned.start <= length, self.division.spans())
        return all(self.chunk_folder(span.index).is_dir() for span in needed)


@dataclass(frozen=True)
class Share:
    """Every ``of``-th of the parts that are not yet ``done``, from the ``position``-th on."""

    work: Work
    done: frozenset[int]
    position: int
    of: int

    def spans(self) -> Iterator[Span]:
        """The parts, ascending, without end."""
        waiting = (span for span in self.work.division.spans() if span.index not in self.done)
        return (span for at, span in enumerate(waiting) if at % self.of == self.position)


def fill_chunks(share: Share) -> Iterator[int]:
    """Work through the share, leaving a folder a part; yields how many more frames are dealt with, every so often.

    Raises MerlabError for frames that cannot be used.
    """
    work, reported, last = share.work, 0, 0
    walker = _Walker(share)
    with _one_thread_of_torch():
        for passed in open_frames(work.source).walk(lambda number: walker.wants(number - work.first + 1)):
            last = passed.number - work.first + 1
            if passed.image is not None:
                walker.push(last, passed.seconds, passed.image)
            if walker.dealt_with - reported >= FRAMES_A_REPORT:
                yield walker.dealt_with - reported
                reported = walker.dealt_with
        walker.end()
    write_json(work.working / LENGTH, {"frames": last})
    yield walker.dealt_with - reported


@contextmanager
def _one_thread_of_torch() -> Iterator[None]:
    """The order of sums, and with it the last digits of a probability, must not depend on how many processes work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Walker:
    """The parts of a share that the current frame belongs to: two at most, where they overlap."""

    def __init__(self, share: Share) -> None:
        self.dealt_with = 0
        self._work = share.work
        self._describer = EventDescriber(share.work.options)
        self._spans = share.spans()
        self._next = next(self._spans)
        self._open: list[Chunk] = []
        self._size: tuple[int, int] | None = None

    def wants(self, number: int) -> bool:
        """Whether a part of the share covers this frame; numbers ascend without a gap."""
        if number >= self._next.covered.start:
            options, fps = self._work.options, self._work.fps
            self._open.append(Chunk(self._next, open_viewer(options, fps), fps, options.spotting))
            self._next = next(self._spans)
        return bool(self._open)

    def push(self, number: int, seconds: float | None, image: Image) -> None:
        """Give a frame to its parts, and finish those that it ends."""
        if self._work.options.aligned:
            require_aligned(self._work.source, image)
        height, width = image.shape[:2]
        self._size = self._size or (width, height)
        if (width, height) != self._size:
            raise ClipError(
                f"{self._work.source}: frame {number + self._work.first - 1} has {width}x{height} pixels, those before "
                "{}x{}; all must have one size".format(*self._size)
            )
        for part in list(self._open):
            part.push(number, seconds, image)
            self.dealt_with += number in part.span.owned
            if number + 1 == part.span.covered.stop:
                self._finish(part)

    def end(self) -> None:
        """Finish what the end of the video cuts short."""
        for part in list(self._open):
            self._finish(part)

    def _finish(self, part: Chunk) -> None:
        self._open.remove(part)
        if not part.is_empty:
            with whole_folder(self._work.chunk_folder(part.span.index)) as folder:
                part.finish(folder, self._describer)
