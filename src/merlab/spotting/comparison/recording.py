"""A video as a spotting method of your own sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from merlab.databases.long_video import LongEvent, LongVideo
from merlab.errors import MerlabError
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array
from merlab.outputs.kept_arrays import Array
from merlab.spotting.aligned_frames import InPlaceOfDamaged
from merlab.spotting.comparison.frame_reader import FrameReader
from merlab.spotting.comparison.kept_values import PLACES, file_of, keep, keep_places, kept, kept_places


class Recording:
    """A video of one aligned face, as a spotting method of your own sees it.

    Frames have the numbers of the whole program: those in the file names of a folder of images, from 1 in a video. The
    number of the frame at position ``i`` of an array is ``first + i``.

    Attributes:
        name: the name of the video.
        fps: frames per second.
        first: the number of the first frame.
        frames: how many frames there are; the last has the number ``first + frames - 1``.

    """

    def __init__(
        self, video: LongVideo, folder: Path, first: int, frames: int, measured: str | None, *, truth: bool
    ) -> None:
        self.name, self.fps, self.first, self.frames = video.name, video.fps, first, frames
        self._video = video if truth else replace(video, events=(), subject="")
        self._folder, self._measured, self._truth = folder, measured, truth

    def images(self) -> Iterator[NDArray[np.uint8]]:
        """Every frame in order, (H, W, 3) BGR from 0 to 255, one at a time, so that memory does not grow.

        A damaged or missing frame shows the one before it, the first ones the one after; all are black where none shows
        anything. Raises MerlabError for a video that cannot be read.
        """
        shown = InPlaceOfDamaged(gap=math.inf)
        for position, image in FrameReader(self._video, aligned=False).images(1):
            yield from (each for _, each in shown.push(position, image) if each is not None)
        black = np.zeros((LAYOUT_HEIGHT, LAYOUT_WIDTH, 3), np.uint8)
        yield from (black if each is None else each for _, each in shown.rest())

    def places(self) -> Float32Array:
        """Where 14 x 12 blocks of the face are in every frame, (frames, 14, 12, 2); measured once and kept.

        x to the right and y down, from the place in the first frame, in px of a face of 231x282; the movement of the
        head is subtracted. After a gap in the time stamps they start from 0 again, and after three or more frames in a
        row that are damaged or missing, which have 0. Raises MerlabError as ``images``.
        """
        if not file_of(self._folder, PLACES).is_file():
            reader = FrameReader(self._video, aligned=False)
            keep_places(self._folder, (image for _, image in reader.shown()), reader.clock, reader.keys)
        return np.stack(list(kept_places(self._folder)))

    def measured(self) -> NDArray[Any]:
        """What the function ``measure`` of the method returned for this recording, read from its file at each call.

        Raises MerlabError for a method without ``measure``, and within ``measure``.
        """
        if self._measured is None:
            raise MerlabError(
                f"nothing was measured of {self.name}; measured() gives what measure(recording) of the method returned"
            )
        return kept(self._folder, self._measured)

    @property
    def events(self) -> tuple[LongEvent, ...]:
        """The true movements, by onset, each with onset, apex (None if unknown), offset, kind, emotion, action_units.

        Raises MerlabError unless it is a recording that ``fit`` gets.
        """
        self._require_truth("true events")
        return self._video.events

    @property
    def subject(self) -> str:
        """The person, empty if unknown; raises MerlabError unless it is a recording that ``fit`` gets."""
        self._require_truth("subject")
        return self._video.subject

    def _require_truth(self, what: str) -> None:
        if not self._truth:
            raise MerlabError(f"only recordings that fit gets show the {what}; {self.name} is none of them")


@dataclass(frozen=True)
class OwnFeature:
    """What a spotting method of your own, of this name and code, measures of a whole recording."""

    name: str
    code: str
    of: Callable[[Recording], Array]

    @property
    def key(self) -> str:
        """The name of what is kept: other code has another one."""
        return f"own-{self.name}-{self.code}"

    def keep_only(self, folder: Path, values: Array) -> None:
        """Keep these values, and nothing that earlier code of the method measured."""
        keep(folder, self.key, values)
        earlier = file_of(folder, f"own-{self.name}-{'?' * len(self.code)}")
        for path in folder.glob(earlier.name):
            if path != file_of(folder, self.key):
                path.unlink()
