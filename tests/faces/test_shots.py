"""Cuts are found; movement and changes of light are not cuts."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.shots import CutFinder
from tests.helpers import moved, texture


def scene(seed, u=0.0, v=0.0):
    """A camera frame with smooth structures of about 40 px, like rooms and people."""
    large = np.kron(texture(seed, 15, 20), np.ones((32, 32), np.float32))
    return np.repeat(moved(large, u, v)[..., None], 3, axis=2).astype(np.uint8)


def cuts(*frames):
    finder = CutFinder()
    return [finder.is_cut(frame) for frame in frames]


def test_another_scene_is_a_cut_at_its_first_frame():
    assert cuts(scene(0), scene(0), scene(1), scene(1)) == [False, False, True, False]


@pytest.mark.parametrize("shift", [(3, 0), (0, -6), (8, 8)])
def test_a_moving_scene_is_not_a_cut(shift):
    assert cuts(scene(0), scene(0, *shift)) == [False, False]


def test_a_change_of_light_is_not_a_cut():
    assert cuts(scene(0), (0.4 * scene(0)).astype(np.uint8), scene(0)) == [False] * 3


def test_black_frames_between_two_scenes_have_a_cut_before_and_after_and_none_inside():
    black = np.zeros_like(scene(0))
    assert cuts(scene(0), black, black, scene(0)) == [False, True, False, True]
