"""Which action units, and which movements of a part of the face, go with a class of a label scheme.

An action unit goes with a class if the class may consist of it alone: if it is one of the combinations that the tables
of ``synthesis.action_units`` list for the class. For ``casme2-5`` that table has the more frequent combinations of the
coding table of CASME II (2014), for ``megc2019`` those that the Facial Action Coding System lists for its emotions.
Other schemes have no table, so their classes cannot be checked.
"""

from __future__ import annotations

from collections.abc import Sequence

from merlab.synthesis.action_units import COMBINATIONS
from merlab.videos.moved import PartMovement, UnitStrength

TABLES = {"casme2-5": "casme2", "megc2019": "facs"}
# Where and in which direction a unit moves the face most, for the units that no other unit of a class resembles there:
# a movement that is too weak, or too mixed, for an action unit still shows it.
REGION_OF_UNIT = {
    1: ("eyes and brows", "up"),
    2: ("eyes and brows", "up"),
    4: ("eyes and brows", "down"),
    6: ("cheeks", "up"),
    9: ("nose", "up"),
    12: ("mouth", "up"),
    15: ("mouth", "down"),
    17: ("chin", "up"),
    26: ("chin", "down"),
}


def class_units(scheme: str, label: str) -> frozenset[int] | None:
    """The numbers of the action units that go with a class; None if there is no table for the scheme or the class."""
    combinations = COMBINATIONS[TABLES[scheme]].get(label) if scheme in TABLES else None
    if combinations is None:
        return None
    return frozenset(int(text) for text in combinations if text.isdigit())


def is_supported(scheme: str, label: str, units: Sequence[UnitStrength], parts: Sequence[PartMovement]) -> bool:
    """Whether what moved goes with a class: an action unit or, where none is listed, the part that moves most.

    ``parts`` are ordered, the largest movement first. A class without a table is not checked: True.
    """
    known = class_units(scheme, label)
    if known is None:
        return True
    if units:
        return any(unit.number in known for unit in units)
    return bool(parts) and any(_shows(parts[0], unit) for unit in known if unit in REGION_OF_UNIT)


def _shows(part: PartMovement, unit: int) -> bool:
    region, direction = REGION_OF_UNIT[unit]
    return part.part.partition(", ")[0] == region and part.direction.split(" ")[0] == direction
