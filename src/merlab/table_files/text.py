"""Texts with cells, CSV or TSV, in whichever encoding and with whichever delimiter they were saved."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from merlab.clips import Finding
from merlab.errors import MerlabError
from merlab.spelling import first_of
from merlab.table_files.sheets import TableFile, make_sheet

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# So many places are named.
SHOWN = 3

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


def read_text(path: Path, content: bytes, header_lines: int) -> TableFile:
    """The lines of a text, as one sheet; the delimiter is recognized by its first ``header_lines`` lines.

    Raises MerlabError where no encoding fits, and where quotes do not match.
    """
    encoding, text = _decoded(path, content)
    delimiters = ["\t"] if path.suffix.lower() == ".tsv" else list(DELIMITERS)
    first = [line for line in text.splitlines() if line.strip()][:header_lines]
    delimiter = max(delimiters, key=partial(_cells_between, first))
    title = f"text in {ENCODINGS[encoding]}, {DELIMITERS[delimiter]} between cells"
    rows = list(_lines(path, text, delimiter))
    findings = [] if encoding.startswith("utf") else [_old_encoding(path, encoding)]
    # Before a blank, it is the punctuation of a text, unless all cells have a blank before them.
    border = re.escape(delimiter) + ("" if any(f"{delimiter} " in line for line in first) else "(?! )")
    findings += _rows_in_cells(path, rows, re.compile(border))
    return TableFile(title, (make_sheet(path.name, rows),), tuple(findings))


def _cells_between(lines: Sequence[str], delimiter: str) -> int:
    """The number of delimiters in lines that have the same number of them.

    A delimiter inside of cells, ``1,2,4`` in one line and ``4,9`` in the next, is not the one between them.
    """
    alike = Counter(line.count(delimiter) for line in lines)
    return max((number * lines_with for number, lines_with in alike.items()), default=0)


def _old_encoding(path: Path, encoding: str) -> Finding:
    remedy = "compare the names with the original; where letters are wrong, save the table as UTF-8"
    return Finding("differs", path.name, "UTF-8 or UTF-16", f"another encoding, read as {ENCODINGS[encoding]}", remedy)


def _rows_in_cells(path: Path, rows: Sequence[tuple[str, list[str]]], border: re.Pattern[str]) -> Iterator[Finding]:
    """A finding where a cell in quotes holds the cells of a further line that would be before it, or a whole line.

    A quote that does not belong there makes a cell of all lines up to the next quote. ``border`` is between two cells.
    """
    # Above the names of the columns may be a title.
    widths = Counter(len(cells) for _, cells in rows)
    between = max(widths, key=widths.__getitem__, default=1) - 1
    holding = [
        place
        for place, cells in rows
        for before, cell in enumerate(cells)
        if between and any(len(border.findall(line)) >= (before or between) for line in cell.splitlines()[1:])
    ]
    if holding:
        found = f"a cell in quotes that goes on over what may be rows, in {first_of(dict.fromkeys(holding), SHOWN)}"
        remedy = "remove the quote that does not belong there; where the text is one cell, nothing is to be done"
        yield Finding("differs", path.name, "rows that end with their line", found, remedy)


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


def _lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The place of each line, such as ``line 3``, and its cells; raises MerlabError where quotes do not match."""
    # Blanks before a quote belong to the format; elsewhere they are seen, and removed, as part of a cell.
    quoted = '"' in text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=quoted, strict=True)
    line = 1
    try:
        for cells in reader:
            # Excel takes a first line sep=; for the delimiter, and shows the lines below it.
            if line > 1 or delimiter.join(cells).lower() != f"sep={delimiter}":
                yield f"line {line}", cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise MerlabError(f"{path}, line {line}: {error}; check the quotes in this line") from error
