"""Frames of an aligned face that cannot be decoded keep their time: none of the others moves."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from merlab.frames import ImageFolder, WalkedFrame
from merlab.frames.clock import ClockError
from merlab.progress import silent
from merlab.spotting.aligned_frames import AlignedFrames, clock_of_frames, damaged_runs


class Walked:
    """A source whose frames are gray, as bright as their number, over white; some are damaged."""

    def __init__(self, count: int, damaged: set[int], first: int, blank: Set[int]) -> None:
        self._blank = blank
        self.promised, self._numbers, self._damaged = count, range(first, first + count), damaged

    def walk(self, _wanted):
        for number in self._numbers:
            image = None if number in self._damaged else np.full((282, 231, 3), number, np.uint8)
            if image is not None:
                image[141:] = 255
            if number in self._blank:
                image = np.full((282, 231, 3), number, np.uint8)
            yield WalkedFrame(number, None, image, damaged=image is None)


def read(
    count: int, damaged: set[int], first: int = 1, blank: Set[int] = frozenset()
) -> tuple[AlignedFrames, list[int | None]]:
    frames = AlignedFrames(Path("a.avi"), cast(Any, Walked(count, damaged, first, blank)), silent)
    return frames, [None if image is None else int(image[0, 0, 0]) for image in frames.images()]


def test_the_frame_before_is_shown_in_place_of_a_damaged_one():
    frames, shown = read(8, {3, 6, 7})
    assert shown == [1, 2, 2, 4, 5, 5, 5, 8]
    assert (frames.count, frames.first, frames.damaged) == (8, 1, [3, 6, 7])


def test_the_next_one_is_shown_at_the_beginning_and_the_end_is_left_out():
    frames, shown = read(6, {46, 47, 51}, first=46)
    assert shown == [48, 48, 48, 49, 50]
    assert (frames.count, frames.first, frames.damaged) == (5, 46, [46, 47, 51])


def test_three_damaged_frames_in_a_row_are_a_gap():
    frames, shown = read(9, {4, 5, 6})
    assert shown == [1, 2, 3, None, None, None, 7, 8, 9]
    assert (frames.count, frames.damaged) == (9, [4, 5, 6])


def test_many_damaged_frames_at_the_beginning_are_a_gap_too():
    frames, shown = read(5, {46, 47, 48}, first=46)
    assert shown == [None, None, None, 49, 50]
    assert (frames.count, frames.first) == (5, 46)


def test_blank_frames_are_taken_for_damaged_ones():
    frames, shown = read(9, {2, 5, 6, 7}, blank={2, 6})
    assert shown == [1, 1, 3, 4, None, None, None, 8, 9]
    assert (frames.count, frames.damaged) == (9, [2, 5, 6, 7])


def test_the_gaps_are_the_positions_of_three_or_more_damaged_frames_in_a_row():
    assert damaged_runs([46, 47, 50, 51, 52, 60, 61, 62, 63], first=46) == [range(5, 8), range(15, 19)]


def test_the_gaps_are_positions_also_where_numbers_are_missing_in_a_folder():
    numbers = [46, 47, 60, 61, 62, 63, 80]
    assert damaged_runs([47, 60, 61, 63], first=46, numbers=numbers) == [range(2, 5)]


def test_frames_that_merlab_aligned_are_refused_with_their_rate_and_others_without(tmp_path):
    for number in range(1, 4):
        (tmp_path / f"reg_img{number}.jpg").touch()
    (tmp_path / "alignment.json").write_text('{"fps": 59.9400599}', encoding="utf-8")
    with pytest.raises(ClockError, match=r"give --fps 59\.94, which alignment.json beside the frames states$"):
        clock_of_frames(tmp_path, ImageFolder(tmp_path), None)
    assert clock_of_frames(tmp_path, ImageFolder(tmp_path), 59.94).fps == 59.94
    (tmp_path / "alignment.json").write_text('{"fps": "often"}', encoding="utf-8")
    with pytest.raises(ClockError, match="give --fps$"):
        clock_of_frames(tmp_path, ImageFolder(tmp_path), None)


def test_a_folder_without_frames_needs_no_rate(tmp_path):
    (tmp_path / "alignment.json").write_text('{"fps": 200}', encoding="utf-8")
    with pytest.raises(ClockError, match=r"contains no images .* or the path of a video$"):
        clock_of_frames(tmp_path, ImageFolder(tmp_path), None)
