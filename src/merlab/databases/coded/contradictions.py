"""Cells of a coding table that are not what their column holds, or contradict the rest of their row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from merlab.clips import Finding
from merlab.databases.coded.moments import NO_APEX, coded_number
from merlab.databases.coded.release import FURTHER_MOVEMENTS, Release, TableFormat
from merlab.databases.coded.row import CellsByRole, Row, movement_of
from merlab.databases.objective_class import EXAMPLE, parse_objective_class
from merlab.spelling import quoted

# Seconds. By definition a micro-expression lasts up to half a second, and in CASME up to 0.83.
LONGEST_CODED = 3.0
# What a table has in place of the frames of a second apex or movement where there is none.
NO_SECOND = {*NO_APEX, "0"}


def contradictions(rows: list[Row], records: Mapping[int, CellsByRole], release: Release) -> Iterator[Finding]:
    """Findings about ``rows`` that are used, from their cells: the records, by their number in the sheet."""
    form = release.table
    yield from _wrong_objective_classes(rows, records, form)
    yield from _wrong_second_frames(rows, records, form)
    yield from _wrong_durations(rows, records, form)
    yield from _too_long(rows, release)


def _wrong_objective_classes(
    rows: list[Row], records: Mapping[int, CellsByRole], form: TableFormat
) -> Iterator[Finding]:
    """Findings about cells that are not objective classes; the clip is read without one."""
    for row in rows:
        cell = records[row.number].get("objective class", "")
        if parse_objective_class(cell) is None:
            expected = f"{EXAMPLE} in column {form.columns['objective class']}"
            remedy = "the clip is read without an objective class; correct the cell"
            yield Finding("differs", row.where, expected, quoted(cell), remedy)


def _wrong_second_frames(rows: list[Row], records: Mapping[int, CellsByRole], form: TableFormat) -> Iterator[Finding]:
    """Findings about a second apex that is no frame, and about further movements without an onset before the offset."""
    remedy = "it is not read; correct the row, or copy the table again from the original"
    for row in rows:
        record = records[row.number]
        apex = record.get("second apex", "")
        if apex not in NO_SECOND and coded_number(apex) is None:
            expected = f"a frame number, or nothing, in column {form.columns['second apex']}"
            yield Finding("differs", row.where, expected, quoted(apex), remedy)
        for roles in FURTHER_MOVEMENTS:
            cells = [record.get(role, "") for role in roles]
            if movement_of(record, roles) is None and not set(cells) <= NO_SECOND:
                named = " and ".join(form.columns[role] for role in roles)
                expected = f"onset <= offset of a {roles[0].split()[0]} movement, or nothing, in columns {named}"
                yield Finding("differs", row.where, expected, " and ".join(map(quoted, cells)), remedy)


def _wrong_durations(rows: list[Row], records: Mapping[int, CellsByRole], form: TableFormat) -> Iterator[Finding]:
    """Findings about rows whose duration disagrees with onset and offset, so that one of the three is wrong."""
    for row in rows:
        counted, stated = row.offset - row.onset + 1, records[row.number].get("duration", "")
        if stated and coded_number(stated) != counted and not row.note:
            expected = f"{form.columns['duration']} {counted}, for onset {row.onset} and offset {row.offset}"
            remedy = "onset and offset are used as coded; compare the row with the original table"
            yield Finding("differs", row.where, expected, stated, remedy)


def _too_long(rows: list[Row], release: Release) -> Iterator[Finding]:
    """Findings about micro-expressions that are too long for one, so that a number is wrong, and no known mistake."""
    for row in rows:
        seconds = (row.offset - row.onset + 1) / (row.fps or release.fps)
        known = row.quirks(release).keys() & {"wrong frame", "frame range"}
        if seconds > LONGEST_CODED and not row.is_macro and not known:
            expected = f"a micro-expression of {LONGEST_CODED:g} s or less"
            found = f"{seconds:.1f} s, onset {row.onset} and offset {row.offset}"
            yield Finding(
                "differs", row.where, expected, found, "used as coded; compare the row with the original table"
            )
