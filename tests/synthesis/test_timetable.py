"""Random places of movements in time."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.synthesis.timetable import free_time, starts_of


def test_movements_keep_their_order_and_their_gaps():
    lengths = [50, 200, 1, 30]
    for seed in range(50):
        starts = starts_of(np.random.default_rng(seed), lengths, 1000, 40)
        edges = [0, *(edge for start, length in zip(starts, lengths, strict=True) for edge in (start, start + length))]
        assert min(np.diff([*edges, 1000])[::2]) >= 40


def test_movements_that_just_fit_have_exactly_the_gaps():
    assert free_time([50, 200], 370, 40) == 0
    assert starts_of(np.random.default_rng(0), [50, 200], 370, 40) == [40, 130]
    assert starts_of(np.random.default_rng(0), [], 10, 40) == []


def test_movements_that_do_not_fit_are_an_error():
    assert free_time([50, 200], 369, 40) == -1
    with pytest.raises(ValueError, match="high"):
        starts_of(np.random.default_rng(0), [50, 200], 368, 40)
