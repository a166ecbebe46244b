"""What moved, in the words of the Facial Action Coding System."""

from __future__ import annotations

from merlab.synthesis.action_units import ACTION_UNITS
from merlab.videos.moved import UNIT_NAMES, UnitStrength

# Ekman, Friesen and Hager, Facial Action Coding System (2002).
FACS = """
1 inner brow raiser, 2 outer brow raiser, 4 brow lowerer, 5 upper lid raiser, 6 cheek raiser, 7 lid tightener,
9 nose wrinkler, 10 upper lip raiser, 12 lip corner puller, 14 dimpler, 15 lip corner depressor, 17 chin raiser,
20 lip stretcher, 24 lip pressor, 25 lips part, 26 jaw drop
"""


def test_every_action_unit_has_its_name():
    names = {int(number): name for number, _, name in (each.strip().partition(" ") for each in FACS.split(","))}
    assert names == UNIT_NAMES
    assert names.keys() == ACTION_UNITS.keys()
    assert UnitStrength("AU12 left", 1.9).words == "AU12 left (lip corner puller)"
