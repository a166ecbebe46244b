"""The rows of a table of clips: which column means what, and each row as a record or as a finding."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from merlab.clips import Finding
from merlab.databases.objective_class import EXAMPLE, parse_objective_class
from merlab.errors import MerlabError
from merlab.frames import HIGHEST_RATE, LOWEST_RATE, is_rate
from merlab.frames.opening import as_on_disk
from merlab.spelling import one_letter_apart, quoted, without_fraction
from merlab.table_files.cell_texts import FAILED_FORMULA, is_unclear_rate, may_be_thousands, remedy_for_number
from merlab.table_files.sheets import Sheet, folded_heading

REQUIRED = ("subject", "clip", "frames")
TEXTS = ("database", "subject", "clip", "label")
FRAME_NUMBERS = ("onset", "apex", "offset")
OPTIONAL = ("database", *FRAME_NUMBERS, "fps", "label", "action_units", "aligned", "objective_class")
ALIGNED = {**dict.fromkeys(("yes", "true", "1"), True), **dict.fromkeys(("no", "false", "0"), False)}
# Other names of a column.
ALIASES: Mapping[str, Sequence[str]] = {
    "subject": ("subject id", "participant", "participant id"),
    "clip": ("clip id", "clip name", "file name"),
    "frames": ("path", "source", "folder", "video"),
    "database": ("data set",),
    "onset": ("onset frame",),
    "apex": ("apex frame",),
    "offset": ("offset frame",),
    "fps": ("frame rate",),
    "label": ("emotion", "estimated emotion"),
    "action_units": ("action unit", "au", "aus"),
    "aligned": ("aligned faces",),
    "objective_class": ("objective classes",),
}
# Whose other names also mean something else beside it: the name of the video, the folder of the whole recording.
BESIDE = {"frames"}
NOTHING = {"na", "n/a", "nan", "/"}
NO_TEXT, NO_NUMBER = {*NOTHING, "?"}, {*NOTHING, "none"}
FRAME_NUMBER = re.compile(r"(?=.*[1-9])\d{1,12}(\.0+)?", re.ASCII)
RATE = re.compile(r"\d{1,12}(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class SheetColumns:
    """The columns of a sheet: ``places`` maps what merlab calls a column to its position, ``unread`` are the others."""

    places: Mapping[str, int]
    unread: tuple[str, ...]

    def texts(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of a line by column; empty where the table has no such column, or the cell says that it is unknown.

        In a required column every text is a value: a subject may be called NA.
        """
        given = {column: cells[self.places[column]] if column in self.places else "" for column in ALIASES}
        unknown = {column: NO_NUMBER if column in {*FRAME_NUMBERS, "fps"} else NO_TEXT for column in OPTIONAL}
        return {column: "" if text.lower() in unknown.get(column, ()) else text for column, text in given.items()}


@dataclass(frozen=True)
class SoundRow:
    """One sound row, its texts as written; what is not text is None where unknown.

    ``where`` is how findings name the row.
    """

    where: str
    database: str
    subject: str
    clip: str
    source: Path
    onset: int | None
    apex: int | None
    offset: int | None
    fps: float | None
    label: str
    action_units: str
    aligned: bool | None
    objective_class: str


def choose_sheet(path: Path, sheets: Sequence[Sheet]) -> tuple[Sheet, SheetColumns]:
    """The sheet that has the required columns.

    Raises MerlabError where none has them or several have, and where two columns mean the same.
    """
    complete = [sheet for sheet in sheets if set(REQUIRED) <= _positions(sheet.header).keys()]
    if len(complete) > 1:
        named = ", ".join(sheet.name for sheet in complete)
        raise MerlabError(f"{path} has several sheets of clips: {named}; save the one to read as a file of its own")
    if not complete:
        nearest = max(sheets, key=lambda sheet: len(_positions(sheet.header)))
        missing = [column for column in REQUIRED if column not in _positions(nearest.header)]
        below = next((line for line in nearest.filled if set(REQUIRED) <= _positions(line.cells).keys()), None)
        first = f"remove what is above {below.place}" if below else "write the names of the columns into the first line"
        raise MerlabError(
            f"{path} lacks the columns {', '.join(missing)}; found {', '.join(filter(None, nearest.header))}; "
            f"needed: {', '.join(REQUIRED)}; optional: {', '.join(OPTIONAL)}; {first}"
        )
    return complete[0], _columns(path, complete[0].header)


