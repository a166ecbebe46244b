"""Action units as coders write them."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.table_files.action_units import require_units, units_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("", ""),
        ("12", "12"),
        ("4+L10", "4+L10"),
        ("AU12 left 1.90 px; AU6 0.72 px", "L12+6"),
        ("au1, au2 right", "1+R2"),
        ("12B+R14c", "12B+R14C"),
        ("AU06;6", "6"),
        ("AU12 left 1.90; 6 .72", "L12+6"),
        ("L AU10; AU R4, rAU 15", "L10+R4+R15"),
    ],
)
def test_a_cell_is_read_into_one_spelling(text, cell):
    assert units_cell(require_units(text)) == cell


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("12+smile", "smile"), ("0", "0"), ("100", "100"), ("1٢", "1٢"), ("12 6", "12 6"), ("L12 left", "L12 left")],
)
def test_what_is_not_a_unit_is_named(text, wrong):
    with pytest.raises(MerlabError, match=f"'{wrong}' is not an action unit; write numbers of FACS"):
        require_units(text)


@pytest.mark.parametrize("number", [47, 67, 79, 90, 99])
def test_a_number_that_facs_does_not_have_is_named(number):
    with pytest.raises(MerlabError, match=f"FACS has no action unit {number}; correct the number in '12.L{number}B'"):
        require_units(f"12+L{number}B")


def test_codes_of_head_eyes_visibility_and_behavior_are_units_too():
    """Ekman, Friesen and Hager 2002; 3 is in the FACS for infants."""
    text = "3+46+51+66+68+74+80+85+91+92+97+98"
    assert units_cell(require_units(text)) == text
