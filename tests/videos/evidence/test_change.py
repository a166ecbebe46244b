"""What changes in a face beyond its movement: something that covers it, not its muscles and not the light."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.frames import Image
from merlab.spotting.motion import block_centers, lid_blocks
from merlab.videos.evidence.change import picture_change
from merlab.videos.words import WordSettings
from tests.videos.faces import LEFT_MOUTH_CORNER, bump, face, warped

LIMIT = WordSettings().largest_change
ROWS, COLUMNS = np.mgrid[0:282, 0:231].astype(float)
STILL = np.zeros((282, 231))
NOT_MOVED = np.zeros((282, 231, 2), np.float32)
REST = warped(face(), STILL, STILL)


def brighter(picture: Image, gain: float, where: NDArray[np.float64] | float = 1.0) -> Image:
    """The picture with its light changed by this factor, as far as ``where`` is 1."""
    return np.clip(picture * (1 + (gain - 1) * np.broadcast_to(where, (282, 231)))[..., None], 0, 255).astype(np.uint8)


def test_the_same_picture_does_not_change():
    assert picture_change(REST, REST, NOT_MOVED) == 0


@pytest.mark.parametrize(("right", "down"), [(0, -3), (3, 0), (-2, -2)])
def test_a_corner_of_the_mouth_that_moves_is_a_movement_and_no_change(right, down):
    u, v = (way * bump(COLUMNS, ROWS, LEFT_MOUTH_CORNER) for way in (right, down))
    moved = np.stack([u, v], axis=-1).astype(np.float32)
    assert picture_change(REST, warped(face(), u, v), moved) < LIMIT / 3


def test_a_lamp_changes_the_whole_face_alike():
    assert picture_change(brighter(REST, 0.5), brighter(REST, 0.6), NOT_MOVED) < LIMIT / 3


@pytest.mark.parametrize("center", [(60.0, 200.0), (116.0, 150.0), (170.0, 210.0)])
def test_a_hand_on_the_face_changes_it(center):
    hand = np.hypot(COLUMNS - center[0], ROWS - center[1]) < 45
    covered = np.where(hand[..., None], np.uint8(25), REST)
    assert picture_change(REST, covered, NOT_MOVED) > 2 * LIMIT


def test_the_change_of_a_block_is_the_logarithm_of_its_light():
    gray = np.full((282, 231, 3), 184, np.uint8)
    darker = gray.copy()
    # ln((184 + 16) / (84 + 16)) = ln 2 in blocks that are wholly darker.
    darker[120:182, 80:160] = 84
    assert picture_change(gray, darker, NOT_MOVED) == pytest.approx(np.log(2), abs=0.01)


def darker_in(blocks: NDArray[np.bool_]) -> float:
    """The change of a gray face that gets darker around the centers of these blocks."""
    gray = np.full((282, 231, 3), 184, np.uint8)
    darker = gray.copy()
    x, y = block_centers()
    for column, row in zip(x[blocks].round().astype(int), y[blocks].round().astype(int), strict=True):
        darker[row - 3 : row + 4, column - 3 : column + 4] = 84
    return picture_change(gray, darker, NOT_MOVED)


def test_lids_that_close_and_what_is_at_the_border_are_no_change():
    right, left = lid_blocks()
    border = np.pad(np.zeros((right.shape[0] - 2, right.shape[1] - 2), bool), 1, constant_values=True)
    assert [darker_in(blocks) for blocks in (right, left, right | left, border)] == pytest.approx([0] * 4, abs=1e-6)
    cheek = np.zeros_like(right)
    cheek[8, 3] = True
    assert darker_in(cheek) > 0.05
