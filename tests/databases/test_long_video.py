"""Long videos and their movements, as a reader or a program makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from merlab.databases.long_video import LongEvent, LongVideo
from merlab.errors import MerlabError


def test_a_movement_is_of_a_known_kind():
    with pytest.raises(MerlabError, match="unknown kind of movement 'Micro'; did you mean micro"):
        LongEvent(5, 7, 9, cast(Any, "Micro"))


def test_a_source_may_be_a_text():
    assert LongVideo("mine", "s1", "a", cast(Any, "a.avi"), 50.0, 100, ()).source == Path("a.avi")
