"""Read the rows of a coding table; a row with a fault becomes a finding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.contradictions import contradictions
from merlab.databases.coded.flags import missing_flags, other_emotions, with_flags
from merlab.databases.coded.moments import coded_number, repair_findings
from merlab.databases.coded.published_counts import (
    compare_counts,
    compare_kinds,
    compare_rates,
    describe_counts,
    unknown_emotions,
    version_of,
)
from merlab.databases.coded.release import Release, Role, TableFormat
from merlab.databases.coded.row import MACRO, CellsByRole, Row, coded_kind, emotion_of, frames_folder, parse_row
from merlab.databases.coded.workbook import Records, read_records
from merlab.spelling import counted, quoted
from merlab.stamps import SYNTHETIC
from merlab.synthesis.folder import MANIFEST
from merlab.table_files.cell_texts import are_action_units

SECOND: Mapping[Role, str] = {
    "second apex": "the first apex is used if there is one",
    "second onset": "a second movement in the same video; the clip is the first movement",
    "third onset": "a third movement in the same video; the clip is the first movement",
}


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
    form = release.table
    columns = form.columns
    optional = [heading for role, heading in columns.items() if form.is_optional(role)]
    if form.read is not None:
        read = form.read(path)
    else:
        what = f"{release.title}'s coding table"
        read = read_records(path, what, required_columns(release), [*optional, *form.flags], sheet, form.sheets)
    roles = [role for role, heading in columns.items() if heading in read.headings]
    records = {number: {role: cells[columns[role]] for role in roles} for number, cells in read.rows.items()}
    synthetic = SYNTHETIC in path.name or SYNTHETIC in read.title or (path.parent / MANIFEST).exists()
    return _check_records(path, release, read, records, synthetic=synthetic)


def required_columns(release: Release) -> list[str]:
    """The headings that a coding table must have."""
    form = release.table
    return [heading for role, heading in form.columns.items() if not form.is_optional(role)]


def _check_records(
    path: Path, release: Release, read: Records, records: Mapping[int, CellsByRole], *, synthetic: bool
) -> CodingTable:
    form = release.table
    parsed = [
        read.faults.get(number) or parse_row(number, record, path.name, release, read.above)
        for number, record in records.items()
    ]
    flagged = [with_flags(row, read.rows[row.number], form.flags) if isinstance(row, Row) else row for row in parsed]
    rows = [row for row in flagged if isinstance(row, Row)]
    unique, repeated = _without_repeats(_with_unique_names(rows) if form.names_repeat else rows)
    unique, not_action_units = _with_action_units(unique, form)
    findings = [
        *read.findings,
        *(fault for fault in flagged if isinstance(fault, Finding)),
        *repeated,
        *repair_findings(path.name, [(row.number, row.repairs) for row in unique]),
        *unknown_emotions(_coded_emotions(unique, read, form), form),
        *not_action_units,
        *_without_columns(path.name, release, read),
        *missing_flags(path.name, form.flags, read.headings),
        *other_emotions(parsed, flagged, form.flags),
        *contradictions(unique, records, release),
    ]
    listed = [(form.subject(record["subject"]) or "", frames_folder(record, form)) for record in records.values()]
    kinds, emotions = Counter(map(coded_kind, records.values())), _count_emotions(rows, records, release)
    version, reason = SYNTHETIC, "by its name or title, or by a manifest next to it"
    if not synthetic:
        version, reason = version_of(emotions, "objective class" in next(iter(records.values())), form)
        findings += compare_counts(path.name, version, emotions, Counter(row.subject for row in rows), form)
        findings += compare_kinds(path.name, kinds, len(set(listed)), form)
        findings += compare_rates(path.name, Counter(row.fps for row in rows if row.fps), form)
    facts = {
        "coding table": str(path),
        **({"sheet": read.sheet} if read.sheet else {}),
        "table version": f"{version} ({reason})",
        "rows": str(len(records)),
        **({"kinds": describe_counts(kinds)} if "kind" in form.columns else {}),
        "emotions": describe_counts(emotions),
        **dict(_second_frames(records)),
        **dict(_rows_without_action_units(unique, read, form)),
    }
    return CodingTable(path, version, tuple(unique), tuple(findings), frozenset(listed), facts)


def _coded_emotions(rows: list[Row], read: Records, form: TableFormat) -> list[tuple[str, str]]:
    """Where each label of a micro-expression is, and the label; nothing in a table that has no labels."""
    if not (form.flags or form.columns.get("emotion") in read.headings):
        return []
    return [(row.where, label) for row in rows if not row.is_macro for label in row.emotion.split("+")]


def _count_emotions(rows: list[Row], records: Mapping[int, CellsByRole], release: Release) -> Counter[str]:
    """How often each emotion is coded, macro-expressions left out where one column holds the emotion."""
    if release.table.flags:
        return Counter(label for row in rows for label in row.emotion.split("+"))
    return Counter(emotion_of(record, release) for record in records.values() if coded_kind(record) != MACRO)


def _second_frames(records: Mapping[int, CellsByRole]) -> Iterator[tuple[str, str]]:
    """Facts about rows with a second apex or with further movements."""
    for role, rule in SECOND.items():
        rows = sum(coded_number(record.get(role, "")) is not None for record in records.values())
        if rows:
            yield f"{role} coded", f"in {counted(rows, 'row')}; {rule}"


def _rows_without_action_units(rows: list[Row], read: Records, form: TableFormat) -> Iterator[tuple[str, str]]:
    """A fact about the rows whose cell of action units is empty, as where cells of a sheet were merged."""
    without = [row.number for row in rows if not row.action_units]
    if without and form.columns.get("action units") in read.headings:
        yield "action units", f"none in {counted(len(without), 'row')}, the first row {without[0]}"


def _with_unique_names(rows: list[Row]) -> list[Row]:
    """The rows; clip names of one subject that occur with several onsets get the onset: ``EP01_12@73``.

    If several of them have this onset and other offsets, they get the offset as well: ``a@73-80``.
    """
    onsets: dict[tuple[str, str], set[int]] = defaultdict(set)
    offsets: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    for row in rows:
        onsets[row.subject, row.clip].add(row.onset)
        offsets[row.subject, row.clip, row.onset].add(row.offset)
    named = []
    for row in rows:
        several = len(offsets[row.subject, row.clip, row.onset]) > 1
        frames = f"@{row.onset}-{row.offset}" if several else f"@{row.onset}"
        repeated = several or len(onsets[row.subject, row.clip]) > 1
        named.append(replace(row, clip=row.clip + frames) if repeated else row)
    return named


def _without_repeats(rows: list[Row]) -> tuple[list[Row], list[Finding]]:
    """The rows whose clip occurs once or in equal rows, and the findings about clips in several rows.

    Of macro-expressions in several rows the first is kept, because they are for spotting alone.
    """
    by_clip: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_clip.setdefault((row.subject, row.clip), []).append(row)
    unique, findings = [], []
    for (subject, clip), same in by_clip.items():
        equal = len({replace(row, number=0, note="", repairs=()) for row in same}) == 1
        used = equal or all(row.is_macro for row in same)
        unique += same[:1] if used else []
        if len(same) > 1:
            found = "rows " + ", ".join(str(row.number) for row in same)
            findings.append(
                Finding(
                    "differs" if used else "unusable",
                    f"{subject} {clip}",
                    "one row per clip",
                    f"{found}, {'which are equal' if equal else 'which contradict each other'}",
                    "the clip is used once" if used else "remove the wrong rows from the table",
                )
            )
    return unique, findings


def _with_action_units(rows: list[Row], form: TableFormat) -> tuple[list[Row], list[Finding]]:
    """The rows, without the text of cells that cannot be action units, and the findings about these cells."""
    wrong = [row for row in rows if not are_action_units(row.action_units)]
    remedy = "the clip is read without action units; correct the cell, or copy the table again from the original"
    expected = f"action units such as 4+L10 in column {form.columns.get('action units')}"
    findings = [Finding("differs", row.where, expected, quoted(row.action_units), remedy) for row in wrong]
    return [replace(row, action_units="") if row in wrong else row for row in rows], findings


def _without_columns(table: str, release: Release, read: Records) -> Iterator[Finding]:
    """Findings about columns whose absence leaves all clips without action units, or without emotions."""
    absent = {role: column for role, column in release.table.columns.items() if column not in read.headings}
    elsewhere = release.table.flags or release.labels_of
    lacked: dict[Role, str] = {"action units": "action units", **({} if elsewhere else {"emotion": "emotions"})}
    for role, what in lacked.items():
        if role in absent:
            remedy = f"clips are read without {what}; if you need them, use the original table"
            yield Finding("differs", table, f"a column {absent[role]}", "none", remedy)
