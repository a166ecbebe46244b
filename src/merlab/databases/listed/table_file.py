"""A table file, CSV, TSV, XLSX, ODS or Parquet, as lines of text cells.

Everything is text first, so that a subject ``007`` stays ``007``. A number of a spreadsheet that is whole is written
without its fraction: 46 for 46.0.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax import SAXException

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from merlab.clips import Finding
from merlab.databases.coded.workbook import read_sheets
from merlab.errors import MerlabError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# Byte order marks.
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gbk": "GBK",
    "cp1252": "Latin-1 (Windows-1252)",
}
COPY_AGAIN = "copy it again from the original, or save it again"


@dataclass(frozen=True)
class Sheet:
    """One sheet: its column names, and its lines below them by their place in the file (``line 3``, ``row 3``).

    Empty lines are left out. A line of a text file can have more or fewer cells than there are column names.
    """

    name: str
    header: tuple[str, ...]
    lines: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class TableFile:
    """A table file as read: its format in words, its sheets, and what was found while decoding it."""

    title: str
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...] = ()


def read_table_file(path: Path) -> TableFile:
    """Read a table file; the suffix decides the format.

    Raises MerlabError for a folder, a missing or damaged file, an unknown suffix, and a file without rows.
    """
    if path.is_dir():
        raise MerlabError(_folder_instead(path))
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise MerlabError(f"{path} is not a table that merlab reads; save it as one of {', '.join(READERS)}")
    if not path.is_file():
        raise MerlabError(f"{path} does not exist; give the table file that lists your clips")
    try:
        table = reader(path)
    except OSError as error:
        raise MerlabError(f"{path} cannot be read: {error.strerror or error}") from error
    if not any(sheet.lines for sheet in table.sheets):
        raise MerlabError(f"{path} holds no rows; the first line has the column names, each line below it is one clip")
    return table


def _folder_instead(folder: Path) -> str:
    """The error for a folder in the place of a table file; names the tables in it, without hidden and lock files."""
    there = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in READERS and path.name[0] not in "~."]
    found = f"it holds {', '.join(map(str, there))}" if there else f"it holds none ({', '.join(READERS)})"
    return f"{folder} is a folder; give the table file in it that lists your clips: {found}"


def _read_text(path: Path) -> TableFile:
    content = path.read_bytes()
    encoding, text = _decoded(path, content)
    delimiters = ["\t"] if path.suffix.lower() == ".tsv" else list(DELIMITERS)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(delimiters, key=first.count)
    title = f"text in {ENCODINGS[encoding]}, {DELIMITERS[delimiter]} between cells"
    findings = () if encoding.startswith("utf") else (_old_encoding(path, encoding),)
    return TableFile(title, (_sheet(path.name, _text_lines(path, text, delimiter)),), findings)


def _decoded(path: Path, content: bytes) -> tuple[str, str]:
    """The encoding of a text and the text; raises MerlabError where no encoding fits."""
    for encoding in _possible_encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and (encoding != "gbk" or _is_chinese(text)):
            return encoding, text
    raise MerlabError(f"{path} is damaged, or text of an unknown encoding; save it as UTF-8")


def _possible_encodings(content: bytes) -> list[str]:
    """What the beginning of a text leaves possible; in UTF-16 every second byte of a Latin letter is 0."""
    if content[:2].count(0) == 1:
        return ["utf-16-be" if content[0] == 0 else "utf-16-le"]
    return [name for mark, name in MARKS.items() if content.startswith(mark)] or ["utf-8", "gbk", "cp1252"]


def _is_chinese(text: str) -> bool:
    """Whether most letters outside ASCII are common Chinese ones; Latin-1 read as GBK gives rare ones."""
    letters = [letter for letter in text if not letter.isascii()]
    common = [letter for letter in letters if letter.encode("gb2312", "ignore")]
    return len(common) > len(letters) / 2


def _old_encoding(path: Path, encoding: str) -> Finding:
    remedy = "compare the names with the original; where letters are wrong, save the table as UTF-8"
    return Finding("differs", path.name, "UTF-8 or UTF-16", f"another encoding, read as {ENCODINGS[encoding]}", remedy)


def _text_lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    line = 1
    try:
        for cells in reader:
            yield f"line {line}", [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise MerlabError(f"{path}, line {line}: {error}; check the quotes in this line") from error


def _read_xlsx(path: Path) -> TableFile:
    return _workbook("Excel workbook", read_sheets(path)[1])


def _read_ods(path: Path) -> TableFile:
    try:
        frames = pd.read_excel(path, sheet_name=None, header=None, dtype=object, na_filter=False, engine="odf")
    except (zipfile.BadZipFile, zlib.error, SAXException, KeyError, ValueError) as error:
        raise MerlabError(f"{path} cannot be read as an OpenDocument spreadsheet ({error}); {COPY_AGAIN}") from error
    sheets = {str(name): [list(map(_text, cells)) for cells in frame.to_numpy()] for name, frame in frames.items()}
    return _workbook("OpenDocument spreadsheet", sheets)


def _workbook(title: str, sheets: Mapping[str, Sequence[Sequence[str]]]) -> TableFile:
    numbered = {
        name: [(f"row {number}", cells) for number, cells in enumerate(lines, start=1)]
        for name, lines in sheets.items()
    }
    return TableFile(title, tuple(_sheet(name, lines) for name, lines in numbered.items()))


def _read_parquet(path: Path) -> TableFile:
    try:
        table = pq.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise MerlabError(f"{path} cannot be read as Parquet ({error}); {COPY_AGAIN}") from error
    columns = [[_text(cell) for cell in column.to_pylist()] for column in table.columns]
    lines = ((f"row {number}", cells) for number, cells in enumerate(zip(*columns, strict=True), start=1))
    return TableFile("Parquet", (_sheet(path.name, [("names", table.column_names), *lines]),))


def _sheet(name: str, lines: Iterable[tuple[str, Sequence[str]]]) -> Sheet:
    """The first line that is not empty has the column names."""
    filled = [(place, tuple(cells)) for place, cells in lines if any(cells)]
    return Sheet(name, filled[0][1] if filled else (), dict(filled[1:]))


def _text(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


READERS: Mapping[str, Callable[[Path], TableFile]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".xlsx": _read_xlsx,
    ".ods": _read_ods,
    ".parquet": _read_parquet,
}
