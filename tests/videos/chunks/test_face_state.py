"""The face during a movement: the worst frame from onset to offset counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.spotting.event import SpottedEvent
from merlab.spotting.motion import COLUMNS, ROWS
from merlab.videos.chunks.face_state import face_state, head_movement
from merlab.videos.chunks.kept_chunk import KeptTrack
from merlab.videos.words import FaceState

FIRST, FRAMES, SIZE = 11, 20, (231, 282)
EVENT = SpottedEvent(onset=14, apex=18, offset=22, peak=18, score=9.0, part="chin")
# Roll, pupils, nose x and y, misfit of every frame.
CALM = (1.0, 123.0, 116.0, 145.0, 0.5)


def track(**changed: Mapping[int, ArrayLike]) -> KeptTrack:
    """A face on the layout itself; ``mesh`` and ``transforms`` replace those of some frames, by number."""
    arrays: dict[str, Any] = {
        "mesh": np.tile(np.array(CALM, np.float32), (FRAMES, 1)),
        "transforms": np.tile(np.array([[1.0, 0, 0], [0, 1, 0]]), (FRAMES, 1, 1)),
    }
    for name, by_number in changed.items():
        for number, values in by_number.items():
            arrays[name][number - FIRST] = values
    return KeptTrack(
        0,
        FIRST,
        boxes=np.ones((FRAMES, 5)),
        places=np.zeros((FRAMES, ROWS, COLUMNS, 2), np.float32),
        shown=np.arange(FIRST, FIRST + FRAMES),
        **arrays,
    )


@pytest.mark.parametrize("number", [14, 18, 22])
def test_the_worst_frame_of_the_movement_counts(number):
    state = face_state(track(mesh={number: (-40.0, 50.0, 80.0, 145.0, 6.0)}), EVENT, SIZE)
    assert (state.roll, state.pupils, state.turn, state.misfit) == (40.0, 50.0, 35.0, 6.0)


@pytest.mark.parametrize("number", [13, 23])
def test_frames_before_and_after_do_not(number):
    state = face_state(track(mesh={number: (-40.0, 50.0, 80.0, 145.0, 6.0)}), EVENT, SIZE)
    assert (state.roll, state.pupils, state.turn, state.misfit) == (1.0, 123.0, 1.0, 0.5)


def test_frames_without_landmarks_are_left_out():
    state = face_state(track(mesh={18: (np.nan,) * 5}), EVENT, SIZE)
    assert (state.roll, state.misfit) == (1.0, 0.5)


STILL = np.zeros((LAYOUT_HEIGHT, LAYOUT_WIDTH, 2), np.float32)
# The frame of this number is shifted by (3, 4) px to be aligned.
SHIFTED = ((1, 0, 3), (0, 1, 4))


def moved_head(number, left=STILL):
    return head_movement(face_state(track(transforms={number: SHIFTED}), EVENT, SIZE), left)


def test_the_head_moves_from_onset_to_apex_as_far_as_the_alignment_moved_it_back():
    assert moved_head(18) == pytest.approx(5)
    assert moved_head(20) == 0


def test_what_the_alignment_left_of_the_movement_of_the_head_counts():
    assert moved_head(20, STILL + np.array((6, 8), np.float32)) == pytest.approx(10)
    # It moved the face back by (3, 4) px of (9, 12).
    assert moved_head(18, STILL - np.array((6, 8), np.float32)) == pytest.approx(15)


def test_an_error_of_the_alignment_is_no_movement_of_the_head():
    """The alignment moves a still head by (3, 4) px, and so do the aligned faces."""
    assert moved_head(18, STILL + np.array((3, 4), np.float32)) == pytest.approx(0)


def test_the_head_of_a_face_that_was_aligned_elsewhere_moves_as_it_is_seen():
    assert head_movement(FaceState(), STILL + np.array((3, 4), np.float32)) == pytest.approx(5)


def test_a_face_that_leaves_the_frame_is_cut_off():
    cut = track(transforms={22: ((1, 0, 23.1), (0, 1, 0))})
    assert face_state(track(), EVENT, SIZE).coverage == 1
    # A tenth of 231 columns.
    assert face_state(cut, EVENT, SIZE).coverage == pytest.approx(0.9, abs=0.005)


def test_nothing_is_known_of_faces_that_were_aligned_elsewhere():
    unknown = np.full((FRAMES, 5), np.nan, np.float32), np.full((FRAMES, 2, 3), np.nan)
    state = face_state(replace(track(), mesh=unknown[0], transforms=unknown[1]), EVENT, SIZE)
    assert state.aligned is None
    assert all(np.isnan(value) for name, value in vars(state).items() if name != "aligned")
