"""Workbooks of Excel: .xlsx, and .xls of Excel before 2007."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import xlrd

from merlab.table_files.damage import DAMAGED, unreadable
from merlab.table_files.sheets import TableFile, spreadsheet
from merlab.table_files.shown_numbers import in_format
from merlab.table_files.unpacked_size import require_moderate_archive
from merlab.unneeded_warnings import without_warnings

# The main part of the archive.
WORKBOOK: Final = "xl/workbook.xml"
# The first bytes of a workbook of Excel before 2007.
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# Cells of an Excel workbook before 2007 without a value, with a format or without.
NO_VALUE = {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}


def read_xlsx(path: Path, content: bytes) -> TableFile:
    """The sheets of a workbook; raises MerlabError if it is damaged, or unpacks to more than a table may have."""
    require_moderate_archive(path, content)
    # Here, because every worker process imports this module, and few read a workbook.
    import openpyxl

    try:
        # About what openpyxl would not write again: styles, lists to choose from.
        with without_warnings(module="openpyxl"):
            workbook = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        if not workbook.worksheets:
            raise ValueError("no sheets; if it is a Strict Open XML Spreadsheet, save it as an Excel Workbook")
        sheets = {
            sheet.title: [[in_format(cell.value, cell.number_format) for cell in line] for line in sheet.iter_rows()]
            for sheet in workbook.worksheets
        }
        hidden = {sheet.title for sheet in workbook.worksheets if sheet.sheet_state != "visible"}
    except DAMAGED as error:
        raise unreadable(path, "an Excel workbook", error) from error
    return spreadsheet("Excel workbook", sheets, workbook.properties.title or "", hidden)


def read_xls(path: Path, content: bytes) -> TableFile:
    """The sheets of a workbook of Excel before 2007; raises MerlabError if it is damaged."""
    try:
        book = _book(content)
        sheets = {sheet.name: _lines(book, sheet) for sheet in book.sheets()}
        hidden = {sheet.name for sheet in book.sheets() if sheet.visibility}
    except DAMAGED as error:
        raise unreadable(path, "an Excel workbook", error) from error
    return spreadsheet("Excel workbook (.xls)", sheets, hidden=hidden)


def _book(content: bytes) -> xlrd.book.Book:
    """A workbook with the formats of its cells, where they can be read."""
    try:
        return xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), formatting_info=True)
    except DAMAGED:
        return xlrd.open_workbook(file_contents=content, logfile=io.StringIO())


def _lines(book: xlrd.book.Book, sheet: xlrd.sheet.Sheet) -> list[list[object]]:
    """The values of a sheet; cells at the right that only have a format are left out."""
    lines = list(sheet.get_rows())
    width = max(
        (column for line in lines for column, cell in enumerate(line, start=1) if cell.ctype not in NO_VALUE), default=0
    )
    return [[_value(cell, book) for cell in line[:width]] for line in lines]


def _value(cell: xlrd.sheet.Cell, book: xlrd.book.Book) -> object:
    """The value of a cell as .xlsx has it: an error such as ``#REF!``, a date and a truth value are no numbers."""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_NUMBER and cell.xf_index is not None:
        return in_format(cell.value, book.format_map[book.xf_list[cell.xf_index].format_key].format_str)
    return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value
