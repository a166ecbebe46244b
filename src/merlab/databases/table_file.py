"""A table file, CSV, TSV, XLSX, XLS, ODS or Parquet, as lines of text cells.

Everything is text first, so that a subject ``007`` stays ``007``, also where it is the number 7 in a format that shows
it so. Another number of a spreadsheet that is whole is written without its fraction: 46 for 46.0.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import xlrd

from merlab.clips import Finding
from merlab.databases.ods_file import is_ods, ods_sheets
from merlab.databases.shown_numbers import in_format
from merlab.databases.text_lines import ENCODINGS, decoded, text_lines
from merlab.databases.unpacked_size import require_moderate_archive, require_moderate_parquet
from merlab.errors import MerlabError, cannot_read
from merlab.frames import require_utf8
from merlab.given import require_file
from merlab.unneeded_warnings import without_warnings

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
COPY_AGAIN = "copy it again from the original, or save it again"
TEXT_SUFFIXES = (".csv", ".tsv")
# The first bytes of a zip archive (.xlsx, .ods) and of an Excel workbook before 2007 (.xls).
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# Cells of an Excel workbook before 2007 without a value, with a format or without.
NO_VALUE = {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}
# What xlrd says about a workbook with a password, of Excel before 2007 and since.
PROTECTED = ("encrypted", "Can't find workbook")
# What the readers of spreadsheets raise when a file is damaged.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ElementTree.ParseError, xlrd.XLRDError,
    xlrd.compdoc.CompDocError, LookupError, ValueError, TypeError, AttributeError, AssertionError, EOFError,
    OverflowError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line that is not empty: its number from 1 (row of a sheet, record of a text), its place, and its cells.

    ``place`` is for messages: ``row 3``, or ``line 3`` of a text, where a cell may go over several lines. ``padded``:
    blanks around a cell were removed.
    """

    number: int
    place: str
    cells: tuple[str, ...]
    padded: bool


@dataclass(frozen=True)
class Sheet:
    """One sheet: its lines that are not empty.

    A line of a text file can have more or fewer cells than there are column names. ``hidden``: a spreadsheet program
    does not show the sheet, as far as the format tells this.
    """

    name: str
    filled: tuple[Line, ...]
    hidden: bool = False

    @property
    def header(self) -> tuple[str, ...]:
        """The cells of the first line; empty if there is none."""
        return self.filled[0].cells if self.filled else ()

    @property
    def lines(self) -> Mapping[str, tuple[str, ...]]:
        """The cells of the lines below the first line, by their place."""
        return {line.place: line.cells for line in self.filled[1:]}


@dataclass(frozen=True)
class TableFile:
    """A table file as read: its format in words, its sheets, and what was found while decoding it.

    ``document_title`` is the title in the properties of an Excel workbook; empty in other formats.
    """

    title: str
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...] = ()
    document_title: str = ""


def read_table_file(path: Path) -> TableFile:
    """Read a table file whose first line has the column names; the suffix decides the format.

    Raises MerlabError for a folder, a missing or damaged file, a name that is not UTF-8, an unknown suffix, and a file
    without rows.
    """
    require_utf8(path)
    if path.is_dir():
        raise MerlabError(folder_instead(path, "give the table file in it that lists your clips"))
    require_file(path, "give the table file that lists your clips")
    if path.suffix.lower() not in READERS:
        raise MerlabError(f"{path} is not a table that merlab reads; save it as one of {', '.join(READERS)}")
    table = read_lines(path)
    if not any(sheet.lines for sheet in table.sheets):
        raise MerlabError(
            f"{path} holds no rows; write the column names into its first line, and one line per clip below"
        )
    return table


def read_lines(path: Path, header_lines: int = 1) -> TableFile:
    """The lines of a table file, without an assumption about its column names; its suffix is one of READERS.

    ``header_lines``: the column names are among so many first lines; the delimiter of a text is recognized by them.
    Raises MerlabError if the file cannot be read.
    """
    try:
        return READERS[path.suffix.lower()](path, header_lines)
    except OSError as error:
        raise MerlabError(cannot_read(path, error, COPY_AGAIN)) from error


def folder_instead(folder: Path, remedy: str) -> str:
    """The error for a folder in the place of a table file; names the tables in it, without hidden and lock files."""
    there = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in READERS and path.name[0] not in "~."]
    found = f"it holds {', '.join(map(str, there))}" if there else f"it holds none ({', '.join(READERS)})"
    return f"{folder} is a folder; {remedy}: {found}"


def _read_text(path: Path, header_lines: int) -> TableFile:
    encoding, text = decoded(path, path.read_bytes())
    delimiters = ["\t"] if path.suffix.lower() == ".tsv" else list(DELIMITERS)
    first = [line for line in text.splitlines() if line.strip()][:header_lines]
    delimiter = max(delimiters, key=partial(_cells_between, first))
    title = f"text in {ENCODINGS[encoding]}, {DELIMITERS[delimiter]} between cells"
    findings = () if encoding.startswith("utf") else (_old_encoding(path, encoding),)
    return TableFile(title, (_sheet(path.name, text_lines(path, text, delimiter)),), findings)


def _cells_between(lines: Sequence[str], delimiter: str) -> int:
    """The number of delimiters in lines that have the same number of them.

    A delimiter inside of cells, ``1,2,4`` in one line and ``4,9`` in the next, is not the one between them.
    """
    alike = Counter(line.count(delimiter) for line in lines)
    return max((number * lines_with for number, lines_with in alike.items()), default=0)


