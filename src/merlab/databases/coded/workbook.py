"""Read Excel workbooks as text: find the line of column names on any sheet, and read the lines below it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from merlab.errors import MerlabError

HEADER_LINES = 40


@dataclass(frozen=True)
class Records:
    """The lines below a line of column names.

    ``rows`` maps the number of a line in the sheet (from 1) to its cells, heading -> text; empty lines are skipped.
    ``title`` is the title of the workbook, ``sheet`` the name of the sheet, and ``headings`` are the requested columns
    that exist.
    """

    title: str
    sheet: str
    headings: tuple[str, ...]
    rows: Mapping[int, Mapping[str, str]]


def read_records(
    path: Path, what: str, required: Sequence[str], optional: Sequence[str] = (), sheet: str | None = None
) -> Records:
    """Read the columns ``required`` and ``optional`` of a workbook; their place in the workbook does not matter.

    The header is the first line with all required headings among the first ``HEADER_LINES`` lines of each sheet;
    spaces, case and punctuation in a heading do not matter. ``sheet`` restricts the search to the sheet of this name.
    Raises MerlabError if the file is not a workbook, lacks a column, or has no rows; ``what`` describes the table in
    the message.
    """
    title, sheets = read_sheets(path)
    if sheet is not None and sheet not in sheets:
        raise MerlabError(f"{path} has no sheet {sheet}; it has {', '.join(sheets)}")
    places = [
        (len(set(map(_normal, required)) & set(map(_normal, line))), -position, name)
        for name, lines in sheets.items()
        if sheet in {None, name}
        for position, line in enumerate(lines[:HEADER_LINES])
    ]
    if not any(any(map(any, lines)) for lines in sheets.values()):
        raise MerlabError(f"{path} has only empty sheets; copy it again from the original")
    _, position, name = max(places, key=lambda place: place[:2], default=(0, 0, next(iter(sheets))))
    header, lines = sheets[name][-position], sheets[name][1 - position :]
    columns = {_normal(text): column for column, text in enumerate(header) if text}
    missing = [heading for heading in required if _normal(heading) not in columns]
    if missing:
        raise MerlabError(
            f"{path} is not {what}: it lacks the columns {', '.join(missing)}; "
            f"found {', '.join(filter(None, header))}, wanted {', '.join((*required, *optional))}"
        )
    headings = tuple(heading for heading in (*required, *optional) if _normal(heading) in columns)
    rows = {
        number: {heading: line[columns[_normal(heading)]] for heading in headings}
        for number, line in enumerate(lines, start=2 - position)
        if any(line)
    }
    if not rows:
        raise MerlabError(f"{path} has column names but no rows; copy it again from the original")
    return Records(title, name, headings, rows)


def read_sheets(path: Path) -> tuple[str, dict[str, list[list[str]]]]:
    """The title of a workbook, and the lines of its sheets as text; raises MerlabError if it is not a workbook."""
    try:
        workbook = openpyxl.load_workbook(path, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, OSError) as error:
        remedy = "open it and save it as .xlsx" if path.suffix.lower() == ".xls" else "copy it again from the original"
        raise MerlabError(f"{path} cannot be read as an Excel workbook ({error}); {remedy}") from error
    sheets = {
        sheet.title: [[_text(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
        for sheet in workbook.worksheets
    }
    return workbook.properties.title or "", sheets


def _text(cell: object) -> str:
    """A cell as text: '4' for 4 and 4.0, '' for an empty one."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _normal(heading: str) -> str:
    """A heading for comparison: the same for 'OnsetFrame', 'Onset Frame' and 'onsetframe'."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())
