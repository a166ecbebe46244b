"""What a table file of any format becomes: sheets with lines of text cells.

Everything is text, so that a subject ``007`` stays ``007``, also where it is the number 7 in a format that shows it so.
Another number of a spreadsheet that is whole is written without its fraction: 46 for 46.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from merlab.clips import Finding
from merlab.spelling import INVISIBLE

# The s of 'onset_s', 'Onset s' and 'OnsetS'.
LETTER_AT_END = re.compile(r"(?:(?<=\w)[\s_-]+|(?<=[a-z])(?=[A-Z]))([^\W\d_])\W*$")


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
    def title(self) -> str:
        """The name for messages, with a word where the user cannot see the sheet: ``old (hidden)``."""
        return f"{self.name} (hidden)" if self.hidden else self.name

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


def make_sheet(name: str, lines: Iterable[tuple[str, Sequence[str]]], *, hidden: bool = False) -> Sheet:
    """A sheet of lines, each with its place and its cells; blanks around a cell are removed."""
    numbered = (_line(number, place, tuple(cells)) for number, (place, cells) in enumerate(lines, start=1))
    return Sheet(name, tuple(line for line in numbered if any(line.cells)), hidden)


def _line(number: int, place: str, cells: tuple[str, ...]) -> Line:
    texts = tuple(map(str.strip, cells))
    return Line(number, place, texts, padded=texts != cells)


def spreadsheet(
    title: str,
    sheets: Mapping[str, Iterable[Iterable[Any]]],
    document_title: str = "",
    hidden: Set[str] = frozenset(),
) -> TableFile:
    """A spreadsheet with these values in the lines of each sheet; ``hidden`` are the names of sheets."""
    placed = {
        name: [(f"row {number}", [*map(cell_text, values)]) for number, values in enumerate(lines, start=1)]
        for name, lines in sheets.items()
    }
    made = tuple(make_sheet(name, lines, hidden=name in hidden) for name, lines in placed.items())
    return TableFile(title, made, document_title=document_title)


def folded_heading(name: str) -> str:
    """A column name for comparison: alike for 'Action_Units', 'action-units' and 'action units'.

    A letter at its end that stands alone is a unit of measurement: 'onset_s' is not 'onsets'.
    """
    words, unit = LETTER_AT_END.sub("", name), LETTER_AT_END.search(name)
    return re.sub(r"[_-]", "", INVISIBLE.sub("", words)).lower() + (f"_{unit[1].lower()}" if unit else "")


def cell_text(value: Any) -> str:
    """The text of a value in a cell; empty for a missing one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    # As some programs write the texts of a Parquet file.
    if isinstance(value, bytes):
        return value.decode()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
