"""The tiers of the machine are told from those of people, also from copies that a person renamed."""

from __future__ import annotations

import pytest

from merlab.elan.tier_names import machine_face, machine_kind, with_further


@pytest.mark.parametrize(
    ("name", "kind", "face"),
    [
        ("face 0 events", "events", "0"),
        ("face 12 weak candidates (3)", "weak candidates", "12"),
        ("face 1 apexes [SYNTHETIC] [REDUCED] (2)", "apexes", "1"),
        ("face 0 events copy", None, ""),
        ("face 0 events (2) copy", None, ""),
        ("AB face 0 events", None, ""),
        ("AB face 0 movements", None, ""),
        ("face \u0663 events", None, ""),
    ],
)
def test_a_tier_of_the_machine_has_exactly_its_name(name, kind, face):
    assert (machine_kind(name), machine_face(name)) == (kind, face)


@pytest.mark.parametrize(
    ("chosen", "further"),
    [
        ("face 0 events", "face 0 events (2)"),
        ("face 0 events [SYNTHETIC]", "face 0 events [SYNTHETIC] (10)"),
        ("AB face 1 movements", "AB face 1 movements (2)"),
    ],
)
def test_what_overlaps_on_a_tier_is_read_with_it(chosen, further):
    others = [
        "face 0 events (2) copy",
        "CD face 1 movements (2)",
        "face 1 events (2)",
        f"{chosen} (b)",
        f"my {further}",
    ]
    assert with_further(chosen, [chosen, *others[:2], further, *others[2:]]) == [chosen, further]


def test_a_number_in_the_name_of_a_tier_of_another_program_makes_it_no_part_of_another_tier():
    assert with_further("AU 4", ["AU 4", "AU 4 (2)"]) == ["AU 4"]
