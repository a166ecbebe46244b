"""Read the rows of a coding table; a row with a fault becomes a finding."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.published_counts import compare_counts, describe_counts, unknown_emotions, version_of
from merlab.databases.coded.release import OPTIONAL_ROLES, Release, Role, TableFormat
from merlab.databases.coded.workbook import Records, read_records
from merlab.databases.objective_class import EXAMPLE, parse_objective_class
from merlab.stamps import SYNTHETIC
from merlab.synthesis.folder import MANIFEST

LONGEST_SHOWN = 40
NO_APEX = {"", "/"}
# What a spreadsheet shows for a formula that failed: #REF!, #N/A, #NAME?
FAILED_FORMULA = re.compile(r"#[A-Z0-9/_ ]+[!?]?", re.IGNORECASE)
# What a spreadsheet makes of a cell that it takes for a date: 4-Oct, 10月4日
DATE = re.compile(r"(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?![a-z])|[年月日]", re.IGNORECASE)
# Cells of the real tables that state no action unit.
NO_ACTION_UNITS = {"", "?", "/", "-", "soft focus"}
LARGEST_ACTION_UNIT = 99
CLIP_NAME = re.compile(r"\w[\w .-]*")
SECOND: Mapping[Role, str] = {
    "second apex": "the first apex is used if there is one",
    "second onset": "a second movement in the same video; the clip is the first movement",
}
FRAME_ROLES: tuple[Role, ...] = ("onset", "apex", "offset")

Record = Mapping[Role, str]


@dataclass(frozen=True)
class Row:
    """One row of a coding table.

    ``number`` is its line in the sheet; ``apex`` is None if the table has none; ``folder`` is the name of the clip's
    folder, which is ``clip`` without the onset that is added to repeated names. ``note`` states what was changed.
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

    @property
    def where(self) -> str:
        """The clip and its line in the sheet, for findings."""
        return f"{self.subject} {self.clip}" + (f" (row {self.number})" if self.number else "")


