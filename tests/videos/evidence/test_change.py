"""What changes in a face beyond its movement: something that covers it, not its muscles and not the light."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.frames import Image
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


def test_a_rising_corner_of_the_mouth_is_a_movement_and_no_change():
    rise = 3 * bump(COLUMNS, ROWS, LEFT_MOUTH_CORNER)
    moved = np.stack([STILL, -rise], axis=-1).astype(np.float32)
    assert picture_change(REST, warped(face(), STILL, -rise), moved) < LIMIT / 3


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
