"""What one process does: read a video once, forwards, and process the chunks of its share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel

from merlab.frames import ClipError, Image, open_frames
from merlab.frames.clock import Clock
from merlab.json_models import read_model, write_model
from merlab.spotting.aligned_frames import require_aligned
from merlab.storage import whole_folder
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.describing import EventDescriber
from merlab.videos.chunks.division import Division, Span
from merlab.videos.chunks.faces_in_frame import open_viewer
from merlab.videos.options import Options

CHUNKS, LENGTH = "chunks", "frames.json"
FRAMES_A_REPORT = 20


class VideoLength(BaseModel):
    """The content of LENGTH: how many frames the source has, known when all were read."""

    frames: int


@dataclass(frozen=True)
class VideoPlan:
    """What all processes know: the source, its clock, how it is divided and processed, and the folder for the chunks.

    Chunks number frames from 1, as the clock does; ``first`` is the number of the first frame in the source.
    """

    source: Path
    working: Path
    first: int
    clock: Clock
    division: Division
    options: Options

    def chunk_folder(self, index: int) -> Path:
        """Where the result of a finished chunk is."""
        return self.working / CHUNKS / f"{index:05d}"

    def finished(self) -> list[Path]:
        """The folders of the finished chunks, in their order."""
        return sorted(path for path in (self.working / CHUNKS).glob("[0-9]*") if path.is_dir())

    def is_finished(self) -> bool:
        """Whether the end of the source was reached once, and every chunk up to there is finished."""
        if not (self.working / LENGTH).is_file():
            return False
        length = read_model(self.working / LENGTH, VideoLength).frames
        needed = itertools.takewhile(lambda span: span.owned.start <= length, self.division.spans())
        return all(self.chunk_folder(span.index).is_dir() for span in needed)


@dataclass(frozen=True)
class Share:
    """Every ``of``-th of the chunks that are not yet ``done``, starting with the ``position``-th."""

    plan: VideoPlan
    done: frozenset[int]
    position: int
    of: int

    def spans(self) -> Iterator[Span]:
        """The chunks, ascending, without end."""
        waiting = (span for span in self.plan.division.spans() if span.index not in self.done)
        return (span for at, span in enumerate(waiting) if at % self.of == self.position)


def fill_chunks(share: Share) -> Iterator[int]:
    """Process the share, writing one folder per chunk; yields from time to time how many more frames are finished.

    Raises MerlabError for frames that cannot be used.
    """
    plan, reported, last = share.plan, 0, 0
    walker = _Walker(share)
    with _one_thread_of_torch():
        for passed in open_frames(plan.source).walk(lambda number: walker.wants(number - plan.first + 1)):
            last = passed.number - plan.first + 1
            walker.push(last, passed.image)
            if walker.done - reported >= FRAMES_A_REPORT:
                yield walker.done - reported
                reported = walker.done
        walker.end()
    write_model(plan.working / LENGTH, VideoLength(frames=last))
    yield walker.done - reported


@contextmanager
def _one_thread_of_torch() -> Iterator[None]:
    """The order of sums, and so the last digits of a probability, must not depend on the number of processes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Walker:
    """The chunks of a share that the current frame belongs to: at most two, where they overlap.

    ``done`` counts the received frames that its chunks are responsible for.
    """

    def __init__(self, share: Share) -> None:
        self.done = 0
        self._plan = share.plan
        self._describer = EventDescriber(share.plan.options)
        self._spans = share.spans()
        self._next = next(self._spans)
        self._open: list[Chunk] = []
        self._size: tuple[int, int] | None = None

    def wants(self, number: int) -> bool:
        """Whether a chunk of the share covers this frame; numbers ascend without a gap."""
        if number >= self._next.covered.start:
            options, clock = self._plan.options, self._plan.clock
            self._open.append(Chunk(self._next, open_viewer(options, clock.fps), clock, options.spotting))
            self._next = next(self._spans)
        return bool(self._open)

    def push(self, number: int, image: Image | None) -> None:
        """Give a frame to its chunks, and finish those that end with it; None where it is damaged or not wanted."""
        if image is not None:
            self._check(number, image)
        for chunk in list(self._open):
            chunk.push(number, image)
            self.done += number in chunk.span.owned
            if number + 1 == chunk.span.covered.stop:
                self._finish(chunk)

    def _check(self, number: int, image: Image) -> None:
        if self._plan.options.aligned:
            require_aligned(self._plan.source, image)
        height, width = image.shape[:2]
        self._size = self._size or (width, height)
        if (width, height) != self._size:
            raise ClipError(
                f"{self._plan.source}: frame {number + self._plan.first - 1} has {width}x{height} pixels, those before "
                "{}x{}; all must have one size".format(*self._size)
            )

    def end(self) -> None:
        """Finish the chunks that the end of the video cuts short."""
        for chunk in list(self._open):
            self._finish(chunk)

    def _finish(self, chunk: Chunk) -> None:
        self._open.remove(chunk)
        if not chunk.is_empty:
            with whole_folder(self._plan.chunk_folder(chunk.span.index)) as folder:
                chunk.finish(folder, self._describer)
