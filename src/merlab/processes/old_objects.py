"""How often Python searches objects that it has kept for long for those that nothing needs."""

from __future__ import annotations

import gc

# Of searches of younger objects, after which the old ones are searched; 10 by default.
SELDOM = 100


def search_old_objects_seldom() -> None:
    """Let this process search old objects for garbage seldom, and new ones, which become garbage, as often as before.

    While the libraries are loaded, every object is an old one soon: Python would search hundreds of thousands of them
    five times, which takes a fifth of the time.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)
