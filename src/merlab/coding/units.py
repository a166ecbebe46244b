"""Action units as coders write them: ``4+L10``, ``AU12 left; AU6``, ``12B``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from merlab.errors import MerlabError

SEPARATORS = re.compile(r"[;,+]")
# A strength in px follows the units that merlab lists; a whole number without px would be another unit.
UNIT = re.compile(
    r"(?:AU)?\s*(?P<before>[LR])?\s*(?:AU)?\s*0?(?P<number>[1-9]\d?)(?P<intensity>[A-E])?"
    r"\s*(?P<after>[LR]|left|right)?(?:\s+(?:\d+(?:\.\d+)?\s*px|\d*\.\d+))?",
    re.IGNORECASE | re.ASCII,
)


class CodedUnit(NamedTuple):
    """An action unit: its number in FACS (1..99), its side (L, R, or empty for both), its intensity (A..E or empty)."""

    number: int
    side: str = ""
    intensity: str = ""

    def __str__(self) -> str:
        return f"{self.side}{self.number}{self.intensity}"


def read_units(text: str) -> tuple[CodedUnit, ...]:
    """The units of a cell, each once, in its order; raises ValueError with the first text that is not a unit."""
    parts = [part.strip() for part in SEPARATORS.split(text) if part.strip()]
    return tuple(dict.fromkeys(map(_unit, parts)))


def require_units(text: str) -> tuple[CodedUnit, ...]:
    """The units of a cell; raises MerlabError with the first text that is not a unit."""
    try:
        return read_units(text)
    except ValueError as error:
        raise MerlabError(
            f"{str(error)!r} is not an action unit; write numbers from 1 to 99 such as 12+L10, AU12 left or 12B"
        ) from error


def units_cell(units: Sequence[CodedUnit]) -> str:
    """``L12+6``; empty without units."""
    return "+".join(map(str, units))


def _unit(text: str) -> CodedUnit:
    found = UNIT.fullmatch(text)
    if found is None or (found["before"] and found["after"]):
        raise ValueError(text)
    side = (found["before"] or found["after"] or "")[:1].upper()
    return CodedUnit(int(found["number"]), side, (found["intensity"] or "").upper())