def _columns(path: Path, header: Sequence[str]) -> SheetColumns:
    positions = _positions(header)
    for column, found in positions.items():
        if len(found) > 1:
            named = " and ".join(header[position] for position in found)
            raise MerlabError(f"{path} has several columns that mean {column}: {named}; rename all but one of them")
    places = {column: found[0] for column, found in positions.items()}
    unread = (name for position, name in enumerate(header) if position not in places.values())
    return SheetColumns(places, tuple(name or "(no name)" for name in unread))


def _positions(header: Sequence[str]) -> dict[str, list[int]]:
    """Where each column is found, by its own name and by its aliases; that of its own name is first."""
    names = [folded_heading(name) for name in header]
    found = {}
    for column, aliases in ALIASES.items():
        accepted = [{folded_heading(column)}, set(map(folded_heading, aliases))]
        places = [[position for position, name in enumerate(names) if name in some] for some in accepted]
        if any(places):
            found[column] = (places[0] or places[1]) if column in BESIDE else [*places[0], *places[1]]
    return found


def misspelled(path: Path, columns: SheetColumns) -> Iterator[Finding]:
    """A finding for each column that is not read but may be one that the table seems to lack, such as ``ofset``."""
    absent = [column for column in OPTIONAL if column not in columns.places]
    for name in columns.unread:
        meant = next((column for column in absent if _may_mean(name, column)), None)
        if meant:
            stated = f"{meant} as the number of a frame" if meant in FRAME_NUMBERS else meant
            remedy = f"if it states the {stated}, rename it to {meant}; the {meant} of all rows is taken as unknown"
            yield Finding("differs", path.name, f"a column {meant}", f"{name}, which is not read", remedy)


def _may_mean(name: str, column: str) -> bool:
    """Whether a name is one of the names of a column with a letter wrong, or with more words: ``onset frame no.``."""
    given, known = folded_heading(name), map(folded_heading, (column, *ALIASES[column]))
    return any(one_letter_apart(given, one) or (len(one) > len("au") and given.startswith(one)) for one in known)


def read_rows(path: Path, sheet: Sheet, columns: SheetColumns) -> tuple[list[SoundRow], list[Finding]]:
    """The sound rows of a sheet, in order, and what is wrong with the others; sources are relative to the file."""
    records: list[SoundRow] = []
    findings: list[Finding] = []
    for place, cells in sheet.lines.items():
        faults = list(_faults(path, place, cells, sheet, columns))
        findings += faults
        if not faults:
            records.append(_record(path, place, columns.texts(cells)))
    records, people = _with_one_spelling(path, records, "subject", ["database"])
    records, clips = _with_one_spelling(path, records, "clip", ["database", "subject"])
    unique, repeated = _without_repeats(records)
    return unique, [*findings, *people, *clips, *repeated]


def _faults(path: Path, place: str, cells: Sequence[str], sheet: Sheet, columns: SheetColumns) -> Iterator[Finding]:
    """What is wrong with a line: with the line as a whole, or else with its cells."""
    width = len(sheet.header)
    filled = list(filter(None, cells))
    if len(filled) == 1:
        remedy = "if this line is a note, delete it; otherwise complete the row"
        yield Finding("unusable", f"{path.name}, {place}", "the cells of a clip", quoted(filled[0]), remedy)
        return
    if len(cells) < width or any(cells[width:]):
        expected = f"{width} cells, as in the line of column names"
        remedy = "leave a cell empty where its value is unknown; put a text that contains the delimiter into quotes"
        yield Finding("unusable", f"{path.name}, {place}", expected, f"{len(cells)} cells", remedy)
        return
    given = columns.texts(cells)
    yield from _faults_of_cells(_where(path, place, given), given)


def _faults_of_cells(where: str, given: Mapping[str, str]) -> Iterator[Finding]:
    for column in REQUIRED:
        if not given[column]:
            yield Finding("unusable", where, f"a text in column {column}", "an empty cell", "complete the row")
    for column in TEXTS:
        if FAILED_FORMULA.fullmatch(given[column]):
            remedy = "correct the formula in the spreadsheet program, or write the text itself"
            yield Finding("unusable", where, f"a text in column {column}", repr(given[column]), remedy)
    for column in FRAME_NUMBERS:
        if given[column] and (not FRAME_NUMBER.fullmatch(given[column]) or may_be_thousands(given[column])):
            expected = f"a whole frame number from 1 up in column {column}"
            yield Finding("unusable", where, expected, repr(given[column]), _remedy_for_number(given[column]))
    if given["fps"] and not _is_clear_rate(given["fps"]):
        usual = "write the frames per second of the camera, with a decimal point and without a unit"
        remedy = remedy_for_number(given["fps"]) or usual
        expected = f"a number from {LOWEST_RATE:g} to {HIGHEST_RATE:g}, such as 200 or 29.97, in column fps"
        yield Finding("unusable", where, expected, repr(given["fps"]), remedy)
    if given["aligned"] and given["aligned"].lower() not in ALIGNED:
        remedy = "write yes for frames of aligned faces, no for whole heads; leave the cell empty if it is unknown"
        yield Finding("unusable", where, "yes or no in column aligned", repr(given["aligned"]), remedy)
    if parse_objective_class(given["objective_class"]) is None:
        remedy = "correct the cell, or leave it empty if the class is unknown"
        expected = f"{EXAMPLE} in column objective_class"
        yield Finding("unusable", where, expected, repr(given["objective_class"]), remedy)


