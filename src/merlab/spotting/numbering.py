"""The numbers of frames by their position from 1: images keep theirs where a camera dropped the others.

``first`` is the number of the first frame, ``numbers`` are those of all, None where none is missing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from merlab.frames import Frames, ImageFolder


def numbers_with_gaps(frames: Frames) -> Sequence[int] | None:
    """The numbers of all frames of a folder of images where some are missing; None where none is missing."""
    numbers = frames.numbers if isinstance(frames, ImageFolder) else ()
    return numbers if len(numbers) > 0 and len(numbers) <= numbers[-1] - numbers[0] else None


def number_at(position: int, first: int, numbers: Sequence[int] | None = None) -> int:
    """The number of the frame at a position."""
    return first + position - 1 if numbers is None else numbers[position - 1]


def position_of(number: int, first: int, numbers: Sequence[int] | None = None) -> int:
    """The position of the frame with a number."""
    return number - first + 1 if numbers is None else bisect_right(numbers, number)
