"""Action units as coders write them."""

from __future__ import annotations

import pytest

from merlab.coding.units import read_units, units_cell


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
    assert units_cell(read_units(text)) == cell


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("12+smile", "smile"), ("0", "0"), ("100", "100"), ("1٢", "1٢"), ("12 6", "12 6"), ("L12 left", "L12 left")],
)
def test_what_is_not_a_unit_is_named(text, wrong):
    with pytest.raises(ValueError, match=wrong):
        read_units(text)
