"""Products and medians are those of numpy, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.over_blocks import median_of_frames, product


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(2, 7, 3, 4, 2)).astype(np.float32)


@pytest.mark.parametrize("components", [1, 2])
def test_a_product_is_the_sum_over_components(values, components):
    first, second = values[..., :components]
    np.testing.assert_array_equal(product(first, second), (first * second).sum(axis=-1))


@pytest.mark.parametrize("frames", [1, 2, 6, 7])
def test_a_median_is_that_of_an_even_and_of_an_odd_number_of_frames(values, frames):
    several = values[0, :frames]
    np.testing.assert_array_equal(median_of_frames(several), np.median(several, axis=0))


def test_single_and_double_precision_stay(values):
    for kind in (np.float32, np.float64):
        own = values.astype(kind)
        assert product(own[0], own[1]).dtype == median_of_frames(own[0]).dtype == kind
