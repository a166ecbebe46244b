"""Find the line of column names on any sheet of a table file, and read the lines below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from merlab.clips import Finding
from merlab.errors import MerlabError
from merlab.spelling import counted, first_of
from merlab.table_files.cell_texts import may_be_thousands
from merlab.table_files.reading import TEXT_SUFFIXES, read_lines
from merlab.table_files.sheet_checks import check_sheet
from merlab.table_files.sheets import Line, Sheet

HEADER_LINES = 40
ROWS_SHOWN = 5


class OtherTableError(MerlabError):
    """A table file can be read, but it lacks columns of the requested table; ``lacks`` says which."""

    def __init__(self, message: str, lacks: str) -> None:
        super().__init__(message)
        self.lacks = lacks


class UnclearTableError(MerlabError):
    """A table file has the requested columns more than once, on several sheets or on one, and they differ."""


@dataclass(frozen=True)
class Records:
    """The lines below a line of column names.

    ``rows`` maps the number of a line in the sheet (from 1) to its cells, heading -> text; empty lines are skipped.
    ``faults`` are the lines whose cells may be under the wrong headings. ``title`` is the title of the workbook,
    ``headings`` are the requested columns that exist, ``sheet`` is the name of the sheet that was read (empty for a
    text), and ``findings`` are about the encoding of a text and cells outside of the columns. ``above`` is the number
    of lines above the column names.
    """

    title: str
    headings: tuple[str, ...]
    rows: Mapping[int, Mapping[str, str]]
    findings: tuple[Finding, ...]
    sheet: str = ""
    faults: Mapping[int, Finding] = field(default_factory=dict)
    above: int = 0


@dataclass(frozen=True)
class _Place:
    """A line that may have the column names, the lines below it, and their sheet."""

    sheet: Sheet
    header: Line
    lines: tuple[Line, ...]

    def columns(self, heading: str) -> list[int]:
        """The columns of this heading."""
        return [column for column, text in enumerate(self.header.cells) if _normal(text) == _normal(heading)]

    def number_of(self, headings: Sequence[str]) -> int:
        """How many of these headings the line has."""
        return sum(bool(self.columns(heading)) for heading in headings)

    def cells(self, headings: Sequence[str]) -> list[list[str]]:
        """The cells under these headings, line by line; empty below a heading that does not exist."""
        columns = [self.columns(heading) for heading in headings]
        return [[_cell(line, found[0]) if found else "" for found in columns] for line in self.lines]


def read_records(
    path: Path,
    what: str,
    required: Sequence[str],
    optional: Sequence[str] = (),
    sheet: str | None = None,
    preferred: Sequence[str] = (),
) -> Records:
    """Read the columns ``required`` and ``optional`` of a table file; their place in the file does not matter.

    The header is the line with the most required headings among the first ``HEADER_LINES`` lines of each sheet;
    spaces, case and punctuation in a heading do not matter. ``sheet`` restricts the search to the sheet of this name;
    a text has no sheets. Of several sheets with the columns, one of the ``preferred`` names is read. Raises MerlabError
    if the file cannot be read or has no rows, OtherTableError if it lacks a column, and UnclearTableError if it has the
    columns more than once; ``what`` describes the table in the message.
    """
    table = read_lines(path, HEADER_LINES)
    is_text = path.suffix.lower() in TEXT_SUFFIXES
    places = list(_places(path, table.sheets, required, None if is_text else sheet))
    place = _chosen(path, places, required, optional, preferred)
    missing = [heading for heading in required if not place.columns(heading)]
    if missing:
        lacks = f"it lacks the columns {', '.join(missing)}"
        raise OtherTableError(
            f"{path} is not {what}: {lacks}; "
            f"found {', '.join(filter(None, place.header.cells))}, wanted {', '.join((*required, *optional))}; "
            "rename its columns, or copy the table again from the original",
            lacks,
        )
    headings = tuple(heading for heading in (*required, *optional) if place.columns(heading))
    for heading in headings:
        _require_one_column(path, place, heading)
    cells = place.cells(headings)
    rows = {line.number: dict(zip(headings, each, strict=True)) for line, each in zip(place.lines, cells, strict=True)}
    if not rows:
        raise MerlabError(f"{path} has column names but no rows; copy it again from the original")
    faults = _too_long(path, place)
    findings = (
        *table.findings,
        *check_sheet(path, place.sheet.name, place.header.number),
        *_beside(path, place, {number: rows[number] for number in rows.keys() - faults.keys()}),
    )
    sheet_read = "" if is_text else place.sheet.title
    above = place.header.number - 1
    return Records(table.document_title, headings, rows, findings, sheet_read, faults, above)


def _places(path: Path, sheets: Sequence[Sheet], required: Sequence[str], name: str | None) -> Iterator[_Place]:
    """The line of each sheet that most likely has the column names."""
    named = [sheet for sheet in sheets if name is None or _normal(sheet.name) == _normal(name)]
    if not named:
        listed = ", ".join(sheet.name for sheet in sheets)
        raise MerlabError(f"{path} has no sheet {name}; it has {listed}; give the right sheet the name {name}")
    searched = [sheet for sheet in named if sheet.filled]
    if not searched:
        what_is_empty = "is empty or has only empty sheets" if name is None else f"has nothing on its sheet {name}"
        raise MerlabError(f"{path} {what_is_empty}; copy it again from the original")
    for sheet in searched:
        lines = (
            _Place(sheet, line, sheet.filled[position + 1 :])
            for position, line in enumerate(sheet.filled[:HEADER_LINES])
        )
        yield max(lines, key=lambda place: place.number_of(required))


def _chosen(
    path: Path, places: Sequence[_Place], required: Sequence[str], optional: Sequence[str], preferred: Sequence[str]
) -> _Place:
    """The place that has the required columns; that with the most if none has all of them."""
    complete = [place for place in places if place.number_of(required) == len(required) and place.lines]
    if len(complete) < 2:
        return max(complete or places, key=lambda place: place.number_of(required))
    rows = {place.sheet.name: place.cells((*required, *optional)) for place in complete}
    chosen = only_sheet(path, [place.sheet for place in complete], preferred, rows)
    return next(place for place in complete if place.sheet is chosen)


def only_sheet(
    path: Path, sheets: Sequence[Sheet], preferred: Sequence[str], rows: Mapping[str, Sequence[Sequence[str]]]
) -> Sheet:
    """The sheet to read of those that have the wanted columns: that of a preferred name, or the first of equal ones.

    ``rows`` are the wanted cells by the name of the sheet. Raises UnclearTableError if several could be meant.
    """
    by_name = {_normal(sheet.name): sheet for sheet in reversed(sheets)}
    named = [by_name[_normal(name)] for name in preferred if _normal(name) in by_name]
    if not named and any(rows[sheet.name] != rows[sheets[0].name] for sheet in sheets):
        listed = ", ".join(sheet.title for sheet in sheets)
        raise UnclearTableError(
            f"{path}: several sheets have the columns of the table: {listed}; delete all but the right one, or save it "
            "as a file of its own"
        )
    return (named or list(sheets))[0]


def _require_one_column(path: Path, place: _Place, heading: str) -> None:
    """Raises UnclearTableError if several columns have this heading, and their cells differ in some line."""
    columns = place.columns(heading)
    for line in place.lines:
        found = [_cell(line, column) for column in columns]
        if len(set(found)) > 1:
            names = " and ".join(f"{place.header.cells[column]} (column {column + 1})" for column in columns)
            raise UnclearTableError(
                f"{path}: several columns have the name {heading}: {names}; in {line.place} they have "
                f"{' and '.join(map(repr, found))}; delete or rename the wrong one"
            )


def _too_long(path: Path, place: _Place) -> dict[int, Finding]:
    """The lines of a text with more cells than column names: a delimiter inside of a cell moves all that follow."""
    width = len(place.header.cells)
    expected = f"{width} cells, as in the line of column names"
    remedy = 'put a text that contains the delimiter into quotes, such as "4,9"'
    return {
        line.number: Finding(
            "unusable", f"{path.name}, row {line.number}", expected, f"{len(line.cells)} cells", remedy
        )
        for line in place.lines
        if any(line.cells[width:])
    }


def _beside(path: Path, place: _Place, rows: Mapping[int, Mapping[str, str]]) -> Iterator[Finding]:
    """A finding about full rows with a cell right of all column names: a remark, or a row in which cells were moved."""
    last = max(column for column, text in enumerate(place.header.cells) if text)
    full = [number for number, cells in rows.items() if all(cells.values())]
    beside = [line.number for line in place.lines if line.number in full and any(line.cells[last + 1 :])]
    if beside:
        found = f"a cell there in {counted(len(beside), 'row')}: {first_of(map(str, beside), ROWS_SHOWN)}"
        remedy = "a remark there is not read; if cells of the row were moved to the right, move them back"
        yield Finding("differs", path.name, f"nothing right of column {place.header.cells[last]}", found, remedy)


def _cell(line: Line, column: int) -> str:
    """The text of a cell; '4' for '4.0', as programs write whole numbers of a column with gaps into a text.

    '4.000' may be 4000.
    """
    text = line.cells[column] if column < len(line.cells) else ""
    return text if may_be_thousands(text) else re.sub(r"^(\d+)\.0+$", r"\1", text)


def _normal(heading: str) -> str:
    """A heading for comparison: the same for 'OnsetFrame', 'Onset Frame' and 'onsetframe'."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())
