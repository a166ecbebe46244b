"""Action units as coders write them: ``4+L10``, ``AU12 left; AU6``, ``12B``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from merlab.errors import MerlabError
from merlab.table_files.cell_texts import FACS_NUMBERS

SEPARATORS = re.compile(r"[;,+]")
# A strength in px follows the units that merlab lists; a whole number without px would be another unit.
UNIT = re.compile(
    r"(?:AU)?\s*(?P<before>[LR])?\s*(?:AU)?\s*0?(?P<number>[1-9]\d?)(?P<intensity>[A-E])?"
    r"\s*(?P<after>[LR]|left|right)?(?:\s+(?:\d+(?:\.\d+)?\s*px|\d*\.\d+))?",
    re.IGNORECASE | re.ASCII,
)


class CodedUnit(NamedTuple):
    """An action unit: its number in FACS, its side (L, R, or empty for both), its intensity (A..E or empty)."""

    number: int
    side: str = ""
    intensity: str = ""

    def __str__(self) -> str:
        return f"{self.side}{self.number}{self.intensity}"


def require_units(text: str) -> tuple[CodedUnit, ...]:
    """The units of a cell, each once, in its order; raises MerlabError with the first text that is not a unit."""
    parts = _parts(text)
    units = [_unit(part) for part in parts]
    for part, unit in zip(parts, units, strict=True):
        if unit is None:
            raise MerlabError(f"{part!r} is not an action unit; write numbers of FACS such as 12+L10, AU12 left or 12B")
    for unit in filter(None, units):
        if unit.number not in FACS_NUMBERS:
            raise MerlabError(f"FACS has no action unit {unit.number}; correct the number in {text!r}")
    return tuple(dict.fromkeys(filter(None, units)))


def has_only_units(text: str) -> bool:
    """Whether a text is meant as action units and nothing else: their numbers need not be any of FACS."""
    parts = _parts(text)
    return bool(parts) and None not in map(_unit, parts)


def states_units(text: str) -> bool:
    """Whether a text can only be action units: ``6+12``, ``AU4``, ``4 left``; ``4`` may also be a class or a rating."""
    return has_only_units(text) and not text.strip().isdecimal()


def units_cell(units: Sequence[CodedUnit]) -> str:
    """``L12+6``; empty without units."""
    return "+".join(map(str, units))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in SEPARATORS.split(text) if part.strip()]


def _unit(text: str) -> CodedUnit | None:
    found = UNIT.fullmatch(text)
    if found is None or (found["before"] and found["after"]):
        return None
    side = (found["before"] or found["after"] or "")[:1].upper()
    return CodedUnit(int(found["number"]), side, (found["intensity"] or "").upper())
