"""The names of the tiers of movements that merlab writes: those of the machine, and further ones for what overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, cast

MachineKind = Literal["events", "apexes", "weak candidates"]
# With the stamps of the result, and a number where a tier before has no place.
MACHINE = re.compile(r"face (\d+) (events|apexes|weak candidates)( \[[^\]]*\])*( \(\d+\))?", re.ASCII)
# The first tier of the movements of a face, of the machine or of a coder.
MOVEMENTS = re.compile(r"(.+ )?face \d+ (events|movements)( \[[^\]]*\])*", re.ASCII)


def machine_kind(name: str) -> MachineKind | None:
    """What ``merlab recognize`` writes on a tier of this name; None for a tier of others, such as a copy of it."""
    found = MACHINE.fullmatch(name)
    return cast(MachineKind, found[2]) if found else None


def machine_face(name: str) -> str:
    """The number of the face of such a tier; empty for a tier of others."""
    found = MACHINE.fullmatch(name)
    return found[1] if found else ""


def with_further(name: str, names: Iterable[str]) -> list[str]:
    """A tier and, if merlab names tiers so, those of ``names`` that hold what overlaps on it."""
    further = re.compile(rf"{re.escape(name)} \(\d+\)", re.ASCII)
    return [name, *(each for each in names if MOVEMENTS.fullmatch(name) and further.fullmatch(each))]
