"""A table of predictions or events from any tool as text cells, each row with its place, checked before it is counted.

What has only one reading is repaired, with a note: blanks around a text, ``1.0`` beside ``1``. What can mean two things
is refused with the places of the rows.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.given import as_path
from merlab.spelling import (
    alike,
    first_of,
    one_letter_apart,
    quoted,
    shortened,
    visibly_different,
    without_fraction,
)
from merlab.table_files.cell_texts import FAILED_FORMULA, may_be_thousands, remedy_for_number
from merlab.table_files.reading import read_lines, require_table_file
from merlab.table_files.sheets import Sheet, folded_heading

# What programs write for a value that is missing or undefined: pandas, R, NumPy, Excel.
NO_VALUE = {
    *("", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "<NA>", "NaT"),
    "#N/A N/A",
    *("1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN", "inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"),
}
SHOWN = 3
# Short names of columns, and what they are called here, as ``folded_heading`` writes them.
SHORT_NAMES = {"au": "actionunits", "aus": "actionunits"}
# Among fewer rows than this, a label that occurs once is not remarkable.
FEW_ROWS = 10


def is_no_value(cell: str) -> bool:
    """Whether a cell is empty or undefined: one of NO_VALUE, or the error of a formula in any language."""
    return cell in NO_VALUE or FAILED_FORMULA.fullmatch(cell) is not None


@dataclass(frozen=True)
class CellTable:
    """Text cells: the ``columns`` of a table that are read, one row per clip or event; "" is an empty cell.

    ``places`` names each row for messages, such as ``line 3``. ``notes`` says what was repaired. ``unread`` are the
    other columns, by the names that the table gives them.
    """

    name: str
    cells: pd.DataFrame
    places: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def where(self, rows: NDArray[np.bool_] | pd.Series) -> str:
        """The first places of these rows, and how many there are more."""
        found = [place for place, chosen in zip(self.places, rows, strict=True) if chosen]
        return first_of(found, SHOWN)

    def refuse(self, rows: NDArray[np.bool_] | pd.Series, fault: str, remedy: str) -> None:
        """Raises MerlabError with the places of these rows, if there are any."""
        if np.any(rows):
            raise MerlabError(f"{self.name}, {self.where(rows)}: {fault}; {remedy}")

    def kept(self, rows: NDArray[np.bool_] | pd.Series) -> CellTable:
        """These rows alone, with their places."""
        chosen = np.asarray(rows, bool)
        places = tuple(place for place, each in zip(self.places, chosen, strict=True) if each)
        return replace(self, cells=self.cells[chosen].reset_index(drop=True), places=places)

    def warn_of_notes(self) -> None:
        """Warn of each note, where what is made of the table has no place for it; once in a command."""
        for note in self.notes:
            warnings.warn(note, stacklevel=1)

    def require_values(self, columns: Iterable[str], allowed: Iterable[str] = ()) -> None:
        """Raises MerlabError if a cell of these columns is empty or undefined; ``allowed`` texts are values."""
        for column in columns:
            cells = self.cells[column]
            missing = cells.map(is_no_value).astype(bool) & ~cells.isin(set(allowed))
            self.refuse(missing, f"{column} is empty or undefined", "fill in the cell, or remove the row")

    def refuse_thousands(self, column: str, is_unclear: Callable[[str], bool] = may_be_thousands) -> None:
        """Raises MerlabError where a number may be meant a thousand times as large: 1.000 of a German program."""
        unclear = self.cells[column].map(is_unclear).astype(bool)
        first = next(iter(self.cells[column][unclear]), "")
        self.refuse(unclear, f"{column} is {first!r}, which is not clear", remedy_for_number(first))

    def with_one_spelling(
        self, columns: Sequence[str], declared: Sequence[str] = (), remedy: str = "", within: Sequence[str] = ()
    ) -> CellTable:
        """The table with one spelling of each text in these columns, among the rows that agree in ``within``.

        ``1.0`` becomes ``1`` where both occur, with a note. Texts that otherwise differ only by blanks, case or leading
        zeros raise MerlabError, unless all of them are ``declared``; ``remedy`` says what else can be done about it.
        """
        parts = self.cells.groupby(list(within)).ngroup().to_numpy() if within else np.zeros(len(self.cells), int)
        read_as: dict[tuple[str, str], NDArray[np.bool_]] = {}
        for part in np.unique(parts):
            rows = parts == part
            for text, right in self._repairs(rows, columns, declared, remedy).items():
                found = rows & self._holding(columns, text)
                read_as[text, right] = read_as.get((text, right), False) | found
        cells, notes = self.cells.copy(), list(self.notes)
        for (text, right), found in read_as.items():
            cells.loc[found, list(columns)] = cells.loc[found, list(columns)].replace(text, right)
            notes.append(f"{self.name}, {self.where(found)}: {text} in {' or '.join(columns)} is read as {right}")
        return replace(self, cells=cells, notes=tuple(notes))

    def _repairs(
        self, rows: NDArray[np.bool_], columns: Sequence[str], declared: Sequence[str], remedy: str
    ) -> dict[str, str]:
        """The texts in these rows that are read as others."""
        texts = set(self.cells.loc[rows, list(columns)].to_numpy().ravel()) - {""}
        repairs: dict[str, str] = {}
        for group in alike({*texts, *declared}):
            if set(group) <= set(declared):
                continue
            if len({without_fraction(text) for text in group}) > 1:
                raise MerlabError(self._unclear(rows, columns, group, remedy))
            right = next((text for text in group if text in declared), without_fraction(group[0]))
            repairs |= dict.fromkeys(sorted(texts & set(group) - {right}), right)
        return repairs

    def with_doubts(self, columns: Sequence[str], *, rare: bool = True) -> CellTable:
        """The table with notes on words in these columns that may be misspelled.

        These are words that differ by one letter and, with ``rare``, words that occur only once.
        """
        cells = self.cells[list(columns)]
        counts = Counter(text for text in cells.to_numpy().ravel() if text)
        where, notes = " or ".join(columns), []
        for pair in combinations(sorted(counts), 2):
            if one_letter_apart(*pair):
                found = " and ".join(f"{quoted(text)} ({self.where(self._holding(columns, text))})" for text in pair)
                notes.append(f"{self.name}: {where} has {found}, which differ by one letter; check their spelling")
        for text in sorted(counts) if rare and len(cells) >= FEW_ROWS else ():
            if counts[text] == 1:
                place = self.where(self._holding(columns, text))
                notes.append(f"{self.name}, {place}: {where} has {quoted(text)} only here; check its spelling")
        return replace(self, notes=(*self.notes, *notes))

    def _holding(self, columns: Sequence[str], text: str) -> NDArray[np.bool_]:
        return np.asarray((self.cells[list(columns)] == text).any(axis=1))

    def _unclear(self, rows: NDArray[np.bool_], columns: Sequence[str], group: Sequence[str], remedy: str) -> str:
        found = {text: self.where(rows & self._holding(columns, text)) for text in group}
        seen = zip(sorted(group), visibly_different(group), strict=True)
        shown = {text: quoted(text) if text == name else f"'{shortened(name)}'" for text, name in seen}
        named = " and ".join(f"{shown[text]} ({place})" if place else shown[text] for text, place in found.items())
        return (
            f"{self.name}: {' or '.join(columns)} has {named}, which differ only by blanks, case, zeros "
            f"or codes of letters; write one of them everywhere{remedy}"
        )


class MissingColumnsError(MerlabError):
    """A table lacks a column that is required."""


def read_cells(
    given: pd.DataFrame | Path | str, name: str, required: Sequence[str], optional: Sequence[str], why: str = ""
) -> CellTable:
    """The required and optional columns of a table file, or of a DataFrame that is called ``name`` in messages.

    Case, blanks, underscores and hyphens in a column name do not matter. Raises MissingColumnsError where a required
    column is missing (``why`` it is required, for the message), MerlabError for a file that cannot be read, a column
    that occurs twice, and rows that are longer or shorter than the line of column names.
    """
    if isinstance(given, pd.DataFrame):
        return _of_frame(given, name, required, optional, why)
    if not isinstance(given, str | PathLike):
        raise MerlabError(f"{name} must be a DataFrame or the path of a table file, got {given!r}")
    return _of_file(as_path(given, name), required, optional, why)


def _of_frame(given: pd.DataFrame, name: str, required: Sequence[str], optional: Sequence[str], why: str) -> CellTable:
    columns = _positions(name, list(map(str, given.columns)), required, optional, why)
    texts = {column: _texts(given.iloc[:, position]) for column, position in columns.items()}
    cells = pd.DataFrame(texts, dtype=object)
    stripped = cells.map(str.strip)
    places = tuple(f"row {number}" for number in range(1, len(given) + 1))
    header = list(map(str, given.columns))
    notes, unread = tuple(_unread(name, header, columns, optional)), _others(header, columns)
    table = CellTable(name, stripped, places, notes, unread)
    return _with_note_on_blanks(table, np.asarray((stripped != cells).any(axis=1)))


def _of_file(path: Path, required: Sequence[str], optional: Sequence[str], why: str) -> CellTable:
    sheet, notes = _sheet_of(path, required)
    columns = _positions(str(path), sheet.header, required, optional, why)
    _require_equal_lengths(str(path), sheet)
    notes = (*notes, *_unread(str(path), sheet.header, columns, optional))
    texts = {column: [cells[at] for cells in sheet.lines.values()] for column, at in columns.items()}
    unread = _others(sheet.header, columns)
    table = CellTable(str(path), pd.DataFrame(texts, dtype=object), tuple(sheet.lines), notes, unread)
    return _with_note_on_blanks(table, np.array([line.padded for line in sheet.filled[1:]], bool))


def _with_note_on_blanks(table: CellTable, padded: NDArray[np.bool_]) -> CellTable:
    note = f"{table.name}, {table.where(padded)}: blanks around a text are ignored"
    return replace(table, notes=(*table.notes, note)) if padded.any() else table


def _texts(column: pd.Series) -> list[str]:
    return ["" if missing else str(cell) for cell, missing in zip(column, column.isna(), strict=True)]


def _sheet_of(path: Path, required: Sequence[str]) -> tuple[Sheet, tuple[str, ...]]:
    """The sheet of a table file that has the required columns, and notes on how the file was read."""
    require_table_file(path, "give a table file in it", "give a table file")
    file = read_lines(path)
    sheets = [sheet for sheet in file.sheets if sheet.header]
    if not sheets:
        raise MerlabError(f"{path} is empty; write the column names {', '.join(required)} into its first line")
    wanted = set(map(folded_heading, required))
    complete = [sheet for sheet in sheets if wanted <= set(map(folded_heading, sheet.header))]
    if len(complete) > 1:
        named = ", ".join(sheet.name for sheet in complete)
        raise MerlabError(f"{path} has several sheets with such a table: {named}; save the one to read as its own file")
    notes = tuple(f"{path}: {finding.found}; {finding.remedy}" for finding in file.findings)
    return (complete or sheets)[0], notes


def _require_equal_lengths(name: str, sheet: Sheet) -> None:
    """Raises MerlabError for rows that are shorter or longer than the line of column names."""
    width, named = len(sheet.header), _length(sheet.header)
    lengths = {
        place: len(cells) if len(cells) != width else _length(cells)
        for place, cells in sheet.lines.items()
        if len(cells) != width or _length(cells) > named
    }
    if lengths:
        listed = ", ".join(f"{place} has {length}" for place, length in list(lengths.items())[:SHOWN])
        more = f" ({len(lengths)} such lines)" if len(lengths) > SHOWN else ""
        raise MerlabError(
            f"{name}: {listed} cells but the line of column names has {named}{more}; "
            "leave a cell empty where its value is unknown, and put a text that contains the delimiter into quotes"
        )


def _length(cells: Sequence[str]) -> int:
    """The number of cells without the empty ones at the end."""
    return max((position for position, cell in enumerate(cells, start=1) if cell), default=0)


def _others(header: Sequence[str], columns: Mapping[str, int]) -> tuple[str, ...]:
    """The columns with a name that are not read."""
    return tuple(name for position, name in enumerate(header) if name and position not in columns.values())


def _unread(name: str, header: Sequence[str], columns: Mapping[str, int], optional: Sequence[str]) -> Iterator[str]:
    """Notes about columns that are not read, but seem to be optional ones; the first may be an index without a name."""
    absent = {column: folded_heading(column) for column in optional if column not in columns}
    read = set(columns.values())
    for position, column in enumerate(header[: _length(header)]):
        if position in read:
            continue
        written = SHORT_NAMES.get(folded_heading(column), folded_heading(column))
        meant = [each for each, name in absent.items() if _may_be(written, name)]
        if meant:
            yield f"{name}: the column {quoted(column)} is not read; rename it if it is {meant[0]}"
        elif not column and position:
            yield f"{name}: column {position + 1} has no name, so it is not read"


def _may_be(written: str, name: str) -> bool:
    """Whether a folded heading is another one, perhaps misspelled; in another unit of measurement it is not."""
    if name[-2:-1] == "_" and not written.endswith(name[-2:]) and written != name[:-2] + name[-1]:
        return False
    # The wrong letter of 'clasZ' is taken for a unit.
    joined = written[:-2] + written[-1] if written[-2:-1] == "_" else written
    return written == name or any(one_letter_apart(each, name, digits=True) for each in (written, joined))


def _several(column: str, written: Sequence[str]) -> str:
    """That more than one column means the same, by the names that the table gives them."""
    if set(written) == {column}:
        return f"has the column {column} {len(written)} times"
    return f"has several columns that mean {column}: {' and '.join(map(quoted, written))}"


def _positions(
    name: str, header: Sequence[str], required: Sequence[str], optional: Sequence[str], why: str
) -> dict[str, int]:
    folded = list(map(folded_heading, header))
    counts = {column: folded.count(folded_heading(column)) for column in (*required, *optional)}
    for column, count in counts.items():
        if count > 1:
            alike = [written for written in header if folded_heading(written) == folded_heading(column)]
            raise MerlabError(f"{name} {_several(column, alike)}; keep one of them")
    missing = [column for column in required if not counts[column]]
    if missing:
        raise MissingColumnsError(
            f"{name} has no column {' and no column '.join(missing)}{why and f', and {why}'}; its columns are "
            f"{', '.join(map(shortened, header))}; "
            "rename them in the first line, with commas, semicolons or tabs between cells"
        )
    found = {folded.index(folded_heading(column)): column for column, count in counts.items() if count}
    return {found[position]: position for position in sorted(found)}
