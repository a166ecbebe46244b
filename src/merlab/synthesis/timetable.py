"""Place movements in time: in random places, with at least a given gap before, between and after them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def free_time(lengths: Sequence[int], ticks: int, gap: int) -> int:
    """The ticks that remain of ``ticks`` beside movements of these lengths and their gaps; negative: too many."""
    return ticks - sum(lengths) - gap * (len(lengths) + 1)


def starts_of(rng: np.random.Generator, lengths: Sequence[int], ticks: int, gap: int) -> list[int]:
    """The start of each movement, in ticks; they keep their order, and the free time is divided randomly.

    Raises ValueError if the free time is negative.
    """
    if not lengths:
        return []
    shares = np.sort(rng.integers(0, free_time(lengths, ticks, gap) + 1, len(lengths)))
    starts = shares + gap * np.arange(1, len(lengths) + 1) + np.cumsum([0, *lengths[:-1]])
    return [int(start) for start in starts]