def _old_encoding(path: Path, encoding: str) -> Finding:
    remedy = "compare the names with the original; where letters are wrong, save the table as UTF-8"
    return Finding("differs", path.name, "UTF-8 or UTF-16", f"another encoding, read as {ENCODINGS[encoding]}", remedy)


def _read_xlsx(path: Path, header_lines: int) -> TableFile:
    """A workbook of Excel; one of Excel before 2007, or with a password, under this suffix is read as what it is.

    So is an OpenDocument spreadsheet.
    """
    content = path.read_bytes()
    if content.startswith(OLD_EXCEL):
        return _read_xls(path, header_lines)
    if is_ods(content) is True:
        return _read_ods(path, header_lines)
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
        raise _unreadable(path, "an Excel workbook", error) from error
    return _workbook("Excel workbook", sheets, workbook.properties.title or "", hidden)


def _read_xls(path: Path, header_lines: int) -> TableFile:
    """A workbook of Excel before 2007; other content under this suffix is read as what it is."""
    content = path.read_bytes()
    if content.startswith(ZIP):
        return _read_xlsx(path, header_lines)
    if not content.startswith(OLD_EXCEL):
        return _read_text(path, header_lines)
    try:
        book = _xls_book(content)
        sheets = {sheet.name: _xls_lines(book, sheet) for sheet in book.sheets()}
        hidden = {sheet.name for sheet in book.sheets() if sheet.visibility}
    except DAMAGED as error:
        raise _unreadable(path, "an Excel workbook", error) from error
    return _workbook("Excel workbook (.xls)", sheets, hidden=hidden)


def _xls_book(content: bytes) -> xlrd.book.Book:
    """A workbook with the formats of its cells, where they can be read."""
    try:
        return xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), formatting_info=True)
    except DAMAGED:
        return xlrd.open_workbook(file_contents=content, logfile=io.StringIO())


def _xls_lines(book: xlrd.book.Book, sheet: xlrd.sheet.Sheet) -> list[list[object]]:
    """The values of a sheet; cells at the right that only have a format are left out."""
    lines = list(sheet.get_rows())
    width = max(
        (column for line in lines for column, cell in enumerate(line, start=1) if cell.ctype not in NO_VALUE), default=0
    )
    return [[_xls_value(cell, book) for cell in line[:width]] for line in lines]


def _xls_value(cell: xlrd.sheet.Cell, book: xlrd.book.Book) -> object:
    """The value of a cell as .xlsx has it: an error such as ``#REF!``, a date and a truth value are no numbers."""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_NUMBER and cell.xf_index is not None:
        return in_format(cell.value, book.format_map[book.xf_list[cell.xf_index].format_key].format_str)
    return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value


def _read_ods(path: Path, header_lines: int) -> TableFile:
    """An OpenDocument spreadsheet; a workbook of Excel under this suffix, as pandas writes it, is read as one."""
    content = path.read_bytes()
    if is_ods(content) is False:
        return _read_xlsx(path, header_lines)
    require_moderate_archive(path, content)
    try:
        return _workbook("OpenDocument spreadsheet", ods_sheets(path))
    except DAMAGED as error:
        raise _unreadable(path, "an OpenDocument spreadsheet", error) from error


def _unreadable(path: Path, kind: str, error: Exception) -> MerlabError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    protected = any(word in reason for word in PROTECTED)
    remedy = "it may be protected by a password: save it without one" if protected else COPY_AGAIN
    return MerlabError(f"{path} cannot be read as {kind} ({reason}); {remedy}")


def _workbook(
    title: str,
    sheets: Mapping[str, Sequence[Iterable[Any]]],
    document_title: str = "",
    hidden: Set[str] = frozenset(),
) -> TableFile:
    numbered = {
        name: [(f"row {number}", [*map(_text, cells)]) for number, cells in enumerate(lines, start=1)]
        for name, lines in sheets.items()
    }
    read = tuple(replace(_sheet(*each), hidden=each[0] in hidden) for each in numbered.items())
    return TableFile(title, read, document_title=document_title)


def _read_parquet(path: Path, header_lines: int) -> TableFile:
    content = path.read_bytes()
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        require_moderate_parquet(path, file.metadata)
        table = file.read()
        columns = [[_text(cell) for cell in column.to_pylist()] for column in table.columns]
    except (pa.ArrowException, OSError, *DAMAGED) as error:
        raise _unreadable(path, "Parquet", error) from error
    lines = ((f"row {number}", cells) for number, cells in enumerate(zip(*columns, strict=True), start=1))
    return TableFile("Parquet", (_sheet(path.name, [("names", table.column_names), *lines]),))


def _sheet(name: str, lines: Iterable[tuple[str, Sequence[str]]]) -> Sheet:
    numbered = (_line(number, place, tuple(cells)) for number, (place, cells) in enumerate(lines, start=1))
    return Sheet(name, tuple(line for line in numbered if any(line.cells)))


def _line(number: int, place: str, cells: tuple[str, ...]) -> Line:
    texts = tuple(map(str.strip, cells))
    return Line(number, place, texts, padded=texts != cells)


def _text(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    # As some programs write the texts of a Parquet file.
    if isinstance(cell, bytes):
        return cell.decode()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


READERS: Mapping[str, Callable[[Path, int], TableFile]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".xlsx": _read_xlsx,
    ".ods": _read_ods,
    ".parquet": _read_parquet,
    ".xls": _read_xls,
}
