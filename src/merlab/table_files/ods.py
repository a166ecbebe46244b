"""The sheets of an OpenDocument spreadsheet (.ods), from the values of its cells and from what they show.

A cell shows its value in the language of the program that wrote it, so that true may be WAHR: truth values, numbers and
dates are read from their attributes. A formula that failed may have the value 0 beside the error that it shows, and a
number may be shown as a name, ``007``: then what it shows is read.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from merlab.table_files.cell_texts import FAILED_FORMULA
from merlab.table_files.damage import DAMAGED, unreadable
from merlab.table_files.sheets import TableFile, spreadsheet
from merlab.table_files.shown_numbers import as_shown
from merlab.table_files.unpacked_size import require_moderate_archive

NAMES = "{{urn:oasis:names:tc:opendocument:xmlns:{}:1.0}}"
OFFICE, TABLE, TEXT, STYLE = (NAMES.format(part) for part in ("office", "table", "text", "style"))
# The main part of the archive.
CONTENT: Final = "content.xml"
NUMBERS = {"percentage", "currency"}
# The lines of a sheet in the programs that write it.
MOST_LINES = 2**20
# A few bytes can state that a line is repeated a million times: more cells than this are refused, not held in memory.
MOST_CELLS = 2**25
# What has its own element in a text.
SIGNS = {f"{TEXT}s": " ", f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}

Value = str | float | bool


def read_ods(path: Path, content: bytes) -> TableFile:
    """The sheets of a document; raises MerlabError if it is damaged, or unpacks to more than a table may have."""
    require_moderate_archive(path, content)
    try:
        document = ods_document(content)
        return spreadsheet("OpenDocument spreadsheet", ods_sheets(document), hidden=_hidden(document))
    except DAMAGED as error:
        raise unreadable(path, "an OpenDocument spreadsheet", error) from error


def ods_document(content: bytes) -> Element:
    """The main part of a file; raises BadZipFile, zlib.error, KeyError or ParseError for a damaged one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        document: Element = fromstring(archive.read(CONTENT))
    return document


def ods_sheets(document: Element) -> dict[str, list[list[Value]]]:
    """The cells of each sheet by its name, lines of one length; an empty cell is "".

    Raises ValueError for a value that is none of its type.
    """
    return {table.get(f"{TABLE}name", ""): _lines(table) for table in document.iter(f"{TABLE}table")}


def _hidden(document: Element) -> set[str]:
    """The names of the sheets that are not shown, as their style says."""
    hiding = {
        style.get(f"{STYLE}name")
        for style in document.iter(f"{STYLE}style")
        if any(each.get(f"{TABLE}display") == "false" for each in style.iter(f"{STYLE}table-properties"))
    }
    tables = document.iter(f"{TABLE}table")
    return {table.get(f"{TABLE}name", "") for table in tables if table.get(f"{TABLE}style-name") in hiding}


def _lines(table: Element) -> list[list[Value]]:
    lines: list[list[Value]] = []
    empty = width = 0
    for row in table.iter(f"{TABLE}table-row"):
        cells, repeated = _cells(row), _times(row, "rows")
        width = max(width, len(cells))
        if cells and (len(lines) + empty + repeated) * width > MOST_CELLS:
            raise ValueError(f"more than {MOST_CELLS} cells")
        if cells:
            lines += [[] for _ in range(empty)] + [cells] * repeated
        # A sheet often ends with a million empty lines.
        empty = 0 if cells else empty + repeated
    return [[*cells, *[""] * (width - len(cells))] for cells in lines]


def _cells(row: Element) -> list[Value]:
    """The cells of a line up to the last one that is not empty; one that is covered by a merged cell is empty."""
    cells: list[Value] = []
    empty = 0
    for cell in row:
        value = _value(cell) if cell.tag == f"{TABLE}table-cell" else ""
        if value != "":
            cells += [""] * empty + [value] * _times(cell, "columns")
        empty = 0 if value != "" else empty + _times(cell, "columns")
    return cells


def _times(element: Element, what: str) -> int:
    times = int(element.get(f"{TABLE}number-{what}-repeated", "1"))
    if not 1 <= times <= MOST_LINES:
        raise ValueError(f"{times} {what}")
    return times


def _value(cell: Element) -> Value:
    shown = "\n".join("".join(_texts(paragraph)) for paragraph in cell.findall(f"{TEXT}p"))
    kind = cell.get(f"{OFFICE}value-type")
    if FAILED_FORMULA.fullmatch(shown.strip()):
        return shown
    if kind == "float":
        return as_shown(float(cell.get(f"{OFFICE}value", "")), shown)
    if kind in NUMBERS:
        return float(cell.get(f"{OFFICE}value", ""))
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value") == "true"
    if kind == "date":
        day, _, time = cell.get(f"{OFFICE}date-value", "").partition("T")
        return f"{day} {time or '00:00:00'}"
    return shown


def _texts(element: Element) -> Iterator[str]:
    """The text of a paragraph, with its blanks, and without notes that are attached to it."""
    yield SIGNS.get(element.tag, "") * int(element.get(f"{TEXT}c", "1"))
    yield element.text or ""
    for inner in element:
        if inner.tag != f"{OFFICE}annotation":
            yield from _texts(inner)
        yield inner.tail or ""
