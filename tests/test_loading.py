"""Libraries that are loaded late take no random numbers from a program, and give back none that it has drawn."""

from __future__ import annotations

import random
import sys

from merlab.loading import without_drawing


def test_what_loading_draws_is_drawn_again_by_the_program():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    with without_drawing("a module that is not loaded"):
        random.random()
    assert random.random() == expected


def test_a_module_that_is_loaded_sets_nothing_back():
    """Another thread may have drawn meanwhile: it would draw the same number again."""
    assert "random" in sys.modules
    random.seed(1)
    with without_drawing("random"):
        drawn = random.random()
    assert random.random() != drawn
