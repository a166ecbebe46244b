"""Libraries that are loaded when they are first needed leave the random numbers of the program as they are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_drawing() -> Iterator[None]:
    """Load libraries inside: rich draws a number of ``random`` then, which a program with a seed would miss."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)
