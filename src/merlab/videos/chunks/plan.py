"""How a video is processed: its chunks, where what is made of them lies, and the share of one process."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from merlab.frames.clock import Clock
from merlab.json_models import read_model, write_model
from merlab.spotting.numbering import number_at, position_of
from merlab.videos.chunks.division import Division, Span
from merlab.videos.options import Options

CHUNKS, LENGTH = "chunks", "frames.json"


class VideoLength(BaseModel):
    """The content of LENGTH: how many frames the source has, known when all were read."""

    frames: int


@dataclass(frozen=True)
class VideoPlan:
    """What all processes know: the source, its clock, how it is divided and processed, and the folders for the chunks.

    Chunks number frames from 1, as the clock does; ``first`` and ``numbers`` are those of ``numbering``. ``kept`` gets
    what is kept of each chunk, ``working`` what was described. ``keys`` is the number of key frames, see
    ``motion.keys_of``.
    """

    source: Path
    working: Path
    kept: Path
    first: int
    clock: Clock
    division: Division
    options: Options
    keys: int
    numbers: Sequence[int] | None = None

    def number(self, position: int) -> int:
        """The number in the source of a frame of a chunk."""
        return number_at(position, self.first, self.numbers)

    def position(self, number: int) -> int:
        """The number in a chunk of a frame of the source."""
        return position_of(number, self.first, self.numbers)

    def kept_file(self, index: int) -> Path:
        """Where it is stored what is kept of a chunk."""
        return self.kept / CHUNKS / f"{index:05d}.npz"

    def checkpoint(self, index: int) -> Path:
        """Where the state of an unfinished chunk is stored."""
        return self.kept / CHUNKS / f"{index:05d}.state"

    def chunk_folder(self, index: int) -> Path:
        """Where the result of a finished chunk is."""
        return self.working / CHUNKS / f"{index:05d}"

    def finished(self) -> list[Path]:
        """The folders of the finished chunks, in their order."""
        return sorted(path for path in (self.working / CHUNKS).glob("[0-9]*") if path.is_dir())

    def needed(self) -> list[int] | None:
        """All chunks of the source; None as long as its end was not reached once."""
        if not (self.kept / LENGTH).is_file():
            return None
        length = read_model(self.kept / LENGTH, VideoLength).frames
        spans = itertools.takewhile(lambda span: span.owned.start <= length, self.division.spans())
        return [span.index for span in spans]

    def is_finished(self) -> bool:
        """Whether the end of the source was reached once, and every chunk up to there is finished."""
        needed = self.needed()
        return needed is not None and all(self.chunk_folder(index).is_dir() for index in needed)

    def kept_chunks(self) -> set[int]:
        """The chunks of which a file is kept; it may be damaged."""
        return {int(path.stem) for path in (self.kept / CHUNKS).glob("[0-9]*.npz") if path.is_file()}

    def state_length(self, frames: int) -> None:
        """Store how many frames the source has, when its end was reached."""
        write_model(self.kept / LENGTH, VideoLength(frames=frames))


@dataclass(frozen=True)
class Share:
    """Every ``of``-th of the chunks that are not yet ``done``, starting with the ``position``-th.

    With ``threads``, a process works on its chunk in several threads: there are more cores than chunks.
    """

    plan: VideoPlan
    done: frozenset[int]
    position: int
    of: int
    threads: bool = False

    def spans(self) -> Iterator[Span]:
        """The chunks, ascending, without end."""
        waiting = (span for span in self.plan.division.spans() if span.index not in self.done)
        return (span for at, span in enumerate(waiting) if at % self.of == self.position)

    def among(self, chunks: Collection[int]) -> list[int]:
        """Those of these chunks that belong to the share, ascending."""
        last = max(chunks, default=-1)
        spans = itertools.takewhile(lambda span: span.index <= last, self.spans())
        return [span.index for span in spans if span.index in chunks]
