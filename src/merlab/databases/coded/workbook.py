"""Find the line of column names on any sheet of a table file, and read the lines below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.table_file import TEXT_SUFFIXES, Line, Sheet, read_lines
from merlab.errors import MerlabError

HEADER_LINES = 40


class OtherTableError(MerlabError):
    """A table file can be read, but it lacks columns of the requested table."""


@dataclass(frozen=True)
class Records:
    """The lines below a line of column names.

    ``rows`` maps the number of a line in the sheet (from 1) to its cells, heading -> text; empty lines are skipped.
    ``title`` is the title of the workbook, ``headings`` are the requested columns that exist, and ``findings`` are
    about the encoding of a text.
    """

    title: str
    headings: tuple[str, ...]
    rows: Mapping[int, Mapping[str, str]]
    findings: tuple[Finding, ...]


def read_records(
    path: Path, what: str, required: Sequence[str], optional: Sequence[str] = (), sheet: str | None = None
) -> Records:
    """Read the columns ``required`` and ``optional`` of a table file; their place in the file does not matter.

    The header is the line with the most required headings among the first ``HEADER_LINES`` lines of each sheet;
    spaces, case and punctuation in a heading do not matter. ``sheet`` restricts the search to the sheet of this name;
    a text has no sheets. Raises MerlabError if the file cannot be read or has no rows, and OtherTableError if it lacks
    a column; ``what`` describes the table in the message.
    """
    table = read_lines(path, HEADER_LINES)
    names = [each.name for each in table.sheets]
    if path.suffix.lower() in TEXT_SUFFIXES:
        sheet = None
    if sheet is not None and sheet not in names:
        raise MerlabError(f"{path} has no sheet {sheet}; it has {', '.join(names)}")
    places = list(_headers(table.sheets, required, sheet))
    if not places:
        what_is_empty = "is empty or has only empty sheets" if sheet is None else f"has nothing on its sheet {sheet}"
        raise MerlabError(f"{path} {what_is_empty}; copy it again from the original")
    _, header, lines = max(places, key=lambda place: place[0])
    columns = {_normal(text): column for column, text in enumerate(header.cells) if text}
    missing = [heading for heading in required if _normal(heading) not in columns]
    if missing:
        raise OtherTableError(
            f"{path} is not {what}: it lacks the columns {', '.join(missing)}; "
            f"found {', '.join(filter(None, header.cells))}, wanted {', '.join((*required, *optional))}; "
            "rename its columns, or copy the table again from the original"
        )
    headings = tuple(heading for heading in (*required, *optional) if _normal(heading) in columns)
    places_of = {heading: columns[_normal(heading)] for heading in headings}
    rows = {line.number: {heading: _cell(line, column) for heading, column in places_of.items()} for line in lines}
    if not rows:
        raise MerlabError(f"{path} has column names but no rows; copy it again from the original")
    return Records(table.document_title, headings, rows, table.findings)


def _headers(
    sheets: Sequence[Sheet], required: Sequence[str], name: str | None
) -> Iterator[tuple[int, Line, tuple[Line, ...]]]:
    """Every line that may have the column names: how many required ones it has, the line, and the lines below it."""
    wanted = set(map(_normal, required))
    for sheet in sheets:
        for position, line in enumerate(sheet.filled[:HEADER_LINES] if name in {None, sheet.name} else ()):
            yield len(wanted & set(map(_normal, line.cells))), line, sheet.filled[position + 1 :]


def _cell(line: Line, column: int) -> str:
    """The text of a cell; '4' for '4.0', as programs write whole numbers of a column with gaps into a text."""
    text = line.cells[column] if column < len(line.cells) else ""
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


def _normal(heading: str) -> str:
    """A heading for comparison: the same for 'OnsetFrame', 'Onset Frame' and 'onsetframe'."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())
