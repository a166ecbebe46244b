"""The names of the package, each of which is loaded when it is first used."""

from __future__ import annotations

import pytest

from merlab import synthesis


def test_every_name_is_there_and_another_one_is_an_attribute_error():
    assert [name for name in synthesis.__all__ if not hasattr(synthesis, name)] == []
    with pytest.raises(AttributeError, match="module 'merlab.synthesis' has no attribute 'make_face'"):
        synthesis.make_face  # noqa: B018
