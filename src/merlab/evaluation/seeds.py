"""Seeds of a study as Python gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from merlab.errors import MerlabError
from merlab.given import as_whole, is_whole

# What the random numbers of numpy and scikit-learn can start from.
LARGEST_SEED = 2**32 - 1
MOST_SEEDS = 10_000


def as_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds 0 to N - 1 from a number N, or the seeds themselves; raises MerlabError for others than 0, 1, 2, ..."""
    if not isinstance(seeds, Iterable) or isinstance(seeds, bytes):
        return tuple(range(as_whole(seeds, "seeds", 1, MOST_SEEDS)))
    chosen = tuple(seeds)
    sound = all(is_whole(seed) and 0 <= seed <= LARGEST_SEED for seed in chosen)
    if not chosen or not sound or len(set(chosen)) < len(chosen):
        raise MerlabError(f"seeds must be a number, or different whole numbers from 0 to {LARGEST_SEED}, got {seeds!r}")
    return tuple(map(int, chosen))
