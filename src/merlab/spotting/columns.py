"""The columns of a CSV, derived from the fields of a dataclass: one row per record."""

from __future__ import annotations

import csv
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from merlab.errors import MerlabError, cannot_read
from merlab.spelling import counted

if TYPE_CHECKING:
    import pandas as pd

RESTORE = "restore the file, or make the result again in a new folder"
# Python also reads 1_0 as 10, and digits of other scripts.
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]+)?|nan|[-+]?inf", re.IGNORECASE)

Record = TypeVar("Record")
Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """Annotates a field whose column is not just its name and the text of its value.

    Attributes:
        written: the text of a value.
        name: the name of the column; of a field that holds a mapping, what precedes each of its keys.
        absent: the text of every cell where a file of an earlier version has no such column, nor any other one with
            ``absent``; None requires the column.

    """

    written: Callable[[Any], str] = str
    name: str = ""
    absent: str | None = None


Seconds = Annotated[float, Column("{:.5f}".format)]
# A motion score, a threshold, a movement in px.
Score = Annotated[float, Column("{:.3f}".format)]


@dataclass(frozen=True)
class _Cell:
    """One column: the field that it belongs to, and its key where the field holds a mapping."""

    name: str
    field: str
    key: str | None
    kind: type
    optional: bool
    written: Callable[[Any], str]
    absent: str | None = None

    @property
    def dtype(self) -> Any:
        """The type of the column in pandas; a missing number is NaN, a missing integer NA."""
        integer = "Int64" if self.optional else "int64"
        return {int: integer, float: "float64"}.get(self.kind, str)

    def value(self, record: object) -> Any:
        value = getattr(record, self.field)
        return value if self.key is None else value[self.key]

    def text(self, record: object) -> str:
        value = self.value(record)
        # The name of a file may contain characters that UTF-8 cannot encode.
        return "" if value is None else self.written(value).encode(errors="backslashreplace").decode()

    def parsed(self, text: str) -> Any:
        return None if self.optional and not text else self.kind(text)


class Columns(Generic[Record]):
    """The columns of records of one dataclass, in the order of its fields.

    Fields are str, int, float, the same or None (an empty cell), or a mapping of such values, which has one column for
    each of ``keys``. ``Annotated`` with a Column changes that.
    """

    def __init__(self, kind: type[Record], keys: Sequence[str] = ()) -> None:
        self._kind = kind
        hints = get_type_hints(kind, include_extras=True)
        self._fields = {name: list(_cells(name, hint, keys)) for name, hint in hints.items()}
        self._cells = [cell for cells in self._fields.values() for cell in cells]

    @property
    def names(self) -> tuple[str, ...]:
        """The header."""
        return tuple(cell.name for cell in self._cells)

    @property
    def types(self) -> dict[str, Any]:
        """The type of each column in pandas."""
        return {cell.name: cell.dtype for cell in self._cells}

    def row(self, record: Record) -> tuple[str, ...]:
        """A record as text, one for each column."""
        return tuple(cell.text(record) for cell in self._cells)

    def values(self, record: Record) -> dict[str, Value]:
        """The values of a record by the names of the columns."""
        return {cell.name: cell.value(record) for cell in self._cells}

    def _record(self, values: Mapping[str, Value]) -> Record:
        fields: dict[str, Any] = {}
        for field, cells in self._fields.items():
            found = {cell.key: values[cell.name] for cell in cells}
            fields[field] = found.get(None, found)
        return self._kind(**fields)

    def as_written(self, record: Record) -> Record:
        """The record with its numbers rounded as in the file: equal to the one that is read from there."""
        texts = zip(self._cells, self.row(record), strict=True)
        return self._record({cell.name: cell.parsed(text) for cell, text in texts})

    def table(self, records: Iterable[Record]) -> pd.DataFrame:
        """The records as a table, with the types of ``read_table``; round them by ``as_written`` first."""
        import pandas as pd

        listed = list(records)
        return pd.DataFrame(
            {cell.name: pd.Series([cell.value(each) for each in listed], dtype=cell.dtype) for cell in self._cells}
        )

    def read(self, path: Path) -> list[Record]:
        """The records of a CSV with these columns; raises MerlabError with the place of what is damaged."""
        columns = self._read(path)
        return [self._record(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]

    def read_table(self, path: Path) -> pd.DataFrame:
        """The table of a CSV with these columns; raises MerlabError with the place of what is damaged."""
        import pandas as pd

        columns = self._read(path)
        return pd.DataFrame({cell.name: pd.Series(columns[cell.name], dtype=cell.dtype) for cell in self._cells})

    def _read(self, path: Path) -> dict[str, list[Value]]:
        """The values of each column; a file may have more columns than these."""
        header, lines = _lines(path)
        added = [cell.name for cell in self._cells if cell.absent is not None]
        # A file of an earlier version has none of them; where only some are missing, a name is damaged.
        earlier = added and not set(added) & set(header)
        for cell in self._cells:
            if header.count(cell.name) != 1 and not (earlier and cell.name in added):
                raise MerlabError(f"{path} is damaged: it has no column {cell.name}, or has it twice; {RESTORE}")
        return {cell.name: list(_column(path, cell, header, lines)) for cell in self._cells}


def _lines(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns of a CSV, and its other lines with their numbers; empty ones are left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, cells) for cells in reader if cells]
    except OSError as error:
        raise MerlabError(cannot_read(path, error, RESTORE)) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise MerlabError(f"{path} is damaged ({error}); {RESTORE}") from error
    header = lines[0][1] if lines else []
    for number, cells in lines:
        if len(cells) != len(header):
            fault = f"{counted(len(cells), 'cell')}, the line of column names has {len(header)}"
            raise MerlabError(f"{path}, line {number} is damaged: it has {fault}; {RESTORE}")
    return header, lines[1:]


def _column(path: Path, cell: _Cell, header: list[str], lines: list[tuple[int, list[str]]]) -> Iterator[Value]:
    place = header.index(cell.name) if cell.name in header else None
    for at, cells in lines:
        yield _value(path, cell, at, (cell.absent or "") if place is None else cells[place])


def _value(path: Path, cell: _Cell, line: int, text: str) -> Value:
    try:
        value: Value = cell.parsed(text)
        fits = not isinstance(value, int) or abs(value) < 2**63
    except ValueError:
        fits = False
    if not fits or (cell.kind is not str and not NUMBER.fullmatch(text or "0")):
        raise MerlabError(f"{path}, line {line} is damaged: {cell.name} is {text[:40]!r}, not a number; {RESTORE}")
    return value


def _cells(field: str, hint: Any, keys: Sequence[str]) -> Iterator[_Cell]:
    column, hint = _unwrapped(hint, Column())
    if get_origin(hint) in {dict, Mapping}:
        column_of_values, hint = _unwrapped(get_args(hint)[1], column)
        for key in keys:
            yield _Cell(f"{column.name}{key}", field, key, hint, False, column_of_values.written)
        return
    optional = get_origin(hint) in {Union, types.UnionType}
    if optional:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
        column, hint = _unwrapped(hint, column)
    yield _Cell(column.name or field, field, None, hint, optional, column.written, column.absent)


def _unwrapped(hint: Any, column: Column) -> tuple[Column, Any]:
    """The Column and the type of an annotated type; of another one the given column."""
    if get_origin(hint) is not Annotated:
        return column, hint
    kind, *notes = get_args(hint)
    return next((note for note in notes if isinstance(note, Column)), column), kind
