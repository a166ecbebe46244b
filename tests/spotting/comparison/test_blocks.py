"""Histograms of blocks and their distance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import additive_chi2_kernel

from merlab.spotting.comparison.blocks import block_of_pixels, chi_square, histograms, mean_of_largest


def test_the_distance_is_that_of_scikit_learn():
    one, other = np.random.default_rng(0).dirichlet(np.ones(59), (2, 36))
    one[:, 7] = other[:, 7] = 0
    expected = -np.diag(additive_chi2_kernel(one, other))
    assert chi_square(one, other) == pytest.approx(expected)
    assert chi_square(one, one) == pytest.approx(0)


def test_a_histogram_counts_the_bins_of_its_block():
    block = block_of_pixels(12, 18)
    assert (block[0, 0], block[0, -1], block[-1, 0], block[-1, -1]) == (0, 5, 30, 35)
    assert np.bincount(block.ravel()).tolist() == [6] * 36
    bins = np.where(block == 35, 2, 0)
    bins[0, 0] = 1
    found = histograms(bins, 3)
    assert found[35].tolist() == [0, 0, 1]
    assert found[0] == pytest.approx([5 / 6, 1 / 6, 0])


def test_the_largest_third_of_the_blocks_counts():
    assert mean_of_largest(np.arange(36.0)[None]) == pytest.approx([np.mean(range(24, 36))])
