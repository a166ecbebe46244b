"""Values as Python gives them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.given import as_path, is_number, require_instance, require_number, require_yes_or_no


@pytest.mark.parametrize("value", [1, 2.5, np.float32(1), np.int64(3), Fraction(30000, 1001), float("nan")])
def test_numbers_of_any_type_are_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, [1]])
def test_truth_values_and_texts_are_no_numbers(value):
    assert not is_number(value)


def test_a_number_is_within_its_limits():
    require_number(0, "share", 0, 1)
    require_number(1, "share", 0, 1)
    require_number(float("inf"), "largest", 0)
    for value in (1.1, -0.1, float("nan"), "1", True):
        with pytest.raises(MerlabError, match="share must be between 0 and 1, got"):
            require_number(value, "share", 0, 1)
    with pytest.raises(MerlabError, match="largest must be 0 or more, got -1"):
        require_number(-1, "largest", 0)


def test_yes_or_no_is_true_or_false_and_nothing_else():
    require_yes_or_no(again=True, aligned=False)
    for value in ("no", 1, None):
        with pytest.raises(MerlabError, match=f"again must be True or False, got {value!r}"):
            require_yes_or_no(aligned=True, again=value)


def test_an_object_of_a_class():
    require_instance(3, int, "faces", "any")
    with pytest.raises(MerlabError, match=r"faces must be a int \(count them\), got \{\}"):
        require_instance({}, int, "faces", "count them")


def test_a_path_is_a_text_or_a_path_and_not_empty():
    assert as_path("a/b", "source") == as_path(Path("a/b"), "source") == Path("a/b")
    for value in ("", None, 3, b"a", ["a"]):
        with pytest.raises(MerlabError, match="source must be a path, as text or pathlib.Path, got"):
            as_path(value, "source")
