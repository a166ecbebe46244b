"""The frames of one clip are aligned in a working folder, where an interrupted command continues with them."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from merlab.errors import MerlabError
from merlab.outputs.checkpoints import Pace, read_checkpoint, write_checkpoint
from merlab.preparation.aligned_clip import TRANSFORMS, ClipWriter, frame_name
from merlab.storage import WriteError, replace_folder

# The hidden folder of a result for such work; another name than that of ResultFolder, whose work may be there too.
WORKING, STATE = ".aligning", "clip.state"
# Rises where a writer has another state, or the same request gives other frames.
VERSION = 2


@dataclass(frozen=True)
class ClipState:
    """A writer between two frames, what it was made for, and the size of TRANSFORMS in bytes."""

    made_for: str
    writer: ClipWriter
    transforms: int


class UnfinishedClip:
    """The ``frames`` of a clip until they are ``complete``, and the last stored state of their writer.

    Both are in the folder ``working``, which no other clip uses; ``complete`` is the folder that appears whole or not
    at all. ``made_for`` states everything that determines the frames; what is there of other frames is not used.
    """

    def __init__(self, complete: Path, working: Path, made_for: str) -> None:
        self._complete, self._working = complete, working
        self.frames, self._state = self._working / complete.name, self._working / STATE
        self._made_for = f"{VERSION} {made_for}"
        self._pace = Pace()

    def continued(self, new: ClipWriter) -> ClipWriter:
        """The writer in the state in which it was interrupted, or the ``new`` one, with an empty folder."""
        stored = read_checkpoint(self._state, new.shared)
        if isinstance(stored, ClipState):
            if stored.made_for != self._made_for:
                warnings.warn(
                    f"the source, the settings or merlab have changed since {new.job.title} was stopped; it is aligned "
                    "from its first frame",
                    stacklevel=2,
                )
            elif self._holds(stored):
                return stored.writer
        self.remove()
        self.frames.mkdir(parents=True)
        return new

    def _holds(self, state: ClipState) -> bool:
        """Whether everything is there that was written before a state; what was written after it is removed."""
        writer = state.writer
        names = {frame_name(writer.frames, number, writer.settings) for number in writer.written}
        self.frames.mkdir(parents=True, exist_ok=True)
        sizes = {path.name: path.stat().st_size for path in self.frames.iterdir()}
        for name in sizes.keys() - names - {TRANSFORMS}:
            (self.frames / name).unlink()
        if sizes.get(TRANSFORMS, 0) > state.transforms:
            os.truncate(self.frames / TRANSFORMS, state.transforms)
        # After a power failure, a file may be there without its content.
        return sizes.get(TRANSFORMS, 0) >= state.transforms and all(sizes.get(name) for name in names)

    def store(self, writer: ClipWriter) -> None:
        """Store the state of the writer, if it is time."""
        if self._pace.is_due:
            with self._pace.storing():
                path = self.frames / TRANSFORMS
                size = path.stat().st_size if path.exists() else 0
                write_checkpoint(self._state, ClipState(self._made_for, writer, size), writer.shared)

    @contextmanager
    def kept_if_stopped(self) -> Iterator[None]:
        """Keep what was written until the last state where the block is stopped, or a disk is full or does not answer.

        Raises WriteError for an OSError.
        """
        try:
            yield
        except OSError as error:
            raise WriteError.at(self._working, error) from error
        except MerlabError as error:
            if not isinstance(error.__cause__, OSError):
                # The remedy is another source or setting, which the same folder would otherwise refuse.
                self.remove()
            raise
        finally:
            if not self._state.exists():
                self.remove()

    def finish(self) -> None:
        """Put the frames, which are complete, into their place."""
        self._complete.parent.mkdir(parents=True, exist_ok=True)
        replace_folder(self._complete, self.frames)
        self.remove()

    def remove(self) -> None:
        """Remove what is unfinished."""
        shutil.rmtree(self._working, ignore_errors=True)
