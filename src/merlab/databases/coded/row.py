"""One row of a coding table, and the reason why a row cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from merlab.clips import Finding
from merlab.databases.coded.moments import Repair, coded_number, note_of, read_moments
from merlab.databases.coded.quirks import QuirksOfClip
from merlab.databases.coded.release import FURTHER_MOVEMENTS, Release, Role, TableFormat
from merlab.databases.objective_class import parse_objective_class
from merlab.frames import is_rate
from merlab.spelling import as_label, quoted
from merlab.table_files.cell_texts import FAILED_FORMULA, remedy_for_number

CLIP_NAME = re.compile(r"\w[\w .-]*")
MICRO: Final = "micro"
MACRO: Final = "macro"
# Roles whose cell may have any text but the error of a formula.
TEXTS: Mapping[Role, str] = {"folder": "a folder", "emotion": "an emotion"}
CORRECT = "correct the row, or copy the table again from the original"

CellsByRole = Mapping[Role, str]


@dataclass(frozen=True)
class Row:
    """One row of a coding table.

    ``number`` is its line in the sheet, of which ``above`` are above the column names; ``apex`` is None if the table
    has none; ``folder`` is the name of the clip's folder, which is ``clip`` without the onset that is added to repeated
    names, or the name of its long video. ``note`` states what was changed. ``kind`` is micro or macro; empty if the
    table has no kinds, because all are micro. ``fps`` is None if the table has no column of frame rates. ``further``
    are onset and offset of the movements beside it. ``repairs`` are the ways in which frames of the row were completed.
    """

    number: int
    subject: str
    clip: str
    folder: str
    onset: int
    apex: int | None
    offset: int
    action_units: str
    emotion: str
    objective_class: str = ""
    note: str = ""
    kind: str = ""
    fps: float | None = None
    further: tuple[tuple[int, int], ...] = ()
    repairs: tuple[Repair, ...] = ()
    above: int = 0

    @property
    def is_macro(self) -> bool:
        """Whether the movement is a macro-expression, which is for spotting alone."""
        return self.kind == MACRO

    def quirks(self, release: Release) -> QuirksOfClip:
        """The documented quirks of the clip; their lines are those of a table without kinds, from its column names."""
        line = None if self.kind else self.number - self.above
        return release.quirks_of(self.subject, self.folder, line, self.onset)

    @property
    def where(self) -> str:
        """The clip and its line in the sheet, for findings."""
        return f"{self.subject} {self.clip}" + (f" (row {self.number})" if self.number else "")


def parse_row(number: int, record: CellsByRole, table: str, release: Release, above: int = 0) -> Row | Finding:
    """A row, or a finding with the reason why it cannot be used; ``above`` lines are above the column names."""
    form = release.table
    subject, clip = form.subject(record["subject"]), form.clip(record["clip"])
    where = f"{subject} {clip} (row {number})" if subject and clip else f"{table}, row {number}"
    faulty = next(_faults(record, form), None)
    if faulty or subject is None:
        expected, found = faulty or ("a subject", repr(record["subject"]))
        return Finding("unusable", where, expected, found, _remedy_for(record))
    folder = frames_folder(record, form)
    line = number - above if coded_kind(record) == "" else None
    wrong = release.quirks_of(subject, folder, line, coded_number(record.get("onset", "")) or 0).get("wrong frame")
    moments = read_moments(record, form, wrong.frames if wrong else None)
    if isinstance(moments, str):
        return _no_frame_number(where, moments, record, form)
    second_apex = coded_number(record.get("second apex", ""))
    notes = [note_of(moments.repairs)]
    if moments.apex is None and second_apex is not None:
        notes.append(f"no first apex: the second one, {second_apex}, is used")
    return Row(
        number=number,
        subject=subject,
        clip=clip,
        folder=folder,
        onset=moments.onset,
        apex=moments.apex or second_apex,
        offset=moments.offset,
        action_units=record.get("action units", ""),
        emotion=emotion_of(record, release),
        objective_class=parse_objective_class(record.get("objective class", "")) or "",
        note="; ".join(filter(None, notes)),
        kind=coded_kind(record),
        fps=_rate(record),
        further=tuple(filter(None, (movement_of(record, roles) for roles in FURTHER_MOVEMENTS))),
        repairs=moments.repairs,
        above=above,
    )


def _no_frame_number(where: str, role: Role, record: CellsByRole, form: TableFormat) -> Finding:
    """The finding about a row whose cell of onset, apex or offset is no frame number."""
    unknown = ", or nothing if it is unknown," if role == "apex" else ""
    expected = f"a frame number (1 or higher){unknown} in column {form.columns[role]}"
    cell = record.get(role, "")
    return Finding("unusable", where, expected, quoted(cell), remedy_for_number(cell) or CORRECT)


def _remedy_for(record: CellsByRole) -> str:
    """What to do about a faulty row; one with a single cell may be a note below the table."""
    alone = sum(bool(cell) for role, cell in record.items() if role != "folder") == 1
    return f"if this line is a note, delete it; otherwise {CORRECT}" if alone else CORRECT


def apex_outside(row: Row) -> Finding:
    """The finding about a macro-expression, or a movement of a long video, whose apex is not in it."""
    found = f"onset {row.onset}, apex {row.apex}, offset {row.offset}"
    return Finding(
        "differs", row.where, "onset <= apex <= offset", found, "the apex is taken as unknown; correct the row"
    )


def _faults(record: CellsByRole, form: TableFormat) -> Iterator[tuple[str, str]]:
    """What a cell should hold, and what it holds, for the cells that make a row unusable, without those of frames."""
    columns, clip = form.columns, form.clip(record["clip"])
    if form.subject(record["subject"]) is None:
        yield f"a subject such as {form.subject_example} in column {columns['subject']}", repr(record["subject"])
    if not CLIP_NAME.fullmatch(clip):
        yield f"a clip name such as {form.clip_example} in column {columns['clip']}", repr(clip)
    for role, what in TEXTS.items():
        if FAILED_FORMULA.fullmatch(record.get(role, "")):
            yield f"{what} in column {columns[role]}", repr(record[role])
    if "kind" in record and coded_kind(record) not in {MICRO, MACRO}:
        yield f"micro or macro in column {columns['kind']}", quoted(record["kind"])
    if "frames per second" in record and not _rate(record):
        yield f"frames per second in column {columns['frames per second']}", quoted(record["frames per second"])


def frames_folder(record: CellsByRole, form: TableFormat) -> str:
    """The name of the folder of frames of a row: from its own cell, or from the name of the clip."""
    return record.get("folder") or form.folder(form.clip(record["clip"]))


def odd_name(row: Row, release: Release) -> Iterator[Finding]:
    """A finding if the folder of a row has an unusual name."""
    if not release.table.is_usual(row.folder):
        quirk = release.quirks_of(row.subject, row.folder).get("odd name")
        remedy = quirk.handling if quirk else "nothing if the clip's folder has this name; otherwise correct the row"
        expected = f"a name such as {release.table.clip_example}"
        yield Finding("handled" if quirk else "differs", row.where, expected, row.folder, remedy)


def movement_of(record: CellsByRole, roles: tuple[Role, Role]) -> tuple[int, int] | None:
    """Onset and offset of a movement beside the first of a row; None if there is none."""
    onset, offset = (coded_number(record.get(role, "")) for role in roles)
    return (onset, offset) if onset and offset and onset <= offset else None


def coded_kind(record: CellsByRole) -> str:
    """``micro`` or ``macro``, as the cell begins; any other text as it is; empty if the table has no kinds."""
    text = record.get("kind", "").lower()
    return next((kind for kind in (MICRO, MACRO) if text.startswith(kind)), text)


def _rate(record: CellsByRole) -> float | None:
    """Frames per second of a row; None if the table has no such column, or for a cell that is not a rate."""
    match = re.fullmatch(r"\d{1,5}(\.\d+)?", record.get("frames per second", ""))
    return float(match.group()) if match and is_rate(float(match.group())) else None


def emotion_of(record: CellsByRole, release: Release) -> str:
    """The emotion of a row in lower case, in merlab's spelling; empty if the table has no emotions."""
    emotion = as_label(record.get("emotion", ""))
    return release.table.aliases.get(emotion, emotion)
