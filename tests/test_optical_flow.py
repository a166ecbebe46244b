"""Dense inverse search: the settings of OpenCV's preset unless others are given, also after pickle."""

from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest

from merlab.optical_flow import DenseInverseSearch, dis

FINE = DenseInverseSearch(finest_scale=0, stride=4, steps=6, refinement=1)


@pytest.fixture(scope="module")
def pair():
    """Texture, and the same with 6 rows that move by 1 px."""
    noise = np.random.default_rng(0).standard_normal((96, 96)).astype(np.float32)
    still = np.asarray(np.clip(127 + 300 * cv2.GaussianBlur(noise, (0, 0), 1.5), 0, 255), np.uint8)
    moved = still.copy()
    moved[45:51, 1:] = still[45:51, :-1]
    return still, moved


def test_the_defaults_are_the_medium_preset_of_opencv(pair):
    opencv = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    expected = opencv.calc(*pair, None)  # type: ignore[call-overload]
    np.testing.assert_array_equal(DenseInverseSearch()(*pair), expected)
    np.testing.assert_array_equal(dis(*pair), expected)


def test_a_finer_scale_shows_more_of_a_small_movement(pair):
    fine, coarse = (flow(*pair)[46:50, 20:76, 0].mean() for flow in (FINE, DenseInverseSearch()))
    assert 1.5 * coarse < fine < 1


def test_a_stored_one_gives_the_same_flow_whether_it_was_used_or_not(pair):
    unused = pickle.loads(pickle.dumps(FINE))
    expected = FINE(*pair)
    for copy in (unused, pickle.loads(pickle.dumps(FINE))):
        assert copy == FINE
        np.testing.assert_array_equal(copy(*pair), expected)


def test_flow_does_not_depend_on_what_was_computed_before(pair):
    flow = DenseInverseSearch(finest_scale=0, stride=4, steps=6, refinement=1)
    expected = flow(*pair)
    flow(pair[1], np.roll(pair[0], 5, axis=0))
    np.testing.assert_array_equal(flow(*pair), expected)
