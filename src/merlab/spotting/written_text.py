"""What merlab writes about a movement in annotation documents, recognized where it is read again."""

from __future__ import annotations

import re

from merlab.spotting.motion_score import PARTS

MARKED_KINDS = ("macro", "other")
MARK = re.compile(f"({'|'.join(MARKED_KINDS)}): ")
# It ends with the part of the face that moves; a part alone may be a coder's word.
MACHINE_TEXT = re.compile(
    rf"(?:{MARK.pattern}.*|(?:no class|.+ (?:0\.\d\d|below 0\.01))(?: \(.*\))?; |weak, score [\d.]+; )"
    rf"(?:{'|'.join(map(re.escape, PARTS))})"
)


def kind_mark(kind: str) -> str:
    """What merlab writes before the text of a movement: ``macro: `` or ``other: ``; nothing for a micro-expression."""
    return f"{kind}: " if kind in MARKED_KINDS else ""


def marked_kind(text: str) -> str:
    """The kind that ``kind_mark`` wrote before a text; empty for a micro-expression."""
    mark = MARK.match(text)
    return mark[1] if mark else ""


def is_machine_text(text: str) -> bool:
    """Whether it is what merlab writes about a movement."""
    return MACHINE_TEXT.fullmatch(text) is not None
