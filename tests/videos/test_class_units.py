"""The action units that go with a class, against the tables that they come from, and the movements that show them."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.schemes import SCHEMES
from merlab.spotting.motion import in_blocks, without_head
from merlab.synthesis.unit_flow import unit_flows
from merlab.videos.class_units import REGION_OF_UNIT, TABLES, class_units, is_supported
from merlab.videos.evidence.movement import moved_parts
from merlab.videos.moved import PartMovement, UnitStrength

# How many clips of CASME II (coding table of 2014) have the unit, as a share of those of the class, for every unit in
# at least a tenth of them.
CASME2_SHARES = {
    "happiness": {12: 0.84, 6: 0.25, 14: 0.16},
    "disgust": {4: 0.94, 7: 0.48, 10: 0.27, 9: 0.21},
    "surprise": {2: 0.80, 1: 0.72},
    "repression": {17: 0.70, 15: 0.41, 14: 0.15},
    "others": {4: 0.68, 14: 0.16},
}
# FACS (Ekman and Friesen): anger, disgust, fear, sadness and contempt; happiness; surprise.
FACS = {
    "negative": {4, 7, 9, 10, 14, 15, 17, 20, 24},
    "positive": {6, 12},
    "surprise": {1, 2, 5, 26},
}


@pytest.mark.parametrize("label", CASME2_SHARES)
def test_units_of_a_class_of_casme2_include_all_that_its_clips_often_have(label):
    units = class_units("casme2-5", label)
    assert units is not None
    assert units >= CASME2_SHARES[label].keys()
    # The others are units that a clip of the class shows alone.
    assert units - CASME2_SHARES[label].keys() <= ({7, 12, 17} if label == "others" else set())


@pytest.mark.parametrize("label", FACS)
def test_units_of_a_class_of_megc2019_are_those_of_facs(label):
    assert set(class_units("megc2019", label) or ()) == FACS[label]


@pytest.mark.parametrize("scheme", TABLES)
def test_every_class_of_a_scheme_with_a_table_has_units(scheme):
    assert all(class_units(scheme, label) for label in SCHEMES[scheme].classes)


def test_a_scheme_without_a_table_is_not_checked():
    assert class_units("samm-5", "anger") is None
    assert is_supported("samm-5", "anger", [], [])


class TestSupport:
    def test_one_of_the_listed_units_is_enough_on_one_side_too(self):
        assert is_supported("megc2019", "positive", [UnitStrength("AU17", 2), UnitStrength("AU12 left", 1)], [])

    def test_units_of_another_class_support_nothing_whatever_the_parts_do(self):
        smile = [PartMovement("mouth, left", 1.0, "up")]
        assert not is_supported("megc2019", "positive", [UnitStrength("AU4", 1.0)], smile)

    @pytest.mark.parametrize(
        ("label", "part", "direction", "supported"),
        [
            ("positive", "mouth, left", "up and outwards", True),
            ("positive", "cheeks, right", "up", True),
            ("positive", "mouth, left", "down", False),
            ("positive", "mouth, left", "in several directions", False),
            ("surprise", "eyes and brows", "up", True),
            ("negative", "eyes and brows", "up", False),
            ("negative", "eyes and brows", "down and to the left", True),
            ("negative", "chin", "up", True),
        ],
    )
    def test_without_a_unit_the_part_that_moves_most_must_go_the_way_of_one(self, label, part, direction, supported):
        largest, other = PartMovement(part, 0.9, direction), PartMovement("nose", 0.4, "up")
        assert is_supported("megc2019", label, [], [largest, other]) == supported

    def test_no_movement_supports_nothing(self):
        assert not is_supported("megc2019", "positive", [], [])


@pytest.mark.parametrize("unit", REGION_OF_UNIT)
def test_the_movement_of_a_part_is_that_of_the_unit_on_the_synthetic_face(unit):
    keys = [key for key in unit_flows() if key[:-1] == str(unit)]
    flow = np.sum([unit_flows()[key] for key in keys], axis=0)
    peak = np.hypot(flow[..., 0], flow[..., 1]).max()
    largest = moved_parts(without_head(in_blocks(np.asarray(2 * flow / peak, np.float32))))[0]
    region, direction = REGION_OF_UNIT[unit]
    assert (largest.part.split(",")[0], largest.direction.split(" ")[0]) == (region, direction)
