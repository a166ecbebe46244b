"""What a result states about its recognizer, with and without loading it."""

from __future__ import annotations

from merlab.models.shipped import SHIPPED
from merlab.videos.used_model import used_model


def test_the_card_alone_states_the_same_as_the_loaded_recognizer():
    assert used_model(None, "auto") == used_model(None, "torch") == used_model(SHIPPED, "auto")
