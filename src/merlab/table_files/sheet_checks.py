"""What the cells of a sheet do not tell: formulas that were never calculated, merged cells, rows not shown."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import xlrd

from merlab.clips import Finding
from merlab.errors import MerlabError
from merlab.spelling import counted, first_of
from merlab.table_files.damage import DAMAGED
from merlab.table_files.excel import OLD_EXCEL, WORKBOOK
from merlab.table_files.ods import CONTENT, TABLE

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
RELATIONS = "xl/_rels/workbook.xml.rels"
NAMED = 5
# What is looked for in a sheet of Excel; to parse a large one takes as long as to read its cells.
OF_INTEREST = re.compile(rb"[<:](?:f|mergeCell)[\s/>]|\shidden=")
CELL = re.compile(r"([A-Z]+)(\d+)")
ALL_COLUMNS = range(2**14)


@dataclass(frozen=True)
class _Layout:
    """Rows of a sheet that are not shown but have cells, ranges of merged cells, and formulas without a value."""

    hidden: Sequence[int] = ()
    merged: Sequence[str] = ()
    unknown: Sequence[str] = ()


def check_sheet(path: Path, sheet: str, header: int = 0, columns: Container[int] = ALL_COLUMNS) -> Iterator[Finding]:
    """Findings about hidden rows and merged cells of a sheet of a workbook that was read before; none for a text.

    ``header`` is the row of the column names; cells that are merged above it, such as a title, do not matter, nor do
    those beside the ``columns`` that are read, from 0. Raises MerlabError if formulas of an .xlsx file have no value,
    because their cells would be read as empty: programs that write a workbook without calculating leave them so.
    """
    layout = _layout_of(path, sheet)
    unknown = [cell for cell in layout.unknown if _is_in(cell, columns)]
    if unknown:
        raise MerlabError(
            f"{path}: formulas in {first_of(unknown, NAMED)} of the sheet {sheet} have no values; open the file in a "
            "spreadsheet program and save it, so that they are calculated, or write the values themselves"
        )
    if layout.hidden:
        remedy = "read like all others; delete rows that should not count"
        found = f"{counted(len(layout.hidden), 'hidden row')}: {first_of(map(str, layout.hidden), NAMED)}"
        yield Finding("handled", path.name, "rows that are shown", found, remedy)
    below = [cells for cells in layout.merged if _is_in(cells, columns, header)]
    if below:
        remedy = "only the first of merged cells has their value, the others are read as empty; unmerge and fill them"
        found = f"merged: {first_of(below, NAMED)}"
        yield Finding("differs", path.name, "a value of its own in every cell", found, remedy)


def _layout_of(path: Path, sheet: str) -> _Layout:
    if not zipfile.is_zipfile(path):
        is_old_excel = path.is_file() and path.read_bytes().startswith(OLD_EXCEL)
        return _layout_of_xls(path, sheet) if is_old_excel else _Layout()
    with zipfile.ZipFile(path) as archive:
        if CONTENT in archive.namelist():
            return _layout_of_ods(ElementTree.fromstring(archive.read(CONTENT)), sheet)
        part = _part_of(archive, sheet) if WORKBOOK in archive.namelist() else None
        return _layout_of_xlsx(archive.read(part)) if part else _Layout()


def _layout_of_xlsx(written: bytes) -> _Layout:
    if not OF_INTEREST.search(written):
        return _Layout()
    content = ElementTree.fromstring(written)
    rows = list(content.iter(f"{MAIN}row"))
    unknown = [cell.get("r", "?") for row in rows for cell in row if _is_not_calculated(cell)]
    # A cell that only has a format is empty.
    hidden = [int(row.get("r", "0")) for row in rows if row.get("hidden") in {"1", "true"} and any(map(len, row))]
    return _Layout(hidden, [ref for each in content.iter(f"{MAIN}mergeCell") if (ref := each.get("ref"))], unknown)


def _layout_of_xls(path: Path, sheet: str) -> _Layout:
    try:
        book = xlrd.open_workbook(path, formatting_info=True, logfile=io.StringIO())
        found = book.sheet_by_name(sheet)
    except DAMAGED:
        # Its cells could be read; only their formats cannot.
        return _Layout()
    hidden = [row + 1 for row, info in sorted(found.rowinfo_map.items()) if info.hidden and any(found.row_values(row))]
    return _Layout(hidden, [_range(top, left, end - top, right - left) for top, end, left, right in found.merged_cells])


def _layout_of_ods(content: Element, sheet: str) -> _Layout:
    table = next((each for each in content.iter(f"{TABLE}table") if each.get(f"{TABLE}name") == sheet), Element("none"))
    hidden: list[int] = []
    merged: list[str] = []
    number = 0
    for row in table.iter(f"{TABLE}table-row"):
        repeated = int(row.get(f"{TABLE}number-rows-repeated", "1"))
        if row.get(f"{TABLE}visibility", "visible") != "visible" and "".join(row.itertext()).strip():
            hidden += range(number + 1, number + repeated + 1)
        column = 0
        for cell in row:
            rows, columns = (int(cell.get(f"{TABLE}number-{each}-spanned", "1")) for each in ("rows", "columns"))
            if max(rows, columns) > 1:
                merged.append(_range(number, column, rows, columns))
            column += int(cell.get(f"{TABLE}number-columns-repeated", "1"))
        number += repeated
    return _Layout(hidden, merged)


def _range(row: int, column: int, rows: int, columns: int) -> str:
    """``A2:A4`` for three rows of a column from position (1, 0)."""
    first, last = (xlrd.colname(each) for each in (column, column + columns - 1))
    return f"{first}{row + 1}:{last}{row + rows}"


def _is_in(cells: str, columns: Container[int], header: int = 0) -> bool:
    """Whether a cell or a range is at least in part in these columns, below a row; also one without a known place."""
    places = CELL.findall(cells)
    if not places:
        return True
    left, right = (_column(places[at][0]) for at in (0, -1))
    return int(places[-1][1]) > header and any(column in columns for column in range(left, right + 1))


def _column(letters: str) -> int:
    """The position from 0 of the column with these letters: 0 for A, 26 for AA."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of a sheet's part in the archive."""
    sheets = ElementTree.fromstring(archive.read(WORKBOOK)).iter(f"{MAIN}sheet")
    relation = next((each.get(RELATION) for each in sheets if each.get("name") == sheet), None)
    targets = {each.get("Id"): each.get("Target", "") for each in ElementTree.fromstring(archive.read(RELATIONS))}
    part = normpath(join("xl", targets.get(relation, ""))).lstrip("/")
    return part if part in archive.namelist() else None


def _is_not_calculated(cell: Element) -> bool:
    """Whether a cell is a formula without a value; an empty text, which has its type, is a value."""
    return cell.find(f"{MAIN}f") is not None and not cell.findtext(f"{MAIN}v") and cell.get("t") != "str"
