"""The tiers of ``merlab coding export``: which tier of which coder and face holds what.

Each coder has, for each face, ``AB face 0 movements`` (from onset to offset; the label), with ``action units``,
``comments`` and ``events`` (the names in events.csv) as dependent tiers, ``AB face 0 apexes`` (one frame each) and
``AB face 0 rejected`` (the name of the event) with dependent tiers of its own. ELAN allows no overlap on a tier; what
overlaps is on further tiers with a number: ``AB face 0 movements (2)``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from merlab.coding.decisions import NO_INITIALS

MOVEMENTS, APEXES, REJECTED = "movements", "apexes", "rejected"
UNITS, COMMENTS, EVENTS = "action units", "comments", "events"
# Label, action units and comment of what is rejected.
REJECTED_NOTES = ("rejected labels", "rejected action units", "rejected comments")
KINDS = (MOVEMENTS, APEXES, REJECTED, UNITS, COMMENTS, EVENTS, *REJECTED_NOTES)
NAME = re.compile(
    rf"(?P<coder>.+) face (?P<face>\d+) (?P<kind>{'|'.join(KINDS)})"
    r"(?: \((?P<lane>\d+)\))?",
    re.ASCII,
)
FACE = re.compile(r"\bface (\d+)\b", re.ASCII | re.IGNORECASE)


class TierName(NamedTuple):
    """What a tier of ``merlab coding export`` holds; ``lane`` counts tiers of the same kind, from 1."""

    coder: str
    face_id: int
    kind: str
    lane: int = 1

    def __str__(self) -> str:
        return (
            f"{self.coder or NO_INITIALS} face {self.face_id} {self.kind}{f' ({self.lane})' if self.lane > 1 else ''}"
        )


def tier_name(text: str) -> TierName | None:
    """What a tier of this name holds; None for a tier that ``merlab coding export`` did not name."""
    found = NAME.fullmatch(text)
    if found is None:
        return None
    coder = "" if found["coder"] == NO_INITIALS else found["coder"]
    return TierName(coder, int(found["face"]), found["kind"], int(found["lane"] or 1))


def tier_kind(text: str) -> str:
    """What a tier of ``merlab coding export`` holds, a word of KINDS; empty for other tiers."""
    named = tier_name(text)
    return named.kind if named else ""
