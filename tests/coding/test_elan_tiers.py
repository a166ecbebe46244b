"""The names of the tiers of ``merlab coding export``."""

from __future__ import annotations

import pytest

from merlab.coding.elan_tiers import TierName, tier_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AB face 0 movements", TierName("AB", 0, "movements")),
        ("A B face 12 apexes (2)", TierName("A B", 12, "apexes", 2)),
        ("(no initials) face 1 rejected action units", TierName("", 1, "rejected action units")),
    ],
)
def test_a_name_is_read_as_it_was_written(text, name):
    assert tier_name(text) == name
    assert str(name) == text


@pytest.mark.parametrize(
    "text", ["face 0 movements", "AB face x movements", "AB face 0 smiles", "AB face 0 movements 2"]
)
def test_other_names_are_not_those_of_merlab(text):
    assert tier_name(text) is None
