"""The median of the movement in windows."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.skin_windows import median


@pytest.mark.parametrize("count", [1, 2, 391, 392])
def test_the_median_is_that_of_numpy(count):
    numbers = np.random.default_rng(count).normal(size=count)
    assert median(numbers) == np.median(numbers)
