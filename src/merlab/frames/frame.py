"""The data model of frames: images by their number, in time if the source has a clock."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.frames.clock import Clock

MAX_FRAMES_NAMED = 5
# A frame is blank where the mean gray values of so many fields in each direction span at most so many values: after
# strong compression those of one color span up to 6, those of a face 40 or more, and 8 with a seventh of its contrast.
BLANK_FIELDS, BLANK_SPAN = 8, 6

Image = NDArray[np.uint8]
Float32Array = NDArray[np.float32]


class ClipError(MerlabError):
    """A clip, or its frames, break a rule of the data model."""


class DamagedFrameError(ClipError):
    """A frame is there, but cannot be decoded, or only in part; others may be sound."""


class SourceChangedError(ClipError):
    """A source is not the one of which frames were read before."""

    @classmethod
    def of(cls, source: Path) -> SourceChangedError:
        """The error that names ``source``, and the remedy."""
        return cls(
            f"{source} was changed while it was read, so that not all frames are of one video; run the command again "
            "when the video is complete"
        )


class Frames(Protocol):
    """Frames by their number. ``fps`` is None if the source does not state a frame rate."""

    @property
    def fps(self) -> float | None:
        """Recorded frames per second; None if the source does not state it."""

    @property
    def clock(self) -> Clock | None:
        """When each frame was recorded; None for a folder of images, and for a stream without time stamps."""

    @property
    def numbers(self) -> Sequence[int]:
        """The existing frame numbers, in ascending order; a frame may exist and be damaged."""

    @property
    def promised(self) -> int:
        """How many frames the source should have; more than there are if a video was cut off."""

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        """All (number, image) pairs in ascending order; raises ClipError for a damaged frame that others follow."""

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """Every frame of ``numbers`` once, ascending; only ``wanted`` frames are made into an image."""

    def read(self, number: int) -> Image:
        """Frame ``number`` as (H, W, 3) uint8 BGR. Raises ClipError if it is absent or damaged."""


class FramesByNumber(ABC):
    """Frames without a clock, each of which is read by itself: ``numbers`` and ``read`` say everything of them."""

    fps: float | None = None
    clock: None = None

    @property
    @abstractmethod
    def numbers(self) -> Sequence[int]:
        """As in ``Frames``."""

    @abstractmethod
    def read(self, number: int) -> Image:
        """As in ``Frames``."""

    @property
    def promised(self) -> int:
        """How many frames there are."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        return ((number, self.read(number)) for number in self.numbers)

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """Every frame once, ascending; only those ``wanted`` are read."""
        for number in self.numbers:
            try:
                image = self.read(number) if wanted(number) else None
            except DamagedFrameError:
                yield WalkedFrame(number, None, None, damaged=True)
            else:
                yield WalkedFrame(number, None, image)


@dataclass(frozen=True, eq=False)
class WalkedFrame:
    """One frame that ``Frames.walk`` gives.

    Attributes:
        number: the frame number.
        seconds: when the frame was recorded, see ``Clock.seconds``; None if the source has no clock.
        image: (H, W, 3) uint8 BGR; None if the frame was not wanted, or is damaged.
        damaged: whether a wanted frame cannot be decoded, or only with errors; it has no image.

    """

    number: int
    seconds: float | None
    image: Image | None
    damaged: bool = False


def is_blank(image: Image) -> bool:
    """Whether a frame (H, W, 3) is of one color, such as black where a camera is covered, or nearly so."""
    # Of each field, 16 x 16 pixels are enough, in a fifth of the time or less.
    sampled = cv2.resize(image, (16 * BLANK_FIELDS, 16 * BLANK_FIELDS), interpolation=cv2.INTER_NEAREST)
    gray = cv2.cvtColor(sampled, cv2.COLOR_BGR2GRAY)
    return bool(np.ptp(cv2.resize(gray, (BLANK_FIELDS, BLANK_FIELDS), interpolation=cv2.INTER_AREA)) <= BLANK_SPAN)


def describe_numbers(numbers: Sequence[int]) -> str:
    """``frames 46..86`` or ``frames 46..86, 3 missing between: 50, 51, 60``; ``no frames`` if there are none."""
    if not numbers:
        return "no frames"
    text = f"frames {numbers[0]}..{numbers[-1]}"
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    if not missing:
        return text
    # Not as a set: one file with a date as its number would make it larger than the memory.
    pairs = itertools.pairwise(numbers)
    gaps = itertools.chain.from_iterable(range(before + 1, after) for before, after in pairs)
    named = ", ".join(map(str, itertools.islice(gaps, MAX_FRAMES_NAMED)))
    return f"{text}, {missing} missing between: {named}" + (", ..." if missing > MAX_FRAMES_NAMED else "")
