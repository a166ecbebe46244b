"""Formulas without values, hidden rows and merged cells of spreadsheets, in coding tables and in tables of your own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from merlab.databases import find_database
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases import casme2_release, casme_squared_release
from tests.databases.release import image_bytes, write_images


def own(root: Path) -> Path:
    """A table of two clips."""
    write_images(root / "frames", (f"{number}.png" for number in range(1, 10)), image_bytes(suffix=".png"))
    book = Workbook()
    sheet = book.worksheets[0]
    for line in (
        ("subject", "clip", "onset", "apex", "offset", "frames", "fps"),
        ("anna", "a", 2, 5, 8, "frames", 200),
        ("bert", "b", 1, 4, 9, "frames", 200),
    ):
        sheet.append(line)
    book.save(root / "mine.xlsx")
    return root / "mine.xlsx"


LINES = (
    ("subject", "clip", "onset", "apex", "offset", "frames", "fps", "note"),
    ("anna", "a", 2, 5, 8, "frames", 200, "seen twice"),
    ("bert", "b", 1, 4, 9, "frames", 200, ""),
)


def merged_and_hidden_ods(path: Path) -> None:
    """A note over two rows, and below empty rows that stand for many, a hidden one, and a hidden one of blanks."""
    document, table = OpenDocumentSpreadsheet(), Table(name="clips")
    document.spreadsheet.addElement(of_statistics())
    for number, line in enumerate((*LINES, ("carl", *LINES[1][1:7], ""))):
        row = TableRow(**({"visibility": "collapse"} if number == 3 else {}))
        for column, value in enumerate(line):
            spanned = {"numberrowsspanned": 2} if (number, column) == (1, 7) else {}
            cell = CoveredTableCell() if (number, column) == (2, 7) else TableCell(valuetype="string", **spanned)
            cell.addElement(P(text=str(value)))
            row.addElement(cell)
        table.addElement(row)
        if number == 2:
            empty = TableRow(numberrowsrepeated=3)
            empty.addElement(TableCell(numbercolumnsrepeated=8))
            table.addElement(empty)
    blank = TableRow(visibility="collapse")
    cell = TableCell(valuetype="string")
    cell.addElement(P(text=" "))
    blank.addElement(cell)
    table.addElement(blank)
    document.spreadsheet.addElement(table)
    document.save(path)


def of_statistics() -> Table:
    """A sheet with a merged cell in a hidden row."""
    table, row = Table(name="statistics"), TableRow(visibility="collapse")
    cell = TableCell(valuetype="string", numbercolumnsspanned=3)
    cell.addElement(P(text="all clips"))
    row.addElement(cell)
    table.addElement(row)
    return table


def merged_and_hidden_xls(path: Path) -> None:
    """The same rows; the hidden one without a cell has a number above the others."""
    book = xlwt.Workbook()
    statistics = book.add_sheet("statistics")
    statistics.write_merge(0, 0, 0, 2, "all clips")
    statistics.row(0).hidden = True
    sheet = book.add_sheet("clips")
    sheet.row(7).hidden = True
    sheet.write(7, 0, None, xlwt.easyxf("font: bold on"))
    for number, line in zip((0, 1, 2, 6), (*LINES, ("carl", *LINES[1][1:7], "")), strict=True):
        for column, value in enumerate(line):
            if column != 7 or number not in {1, 2}:
                sheet.write(number, column, value)
    sheet.write_merge(1, 2, 7, 7, "seen twice")
    sheet.row(6).hidden = True
    book.save(str(path))


def casme2(root: Path) -> Path:
    """CASME II with two clips."""
    rows = (casme2_release.row("01"), casme2_release.row("02"))
    return casme2_release.write_release(root, rows=rows) / casme2_release.TABLE_2014


def casme_squared(root: Path) -> Path:
    """CAS(ME)^2 with two movements of one video."""
    casme_squared_release.write_video(root)
    rows = [casme_squared_release.row(), casme_squared_release.row(video="disgust1_2", frames=(10, 12, 14))]
    return casme_squared_release.write_workbook(root / casme_squared_release.TABLE, rows)


TABLES: dict[str, Callable[[Path], Path]] = {"table": own, "casme2": casme2, "casme-squared": casme_squared}


def examine(root: Path, name: str, change: Callable[[Worksheet], object]) -> Examination:
    """Examine a copy whose table was changed on its first sheet."""
    path = TABLES[name](root)
    book = load_workbook(path)
    change(book.worksheets[0])
    book.save(path)
    return find_database(name).examine(path if name == "table" else root, False, silent)


@pytest.mark.parametrize("name", TABLES)
def test_formulas_that_were_never_calculated_are_refused_with_their_cells(tmp_path, name):
    def write_formulas(sheet: Worksheet) -> None:
        sheet["D2"], sheet["E2"] = "=1+1", "=D2+3"

    with pytest.raises(
        MerlabError, match=r"\.xlsx: formulas in D2, E2 of the sheet \w+ have no values; open the file in a spread"
    ):
        examine(tmp_path, name, write_formulas)


@pytest.mark.parametrize("name", TABLES)
def test_hidden_rows_are_read_and_named(tmp_path, name):
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[2].hidden = True

    examination = examine(tmp_path, name, hide)
    (finding,) = [finding for finding in examination.findings if finding.expected == "rows that are shown"]
    assert (finding.severity, finding.found) == ("handled", "1 hidden row: 2")
    assert len(examination.clips) == 2


def test_a_hidden_row_that_only_has_formats_is_no_row(tmp_path):
    def hide(sheet: Worksheet) -> None:
        sheet["A5"].font = Font(bold=True)
        sheet.row_dimensions[5].hidden = True

    assert [finding for finding in examine(tmp_path, "table", hide).findings if "hidden" in finding.found] == []


@pytest.mark.parametrize("name", TABLES)
def test_merged_cells_of_which_only_the_first_has_the_value_are_named(tmp_path, name):
    examination = examine(tmp_path, name, lambda sheet: sheet.merge_cells("B1:B3"))
    (finding,) = [finding for finding in examination.findings if "merged" in finding.found]
    assert (finding.severity, finding.found) == ("differs", "merged: B1:B3")
    assert "unmerge" in finding.remedy


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("row", [1, 2])
def test_cells_that_are_merged_in_the_line_of_column_names_do_not_matter(tmp_path, name, row):
    """CAS(ME)^2 has no such line."""
    cells = f"J{row}:L{row}"
    examination = examine(tmp_path, name, lambda sheet: sheet.merge_cells(cells))
    found = [finding.found for finding in examination.findings if "merged" in finding.found]
    assert found == ([] if row == 1 and name != "casme-squared" else [f"merged: {cells}"])


@pytest.mark.parametrize("name", TABLES)
def test_a_number_with_the_format_of_a_date_is_refused_with_the_format_as_the_remedy(tmp_path, name):
    def as_dates(sheet: Worksheet) -> None:
        onset = "D2" if name == "casme2" else "C2"
        sheet[onset] = datetime(1900, 2, 15)

    (finding,) = examine(tmp_path, name, as_dates).of("unusable")
    assert finding.found == "'1900-02-15 00:00:00'"
    assert finding.remedy.startswith("the column has the format of a date: give it the format of a number")


def test_sheets_that_are_not_read_do_not_matter(tmp_path):
    path = own(tmp_path)
    book = load_workbook(path)
    sheet = book.create_sheet("statistics", 0)
    sheet["A1"] = "=1+1"
    sheet.merge_cells("B2:B3")
    book.save(path)
    examination = find_database("table").examine(path, False, silent)
    assert (len(examination.clips), [each.found for each in examination.findings if "merged" in each.found]) == (2, [])


@pytest.mark.parametrize("value", ["<v>5</v>", "<v/>"])
def test_formulas_with_a_value_or_an_empty_text_are_read(tmp_path, value):
    """As Excel stores them: ``t="str"`` is a text, also an empty one."""
    path = own(tmp_path)
    with ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    cell = f'<c r="D2" t="{{}}"><f>1+4</f>{value}</c>'.format("n" if "5" in value else "str")
    name = "xl/worksheets/sheet1.xml"
    parts[name] = re.sub(r'<c r="D2".*?</c>', cell, parts[name])
    with ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    (clip, _) = find_database("table").examine(path, False, silent).clips
    assert clip.apex == (5 if "5" in value else None)


@pytest.mark.parametrize("write", [merged_and_hidden_ods, merged_and_hidden_xls])
def test_hidden_rows_and_merged_cells_of_other_spreadsheets_are_named_alike(tmp_path, write):
    path = own(tmp_path).with_suffix(f".{write.__name__[-3:]}")
    write(path)
    examination = find_database("table").examine(path, False, silent)
    assert len(examination.clips) == 3
    found = [finding.found for finding in examination.findings]
    assert [text for text in found if "hidden" in text or "merged" in text] == ["1 hidden row: 7", "merged: H2:H3"]