def _is_clear_rate(cell: str) -> bool:
    return RATE.fullmatch(cell) is not None and is_rate(float(cell)) and not is_unclear_rate(cell)


def _remedy_for_number(cell: str) -> str:
    """What to do about a cell that is no frame number; 0 is one where a program numbered the files from 0."""
    if cell == "0":
        return (
            "leave the cell empty if the frame is unknown; if the files are numbered from 0, give a later frame, or "
            "rename them to begin with 1 and add 1 to every number of the table"
        )
    usual = "count frames as their files are numbered, or from 1 in a video; leave the cell empty if unknown"
    return remedy_for_number(cell) or usual


def _where(path: Path, place: str, given: Mapping[str, str]) -> str:
    subject, clip = given["subject"], given["clip"]
    return f"{subject} {clip} ({place})" if subject and clip else f"{path.name}, {place}"


def _record(path: Path, place: str, given: Mapping[str, str]) -> SoundRow:
    onset, apex, offset = (int(float(given[column])) if given[column] else None for column in FRAME_NUMBERS)
    return SoundRow(
        where=_where(path, place, given),
        database=given["database"] or path.stem,
        subject=given["subject"],
        clip=given["clip"],
        source=_source(path.absolute().parent, given["frames"]),
        onset=onset,
        apex=apex,
        offset=offset,
        fps=float(given["fps"]) if given["fps"] else None,
        label=given["label"],
        action_units=given["action_units"],
        aligned=ALIGNED.get(given["aligned"].lower()),
        objective_class=parse_objective_class(given["objective_class"]) or "",
    )


def _source(folder: Path, frames: str) -> Path:
    """The path in a cell, below ``folder``."""
    return as_on_disk(folder / frames.replace("\\", "/"))


def _with_one_spelling(
    path: Path, records: Sequence[SoundRow], column: str, within: Sequence[str]
) -> tuple[list[SoundRow], list[Finding]]:
    """The records with ``1.0`` in the column as ``1`` where those that agree in ``within`` have both; with findings.

    One person under two names would be trained on and tested on; one clip under two names would count twice.
    """
    spellings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for record in records:
        spellings[_one_spelling(record, column, within)].add(getattr(record, column))
    several = {key: sorted(texts) for key, texts in spellings.items() if len(texts) > 1}
    findings = [
        Finding("handled", path.name, f"one spelling per {column}", " and ".join(texts), f"all are read as {one}")
        for (*_, one), texts in several.items()
    ]
    one_each = []
    for record in records:
        key = _one_spelling(record, column, within)
        changes: dict[str, Any] = {column: key[-1]} if key in several else {}
        one_each.append(replace(record, **changes))
    return one_each, findings


def _one_spelling(record: SoundRow, column: str, within: Sequence[str]) -> tuple[str, ...]:
    return *(getattr(record, each) for each in within), without_fraction(getattr(record, column))


def _without_repeats(records: Sequence[SoundRow]) -> tuple[list[SoundRow], list[Finding]]:
    """The records whose clip occurs once, and a finding about each clip that occurs more often."""
    by_clip: dict[tuple[str, str, str], list[SoundRow]] = defaultdict(list)
    for record in records:
        by_clip[record.database, record.subject, record.clip].append(record)
    findings = [
        Finding(
            "unusable",
            f"{subject} {clip} ({database})",
            "one row per clip",
            " and ".join(record.where for record in same),
            "remove the wrong rows, or give each clip of the subject its own name",
        )
        for (database, subject, clip), same in by_clip.items()
        if len(same) > 1
    ]
    return [same[0] for same in by_clip.values() if len(same) == 1], findings