@dataclass(frozen=True)
class CodingTable:
    """The content of a coding table.

    ``version`` is a version of the release, or SYNTHETIC. ``findings`` are the faults of its rows; ``facts`` are for
    the top of a report. ``listed`` are the (subject, folder) pairs of all rows, including rows with faults.
    ``others`` are further files that were read.
    """

    path: Path
    version: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    listed: frozenset[tuple[str, str]]
    facts: Mapping[str, str]
    others: tuple[Path, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Whether the clips are synthetic, according to the table's name or title, or to a manifest next to it."""
        return self.version == SYNTHETIC


def read_coding_table(path: Path, release: Release, sheet: str | None = None) -> CodingTable:
    """Read one coding table; columns are found by name, and cells may be text or numbers.

    Raises MerlabError if the file cannot be read, has no rows, or lacks a column.
    """
    columns = release.table.columns
    required = required_columns(release)
    optional = [heading for role, heading in columns.items() if role in OPTIONAL_ROLES]
    read = read_records(path, f"{release.title}'s coding table", required, optional, sheet)
    roles = [role for role, heading in columns.items() if heading in read.headings]
    records = {number: {role: cells[columns[role]] for role in roles} for number, cells in read.rows.items()}
    synthetic = SYNTHETIC in path.name or SYNTHETIC in read.title or (path.parent / MANIFEST).exists()
    return _check_records(path, release, read, records, synthetic=synthetic)


def required_columns(release: Release) -> list[str]:
    """The headings that a coding table must have."""
    return [heading for role, heading in release.table.columns.items() if role not in OPTIONAL_ROLES]


def _check_records(
    path: Path, release: Release, read: Records, records: Mapping[int, Record], *, synthetic: bool
) -> CodingTable:
    form = release.table
    parsed = [_parse(number, record, path.name, release) for number, record in records.items()]
    rows = [row for row in parsed if isinstance(row, Row)]
    unique, repeated = _without_repeats(_with_unique_names(rows) if form.names_repeat else rows)
    findings = [*read.findings, *(fault for fault in parsed if isinstance(fault, Finding))]
    findings += [*repeated, *unknown_emotions([(row.where, row.emotion) for row in unique], form)]
    unique, not_action_units = _with_action_units(unique, form)
    findings += [
        *not_action_units,
        *_without_action_units(path.name, release, read),
        *_wrong_objective_classes(unique, records, form),
        *_wrong_durations(unique, records, form),
    ]
    emotions = Counter(_emotion(record, release) for record in records.values())
    version, reason = SYNTHETIC, "by its name or title, or by a manifest next to it"
    if not synthetic:
        version, reason = version_of(emotions, "objective class" in next(iter(records.values())), form)
        findings += compare_counts(path.name, version, emotions, Counter(row.subject for row in rows), form)
    facts = {
        "coding table": str(path),
        "table version": f"{version} ({reason})",
        "rows": str(len(records)),
        "emotions": describe_counts(emotions),
    }
    facts.update(_second_frames(records))
    listed = [(form.subject(record["subject"]) or "", form.clip(record["clip"])) for record in records.values()]
    return CodingTable(path, version, tuple(unique), tuple(findings), frozenset(listed), facts)


def _second_frames(records: Mapping[int, Record]) -> Iterator[tuple[str, str]]:
    """Facts about rows with a second apex or a second movement."""
    for role, rule in SECOND.items():
        rows = sum(_frame_number(record.get(role, "")) is not None for record in records.values())
        if rows:
            yield f"{role} coded", f"in {rows} rows; {rule}"


def _parse(number: int, record: Record, table: str, release: Release) -> Row | Finding:
    """A row, or a finding with the reason why it cannot be used."""
    form = release.table
    subject, clip = form.subject(record["subject"]), form.clip(record["clip"])
    where = f"{subject} {clip} (row {number})" if subject and clip else f"{table}, row {number}"

    def fault(expected: str, found: str) -> Finding:
        return Finding("unusable", where, expected, found, "correct the row, or copy the table again from the original")

    if subject is None:
        column = form.columns["subject"]
        return fault(f"a subject such as {form.subject_example} in column {column}", repr(record["subject"]))
    if not CLIP_NAME.fullmatch(clip):
        return fault(f"a clip name such as {form.clip_example} in column {form.columns['clip']}", repr(clip))
    if FAILED_FORMULA.fullmatch(record["emotion"]):
        return fault(f"an emotion in column {form.columns['emotion']}", repr(record["emotion"]))
    frames: dict[Role, int | None] = {role: _frame_number(record.get(role, "")) for role in FRAME_ROLES}
    for role, read in frames.items():
        if read is None and not (role == "apex" and record.get(role, "") in NO_APEX):
            return fault(f"a frame number (1 or higher) in column {form.columns[role]}", _shown(record.get(role, "")))
    apex = frames["apex"] or _frame_number(record.get("second apex", ""))
    onset, offset = frames["onset"], frames["offset"]
    assert onset is not None
    assert offset is not None
    emotion, units = _emotion(record, release), record.get("action units", "")
    objective = parse_objective_class(record.get("objective class", "")) or ""
    note = "" if frames["apex"] or apex is None else f"no first apex: the second one, {apex}, is used"
    return Row(number, subject, clip, clip, onset, apex, offset, units, emotion, objective, note)


def _with_unique_names(rows: list[Row]) -> list[Row]:
    """The rows; clip names of one subject that occur with several onsets get the onset: ``EP01_12@73``."""
    onsets: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        onsets[row.subject, row.clip].add(row.onset)
    return [
        replace(row, clip=f"{row.clip}@{row.onset}") if len(onsets[row.subject, row.clip]) > 1 else row for row in rows
    ]


def _without_repeats(rows: list[Row]) -> tuple[list[Row], list[Finding]]:
    """The rows whose clip occurs once or in equal rows, and the findings about clips in several rows."""
    by_clip: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_clip.setdefault((row.subject, row.clip), []).append(row)
    unique, findings = [], []
    for (subject, clip), same in by_clip.items():
        contents = {
            (row.onset, row.apex, row.offset, row.action_units, row.emotion, row.objective_class) for row in same
        }
        if len(contents) == 1:
            unique.append(same[0])
        if len(same) > 1:
            found = "rows " + ", ".join(str(row.number) for row in same)
            equal = len(contents) == 1
            findings.append(
                Finding(
                    "differs" if equal else "unusable",
                    f"{subject} {clip}",
                    "one row per clip",
                    f"{found}, {'which are equal' if equal else 'which contradict each other'}",
                    "the clip is used once" if equal else "remove the wrong rows from the table",
                )
            )
    return unique, findings


def _with_action_units(rows: list[Row], form: TableFormat) -> tuple[list[Row], list[Finding]]:
    """The rows, without the text of cells that cannot be action units, and the findings about these cells."""
    wrong = [row for row in rows if not are_action_units(row.action_units)]
    remedy = "the clip is read without action units; correct the cell, or copy the table again from the original"
    expected = f"action units such as 4+L10 in column {form.columns.get('action units')}"
    findings = [Finding("differs", row.where, expected, _shown(row.action_units), remedy) for row in wrong]
    return [replace(row, action_units="") if row in wrong else row for row in rows], findings


def are_action_units(text: str) -> bool:
    """Whether a cell may state action units: it has numbers from 1 to 99 (``4+L10``), or states that there are none.

    Sides, intensities and remarks around the numbers are the annotators' own. A failed formula, a negative or
    fractional number, a date and a word such as an emotion are not action units.
    """
    numbers = re.findall(r"\d+", text)
    if not numbers:
        return text.lower() in NO_ACTION_UNITS
    odd = FAILED_FORMULA.fullmatch(text) or DATE.search(text) or re.search(r"^-\s*\d|\d\.\d", text)
    return not odd and all(len(number) < 4 and 1 <= int(number) <= LARGEST_ACTION_UNIT for number in numbers)


def _without_action_units(table: str, release: Release, read: Records) -> Iterator[Finding]:
    column = release.table.columns.get("action units")
    if column is not None and column not in read.headings:
        remedy = "clips are read without action units; if you need them, use the original table"
        yield Finding("differs", table, f"a column {column}", "none", remedy)


def _wrong_objective_classes(rows: list[Row], records: Mapping[int, Record], form: TableFormat) -> Iterator[Finding]:
    """Findings about cells that are not objective classes; the clip is read without one."""
    for row in rows:
        cell = records[row.number].get("objective class", "")
        if parse_objective_class(cell) is None:
            expected = f"{EXAMPLE} in column {form.columns['objective class']}"
            remedy = "the clip is read without an objective class; correct the cell"
            yield Finding("differs", row.where, expected, _shown(cell), remedy)


def _wrong_durations(rows: list[Row], records: Mapping[int, Record], form: TableFormat) -> Iterator[Finding]:
    """Findings about rows whose duration disagrees with onset and offset, so that one of the three is wrong."""
    for row in rows:
        counted, stated = row.offset - row.onset + 1, records[row.number].get("duration", "")
        if stated and _frame_number(stated) != counted:
            expected = f"{form.columns['duration']} {counted}, for onset {row.onset} and offset {row.offset}"
            remedy = "onset and offset are used as coded; compare the row with the original table"
            yield Finding("differs", row.where, expected, stated, remedy)


def _emotion(record: Record, release: Release) -> str:
    emotion = record["emotion"].lower()
    return release.table.aliases.get(emotion, emotion)


def _frame_number(text: str) -> int | None:
    """A frame number of up to nine digits; None for 0 and for any other text."""
    match = re.fullmatch(r"(\d{1,9})(?:\.0+)?", text)
    return int(match.group(1)) or None if match else None


def _shown(cell: str) -> str:
    """A cell in quotes for a finding; a long one is cut."""
    return repr(cell if len(cell) <= LONGEST_SHOWN else f"{cell[:LONGEST_SHOWN]}...")
