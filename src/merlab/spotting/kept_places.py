"""Where the blocks of an aligned face are in every frame, kept in files, so that they are computed once.

About 1.4 kB per frame. Other settings of spotting need no frame again, and an interrupted command continues with the
frame after the last file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.outputs.kept_arrays import Array, read_arrays, write_arrays
from merlab.spotting.light import Light

FRAMES_PER_FILE = 500
PLACES, READ = "places", "read.npz"


@dataclass(frozen=True)
class FramesRead:
    """What was read of a source, as in AlignedFrames.

    How many frames, the number of the first, the damaged ones, and how the face is lit.
    """

    count: int
    first: int
    damaged: Sequence[int]
    light: Light


class KeptPieces:
    """Arrays of one shape that follow each other, kept in ``folder``: FRAMES_PER_FILE in each file, under a ``name``.

    An interrupted command first reads what is kept, then adds everything from the first array on. ``count`` is how many
    were added.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self._name = folder, name
        self.count = 0
        self._sound = 0
        self._index = 0
        self._held: list[Array] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return not any(self.folder.glob("[0-9]*.npz"))

    def read(self) -> Iterator[Array]:
        """What is kept, up to the first file that is missing or damaged."""
        self._sound = 0
        for index in itertools.count():
            arrays = read_arrays(self._file(index))
            if arrays is None:
                return
            self._sound += 1
            yield from arrays[self._name]

    def all(self, count: int) -> Iterator[Array]:
        """All ``count`` arrays; raises MerlabError where a file is lost or damaged meanwhile."""
        found = 0
        for value in self.read():
            found += 1
            yield value
        if found != count:
            raise MerlabError(
                f"the kept {self._name} in {self.folder} are missing or damaged; run the same command again to make "
                "them anew"
            )

    def add(self, value: Array) -> None:
        """Add the next array; a file is written as soon as it is full, unless it was read."""
        self.count += 1
        self._held.append(value)
        if len(self._held) == FRAMES_PER_FILE:
            self._write()

    def close(self) -> None:
        """Write the last file."""
        if self._held:
            self._write()

    def _write(self) -> None:
        if self._index >= self._sound:
            write_arrays(self._file(self._index), {self._name: np.stack(self._held)})
        self._index, self._held = self._index + 1, []

    def _file(self, index: int) -> Path:
        return self.folder / f"{index:05d}.npz"


class KeptPlaces(KeptPieces):
    """The kept places of a source, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, PLACES)

    def whole(self) -> FramesRead | None:
        """What was read of the source; None if its end was not reached, or if a file is missing or damaged."""
        facts = read_arrays(self.folder / READ)
        if facts is None:
            return None
        count, first = (int(value) for value in np.asarray(facts["count_first"], np.int64))
        kept = sum(1 for _ in self.read())
        if kept != count:
            return None
        light = Light.model_validate_json(str(facts["light"]))
        return FramesRead(count, first, np.asarray(facts["damaged"], np.int64).tolist(), light)

    def read(self) -> Iterator[Float32Array]:
        """The places (ROWS, COLUMNS, 2) in each frame, as far as ``KeptPieces.read``."""
        return (np.asarray(place, np.float32) for place in super().read())

    def all(self, count: int) -> Iterator[Float32Array]:
        """The places in each of ``count`` frames, as ``KeptPieces.all``."""
        return (np.asarray(place, np.float32) for place in super().all(count))

    def keep(self, places: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """The same places, all of a source; each file is written as soon as its frames are known."""
        for place in places:
            self.add(place)
            yield place

    def conclude(self, read: FramesRead) -> None:
        """Write the last file, and what was read of the source."""
        self.close()
        facts: dict[str, Array] = {
            "count_first": np.array([read.count, read.first], np.int64),
            "damaged": np.array(read.damaged, np.int64),
            "light": np.array(read.light.model_dump_json()),
        }
        write_arrays(self.folder / READ, facts)
