"""Tables as lines of cells: written in every format that merlab reads, and read back without merlab."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlrd
import xlwt

from tests.fuzz.damage import Grid, Random, damaged_bytes, damaged_grid

Texts = list[list[str]]
# Excel has no other control characters in cells, and openpyxl refuses to write them.
NO_CELL = {chr(code) for code in range(32)} - {"\t", "\n", "\r"}
LONGEST_CELL = 32767


def text_of(value: Any) -> str:
    """A cell as text: nothing for a missing value, 46 for 46.0."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _csv(encoding: str, delimiter: str) -> Callable[[Grid], bytes]:
    def encoded(grid: Grid) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(
            [["" if cell is None else str(cell) for cell in line] for line in grid]
        )
        return text.getvalue().encode(encoding, "replace")

    return encoded


def _padded(grid: Grid) -> Grid:
    width = max(map(len, grid), default=0)
    return [[*line, *[None] * (width - len(line))] for line in grid]


def _plain(value: Any) -> Any:
    """A value that every spreadsheet can hold."""
    if isinstance(value, str):
        return "".join(letter for letter in value if letter not in NO_CELL)[:LONGEST_CELL]
    if isinstance(value, float) and np.isnan(value):
        return None
    return float(value) if isinstance(value, int) and abs(value) > 2**53 else value


def _xlsx(grid: Grid) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row, line in enumerate(grid, start=1):
        for column, value in enumerate(line, start=1):
            cell = sheet.cell(row, column, _plain(value))
            if isinstance(value, str):
                cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _xls(grid: Grid) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    date = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for row, line in enumerate(grid):
        for column, value in enumerate(line):
            style = (date,) if hasattr(value, "year") else ()
            sheet.write(row, column, _plain(value), *style)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _ods(grid: Grid) -> bytes:
    file = io.BytesIO()
    frame = pd.DataFrame([[_plain(cell) for cell in line] for line in _padded(grid)], dtype=object)
    frame.to_excel(file, index=False, header=False, engine="odf")  # type: ignore[arg-type]
    return file.getvalue()


def _parquet(grid: Grid) -> bytes:
    header, *lines = _padded(grid)
    columns: list[tuple[Any, ...]] = list(zip(*lines, strict=True)) if lines else [() for _ in header]
    arrays = []
    for column in columns:
        try:
            arrays.append(pa.array(list(column)))
        except (pa.ArrowException, OverflowError, TypeError):
            arrays.append(pa.array([None if cell is None else str(cell) for cell in column]))
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=[text_of(name) for name in header]), file)
    return file.getvalue()


# Name of a format -> suffix, and what writes it. The encoding and the delimiter of a text come first.
TEXTS: Mapping[str, tuple[str, str, str]] = {
    "csv": (".csv", "utf-8", ","),
    "csv-mark": (".csv", "utf-8-sig", ","),
    "csv-utf16": (".csv", "utf-16", ";"),
    "csv-gbk": (".csv", "gbk", ","),
    "csv-semicolon": (".csv", "utf-8", ";"),
    "tsv": (".tsv", "utf-8", "\t"),
}
BOOKS: Mapping[str, tuple[str, Callable[[Grid], bytes]]] = {
    "xlsx": (".xlsx", _xlsx),
    "xls": (".xls", _xls),
    "ods": (".ods", _ods),
    "parquet": (".parquet", _parquet),
}


class TableInput:
    """A sound table in several formats; ``damaged`` gives a damaged one and what a careful reader sees in it.

    What is seen is None where the bytes of a spreadsheet were damaged, so that only the sound table may come out; and
    for a text that is no longer in its encoding.
    """

    def __init__(self, grid: Grid, formats: tuple[str, ...]) -> None:
        self.grid = grid
        self.formats = formats
        self._sound = {name: self.encoded(name, grid) for name in formats}

    @staticmethod
    def encoded(name: str, grid: Grid) -> bytes:
        """The table in a format."""
        if name in TEXTS:
            _, encoding, delimiter = TEXTS[name]
            return _csv(encoding, delimiter)(grid)
        return BOOKS[name][1](grid)

    @staticmethod
    def suffix(name: str) -> str:
        """The suffix of a format's files."""
        return TEXTS[name][0] if name in TEXTS else BOOKS[name][0]

    def damaged(self, random: Random) -> tuple[str, str, bytes, Texts | None]:
        """What was done, the format, the bytes, and the cells as a careful reader sees them."""
        name = self.formats[int(random.integers(len(self.formats)))]
        if random.integers(2):
            done, grid = damaged_grid(self.grid, random)
            content = self.encoded(name, grid)
            seen = seen_in(name, content) if name in TEXTS else _as_texts(_padded(grid))
            return f"{name}: {done}", name, content, seen
        done, content = damaged_bytes(self._sound[name], random)
        return f"{name}: bytes: {done}", name, content, seen_by_others(name, content)


def seen_by_others(name: str, content: bytes) -> Texts | None:
    """The cells of a damaged file as the usual library gives them; None if it refuses them.

    Also None for .xlsx and .ods, whose parts have checksums: no damage may change a cell.
    """
    if name in TEXTS:
        return seen_in(name, content)
    try:
        if name == "xls":
            sheet = xlrd.open_workbook(file_contents=content, logfile=io.StringIO()).sheet_by_index(0)
            return _as_texts([[_value(cell) for cell in line] for line in sheet.get_rows()])
        if name == "parquet":
            table = pq.read_table(io.BytesIO(content))
            columns = [column.to_pylist() for column in table.columns]
            return _as_texts([table.column_names, *map(list, zip(*columns, strict=True))])
    except Exception:
        return None
    return None


def _value(cell: xlrd.sheet.Cell) -> Any:
    """A cell of .xls; of a date, only that it is not a number."""
    special = {
        xlrd.XL_CELL_ERROR: "#REF!",
        xlrd.XL_CELL_DATE: "2020-01-02 00:00:00",
        xlrd.XL_CELL_BOOLEAN: str(cell.value == 1),
    }
    return special.get(cell.ctype, cell.value)


def seen_in(name: str, content: bytes) -> Texts | None:
    """The cells of a text in its own encoding; None if it is not in that encoding any more, or has open quotes."""
    _, encoding, delimiter = TEXTS[name]
    try:
        text = content.decode(encoding)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    return None if "\0" in text else _filled([[cell.strip() for cell in line] for line in lines])


def _as_texts(grid: Grid) -> Texts:
    return _filled([[text_of(_plain(cell)).strip() for cell in line] for line in grid])


def _filled(lines: Texts) -> Texts:
    return [line for line in lines if any(line)]
