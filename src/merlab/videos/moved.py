"""What moved in an event: parts of the face and action units, as the cells of events.csv hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# The names of the Facial Action Coding System (Ekman and Friesen).
UNIT_NAMES = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    20: "lip stretcher",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
}
SEPARATOR = "; "
PART = re.compile(r"(?P<part>\D+) (?P<px>[\d.]+) px (?P<direction>.+)")
UNIT = re.compile(r"(?P<code>AU\d+( left| right)?) (?P<px>[\d.]+) px")


class PartMovement(NamedTuple):
    """How far a part of the face moved (mean over the part, px of the 231 x 282 layout), and in which direction."""

    part: str
    px: float
    direction: str


class UnitStrength(NamedTuple):
    """An action unit such as ``AU12`` or ``AU12 left``, and the largest displacement that it explains, px."""

    code: str
    px: float

    @property
    def unit(self) -> str:
        """``AU12 left`` -> ``AU12``."""
        return self.code.partition(" ")[0]

    @property
    def side(self) -> str:
        """``AU12 left`` -> ``left``; empty where both sides move, and for units without sides."""
        return self.code.partition(" ")[2]

    @property
    def number(self) -> int:
        """``AU12 left`` -> 12."""
        return int(self.unit.removeprefix("AU"))

    @property
    def name(self) -> str:
        """``AU12 left`` -> ``lip corner puller``."""
        return UNIT_NAMES[self.number]

    @property
    def words(self) -> str:
        """``AU12 left`` -> ``AU12 left (lip corner puller)``."""
        return f"{self.code} ({self.name})"


def parts_text(parts: Sequence[PartMovement]) -> str:
    """``mouth, left 1.92 px up and outwards; cheeks, left 0.81 px up``."""
    return SEPARATOR.join(f"{each.part} {each.px:.2f} px {each.direction}" for each in parts)


def units_text(units: Sequence[UnitStrength]) -> str:
    """``AU12 left 1.90 px; AU6 0.72 px``."""
    return SEPARATOR.join(f"{each.code} {each.px:.2f} px" for each in units)


def parts_of(text: str) -> list[PartMovement]:
    """The parts of a text that ``parts_text`` wrote."""
    found = map(PART.fullmatch, text.split(SEPARATOR))
    return [PartMovement(each["part"], float(each["px"]), each["direction"]) for each in found if each]


def units_of(text: str) -> list[UnitStrength]:
    """The action units of a text that ``units_text`` wrote."""
    found = map(UNIT.fullmatch, text.split(SEPARATOR))
    return [UnitStrength(each["code"], float(each["px"])) for each in found if each]
