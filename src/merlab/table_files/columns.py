"""Read the columns of a table file, or of a DataFrame, that are required or optional, by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.clips import Finding
from merlab.errors import MerlabError
from merlab.given import as_path
from merlab.spelling import one_letter_apart, quoted, shortened
from merlab.table_files.cells import CellTable
from merlab.table_files.reading import read_lines, require_table_file
from merlab.table_files.sheet_checks import check_sheet
from merlab.table_files.sheets import Sheet, folded_heading

SHOWN = 3
# Short names of columns, and what they are called here, as ``folded_heading`` writes them.
SHORT_NAMES = {"au": "actionunits", "aus": "actionunits"}


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
    try:
        texts = {column: _texts(given.iloc[:, position]) for column, position in columns.items()}
    except UnicodeDecodeError as error:
        raise MerlabError(f"{name}: {error.object!r} is a text in another encoding than UTF-8; decode it") from error
    cells = pd.DataFrame(texts, dtype=object)
    stripped = cells.map(str.strip)
    places = tuple(f"row {number}" for number in range(1, len(given) + 1))
    header = list(map(str, given.columns))
    notes, unread = tuple(_unread(name, header, columns, optional)), _others(header, columns)
    table = CellTable(name, stripped, places, notes, unread)
    return _with_note_on_blanks(table, np.asarray((stripped != cells).any(axis=1)))


def _of_file(path: Path, required: Sequence[str], optional: Sequence[str], why: str) -> CellTable:
    sheet, findings = _sheet_of(path, required)
    columns = _positions(str(path), sheet.header, required, optional, why)
    findings = (*findings, *check_sheet(path, sheet.name, sheet.filled[0].number, columns.values()))
    _require_equal_lengths(str(path), sheet)
    notes = [f"{path}: {finding.found}; {finding.remedy}" for finding in findings]
    if sheet.hidden:
        notes.append(f"{path}: the sheet {sheet.title} is read; show it to see what counts")
    notes += _unread(str(path), sheet.header, columns, optional)
    texts = {column: [cells[at] for cells in sheet.lines.values()] for column, at in columns.items()}
    unread = _others(sheet.header, columns)
    table = CellTable(str(path), pd.DataFrame(texts, dtype=object), tuple(sheet.lines), tuple(notes), unread)
    return _with_note_on_blanks(table, np.array([line.padded for line in sheet.filled[1:]], bool))


def _with_note_on_blanks(table: CellTable, padded: NDArray[np.bool_]) -> CellTable:
    note = f"{table.name}, {table.where(padded)}: blanks around a text are ignored"
    return replace(table, notes=(*table.notes, note)) if padded.any() else table


def _texts(column: pd.Series) -> list[str]:
    return ["" if missing else _text(cell) for cell, missing in zip(column, column.isna(), strict=True)]


def _text(cell: object) -> str:
    # As NumPy and HDF5 give texts: b'anger' is the same label as 'anger'.
    return cell.decode() if isinstance(cell, bytes) else str(cell)


def _sheet_of(path: Path, required: Sequence[str]) -> tuple[Sheet, tuple[Finding, ...]]:
    """The sheet of a table file that has the required columns, and what was found while the file was decoded."""
    require_table_file(path, "give a table file in it", "give a table file")
    file = read_lines(path)
    sheets = [sheet for sheet in file.sheets if sheet.header]
    if not sheets:
        raise MerlabError(f"{path} is empty; write the column names {', '.join(required)} into its first line")
    wanted = set(map(folded_heading, required))
    complete = [sheet for sheet in sheets if wanted <= set(map(folded_heading, sheet.header))]
    if len(complete) > 1:
        named = ", ".join(sheet.title for sheet in complete)
        raise MerlabError(f"{path} has several sheets with such a table: {named}; save the one to read as its own file")
    return (complete or sheets)[0], file.findings


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
