"""Libraries that are loaded when they are first needed leave the random numbers of the program as they are."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_drawing(module: str) -> Iterator[None]:
    """Load a module inside: rich draws a number of ``random`` then, which a program with a seed would miss.

    One that is loaded draws nothing; to set ``random`` back would repeat what another thread draws meanwhile.
    """
    if module in sys.modules:
        yield
        return
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)
