"""Onset, apex and offset of one row of a coding table, also where a cell states that a frame is unknown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from merlab.clips import Finding
from merlab.databases.coded.quirks import KeyFrames
from merlab.databases.coded.release import Role, TableFormat
from merlab.spelling import counted, first_of
from merlab.table_files.cell_texts import may_be_thousands

NO_APEX = {"", "/"}
# What tables with unknown frames have in place of their numbers.
UNKNOWN = {0, -1}
FRAME_ROLES: tuple[Role, ...] = ("onset", "apex", "offset")
WHOLE = re.compile(r"(\d{1,9})(?:\.0+)?")
FRACTION = re.compile(r"-?\d{1,9}(?:\.\d+)?")
ROWS_SHOWN = 5

Repair = Literal["fraction", "below 1", "before the video", "no offset", "documented"]
# What is expected instead, and what merlab does.
REPAIRS: Mapping[Repair, tuple[str, str]] = {
    "fraction": ("whole numbers of frames", "the nearest frame is used"),
    "below 1": ("frame numbers from 1 up (0 or -1: unknown)", "a lower number is taken as unknown"),
    "before the video": ("an onset", "frame 1 is used: the movement begins before the video"),
    "no offset": ("an offset", "the apex is used as the offset, as in MEGC 2021"),
    "documented": ("numbers of frames", "documented numbers are used"),
}


@dataclass(frozen=True)
class CodedMoments:
    """Onset, apex (None if the table has none) and offset, in frames from 1 on, and how they differ from the cells."""

    onset: int
    apex: int | None
    offset: int
    repairs: tuple[Repair, ...] = ()


def read_moments(record: Mapping[Role, str], form: TableFormat, documented: KeyFrames | None) -> CodedMoments | Role:
    """The moments of a row, or the role of the first cell that makes the row unusable.

    In a table with ``unknown_frames``, an onset of 0 or -1 is frame 1, an offset of 0 or -1 is the apex, and fractions
    are rounded to the nearest frame; any other number below 1 is read as 0 is. ``documented`` numbers replace an onset,
    apex or offset that is unknown.
    """
    frames: dict[Role, int | None] = {}
    repairs: list[Repair] = []
    for role, known in zip(FRAME_ROLES, documented or (None, None, None), strict=True):
        text = record.get(role, "")
        if not _may_be_frame(text, role, form):
            return role
        frames[role] = _nearest(text)
        if frames[role] is None and known is not None:
            frames[role] = known
            repairs.append("documented")
        elif frames[role] is not None and not WHOLE.fullmatch(text):
            repairs.append("fraction")
        elif frames[role] is None and FRACTION.fullmatch(text) and float(text) not in UNKNOWN:
            repairs.append("below 1")
    onset, apex, offset = frames["onset"], frames["apex"], frames["offset"]
    if onset is None:
        onset = 1
        repairs.append("before the video")
    if offset is None:
        if apex is None:
            return "offset"
        offset = apex
        repairs.append("no offset")
    return CodedMoments(onset, apex, offset, tuple(dict.fromkeys(repairs)))


def coded_number(text: str) -> int | None:
    """A frame number of up to nine digits; None for 0 and for any other text."""
    match = WHOLE.fullmatch(text)
    return int(match.group(1)) or None if match else None


def repair_findings(table: str, repaired: Sequence[tuple[int, Sequence[Repair]]]) -> Iterator[Finding]:
    """One finding for each kind of repair, from the numbers of the rows and their repairs."""
    for repair, (expected, remedy) in REPAIRS.items():
        rows = [number for number, repairs in repaired if repair in repairs]
        if rows:
            found = f"{counted(len(rows), 'row')} without: {first_of(map(str, rows), ROWS_SHOWN)}"
            if repair == "below 1":
                yield Finding("differs", table, expected, found, f"{remedy}; correct the rows")
            else:
                yield Finding("handled", table, expected, found, remedy)


def note_of(repairs: Sequence[Repair]) -> str:
    """The note on a clip about the repairs of its row; empty without one."""
    return "; ".join(f"the table lacks {REPAIRS[repair][0]}: {REPAIRS[repair][1]}" for repair in repairs)


def _may_be_frame(text: str, role: Role, form: TableFormat) -> bool:
    if role == "apex" and text in NO_APEX:
        return True
    if may_be_thousands(text):
        return False
    if form.unknown_frames:
        return FRACTION.fullmatch(text) is not None or (role == "offset" and not text)
    return coded_number(text) is not None


def _nearest(text: str) -> int | None:
    """The nearest frame, half a frame upwards; None for 0, for a negative number and for an empty cell."""
    number = math.floor(float(text) + 0.5) if FRACTION.fullmatch(text) else 0
    return number if number > 0 else None
