"""The objective classes of a coding table: from its own column, or from the table that was published beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.published_counts import KEEP_COUNTS, describe_counts
from merlab.databases.coded.release import Release, is_table_file
from merlab.databases.coded.row import Row
from merlab.databases.coded.table_search import table_files
from merlab.databases.coded.workbook import OtherTableError, read_records
from merlab.databases.objective_class import parse_objective_class
from merlab.errors import MerlabError
from merlab.spelling import counted, first_of

HEADINGS = ("Objective Class", "Objective Classes")
FACT = "objective classes"
CLIPS_SHOWN = 5
Classes = Mapping[tuple[str, str], str]


def with_objective_classes(table: CodingTable, root: Path, release: Release) -> CodingTable:
    """The table with the objective class of each row, compared with the published counts of its version.

    A table without a column of classes gets those of the separate file, if it is of the version that the file belongs
    to. Raises no error: a file that cannot be used gives a finding.
    """
    form = release.table
    if "objective class" not in form.columns or table.synthetic:
        return table
    if not any(row.objective_class for row in table.rows) and table.version == form.versions[0]:
        table = _with_classes_of_file(table, root, release)
    found = Counter(row.objective_class for row in table.rows if row.objective_class)
    if not found:
        none = "none, so the schemes objective-5 and objective-7 cannot be used"
        return replace(table, facts={**table.facts, FACT: none})
    published = form.objective_classes.get(table.version)
    compared = "as published" if published == dict(found) else "the published counts differ"
    if published is None:
        compared = f"the published counts for the table of {table.version} are not known"
    facts = {**table.facts, FACT: f"{describe_counts(found)} ({compared})"}
    if published in (None, dict(found)):
        return replace(table, facts=facts)
    expected = f"objective classes {describe_counts(published)}"
    finding = Finding("differs", table.path.name, expected, describe_counts(found), KEEP_COUNTS)
    return replace(table, facts=facts, findings=(*table.findings, finding))


def _with_classes_of_file(table: CodingTable, root: Path, release: Release) -> CodingTable:
    """The table with the classes of the file of objective classes; the same table if there is none."""

    def wanted(path: Path) -> bool:
        named = re.fullmatch(release.table.objective_files, path.stem, re.IGNORECASE) is not None
        return named and is_table_file(path) and path.name != table.path.name

    paths = table_files(root, release, wanted) or [path for path in sorted(table.path.parent.iterdir()) if wanted(path)]
    if not paths:
        return table
    try:
        read = [_read_file(path, release) for path in paths]
    except MerlabError as error:
        return _unread(table, str(error))
    if any(classes != read[0] for classes in read):
        return _unread(table, f"files that contradict each other: {', '.join(map(str, paths))}")
    rows = [replace(row, objective_class=read[0].get((row.subject, row.folder), "")) for row in table.rows]
    facts = {**table.facts, "file of objective classes": str(paths[0])}
    findings = (*table.findings, *_without_class(rows, paths[0]))
    return replace(table, rows=tuple(rows), facts=facts, findings=findings, others=(paths[0],))


def _without_class(rows: Sequence[Row], path: Path) -> Iterator[Finding]:
    """A finding about clips that the file of objective classes does not list."""
    without = [f"{row.subject} {row.clip}" for row in rows if not row.objective_class]
    if without:
        found = f"none for {counted(len(without), 'clip')}: {first_of(without, CLIPS_SHOWN)}"
        remedy = "schemes of objective classes leave them out; compare the names of the clips in both files"
        yield Finding("differs", path.name, "the objective class of every clip of the coding table", found, remedy)


def _unread(table: CodingTable, found: str) -> CodingTable:
    remedy = "no objective class is read; correct the file, or copy it again from the original"
    finding = Finding("differs", table.path.name, "a readable file of objective classes", found, remedy)
    return replace(table, findings=(*table.findings, finding))


def _read_file(path: Path, release: Release) -> Classes:
    """(subject, clip) -> class. Raises MerlabError if the file cannot be read, or if a cell is not a class."""
    form = release.table
    columns = [form.columns["subject"], form.columns["clip"]]
    try:
        read, heading = read_records(path, "a table of objective classes", [*columns, HEADINGS[0]]), HEADINGS[0]
    except OtherTableError:
        read, heading = read_records(path, "a table of objective classes", [*columns, HEADINGS[1]]), HEADINGS[1]
    for fault in read.faults.values():
        raise MerlabError(f"{fault.where}: expected {fault.expected}, found {fault.found}")
    classes: dict[tuple[str, str], str] = {}
    for number, cells in read.rows.items():
        subject, clip = form.subject(cells[columns[0]]), form.clip(cells[columns[1]])
        of_row = parse_objective_class(cells[heading])
        if subject is None or of_row is None or classes.setdefault((subject, clip), of_row) != of_row:
            raise MerlabError(f"{path.name}, row {number}: {', '.join(map(repr, cells.values()))}")
    return classes
