"""The movement of windows of skin against known ones, and their median."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.geometry import translation
from merlab.faces.head_motion import displacement
from merlab.faces.skin_windows import SkinWindows, median
from tests.helpers import moved, texture

POINTS = np.stack(np.meshgrid(np.arange(20, 211, 5), np.arange(20, 112, 5)), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("count", [1, 2, 391, 392])
def test_the_median_is_that_of_numpy(count):
    numbers = np.random.default_rng(count).normal(size=count)
    assert median(numbers) == np.median(numbers)


@pytest.mark.parametrize("shift", [(0.4, -0.3), (-0.2, 0.5), (0.7, 0.7), (0, 0)])
@pytest.mark.parametrize("grain", ["even", "diagonal"])
def test_a_shift_of_less_than_a_pixel_is_found_at_once_to_a_tenth(shift, grain):
    skin = texture(0, 132, 231)
    if grain == "diagonal":
        skin = np.mean([np.roll(skin, (step, step), axis=(0, 1)) for step in range(8)], axis=0, dtype=np.float32)
    windows = SkinWindows(skin.astype(np.uint8), POINTS)
    found = windows.correction(moved(skin, *shift).astype(np.uint8))
    assert found is not None
    assert displacement(found.after(translation(*shift))) < 0.1
