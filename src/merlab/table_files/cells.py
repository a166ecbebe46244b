"""A table of predictions or events from any tool as text cells, each row with its place, checked before it is counted.

What has only one reading is repaired, with a note: blanks around a text, ``1.0`` beside ``1``. What can mean two things
is refused with the places of the rows.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
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

# What programs write for a value that is missing or undefined: pandas, R, NumPy, Excel.
NO_VALUE = {
    *("", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "<NA>", "NaT"),
    "#N/A N/A",
    *("1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN", "inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"),
}
SHOWN = 3
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

        ``1.0`` becomes ``1`` where both occur, with a note. Texts that otherwise differ only by blanks, case, codes
        of letters or leading zeros raise MerlabError, unless all of them are ``declared``; ``remedy`` says what else
        can be done about it.
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
        seen = zip(group, visibly_different(group), strict=True)
        shown = {text: quoted(text) if text == name else f"'{shortened(name)}'" for text, name in seen}
        named = " and ".join(f"{shown[text]} ({place})" if place else shown[text] for text, place in found.items())
        return (
            f"{self.name}: {' or '.join(columns)} has {named}, which differ only by blanks, case, zeros "
            f"or codes of letters; write one of them everywhere{remedy}"
        )
