"""The columns of a CSV, derived from the fields of a dataclass: one row per record."""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import pandas as pd

Record = TypeVar("Record")
Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """Annotates a field whose column is not just its name and the text of its value.

    Attributes:
        written: the text of a value.
        name: the name of the column; of a field that holds a mapping, what precedes each of its keys.

    """

    written: Callable[[Any], str] = str
    name: str = ""


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

    def row(self, record: Record) -> tuple[str, ...]:
        """A record as text, one for each column."""
        return tuple(cell.text(record) for cell in self._cells)

    def values(self, record: Record) -> dict[str, Value]:
        """The values of a record by the names of the columns."""
        return {cell.name: cell.value(record) for cell in self._cells}

    def record(self, row: Mapping[str, str]) -> Record:
        """The record of a row, by the names of the columns."""
        values: dict[str, Any] = {}
        for field, cells in self._fields.items():
            parsed = {cell.key: cell.parsed(row[cell.name]) for cell in cells}
            values[field] = parsed.get(None, parsed)
        return self._kind(**values)

    def as_written(self, record: Record) -> Record:
        """The record with its numbers rounded as in the file: equal to the one that is read from there."""
        return self.record(dict(zip(self.names, self.row(record), strict=True)))

    def table(self, records: Iterable[Record]) -> pd.DataFrame:
        """The records as a table, with the types of ``read_table``; round them by ``as_written`` first."""
        listed = list(records)
        return pd.DataFrame(
            {cell.name: pd.Series([cell.value(each) for each in listed], dtype=cell.dtype) for cell in self._cells}
        )

    def read(self, path: Path) -> list[Record]:
        """The records of a CSV with these columns."""
        with path.open(newline="", encoding="utf-8") as file:
            return [self.record(row) for row in csv.DictReader(file)]

    def read_table(self, path: Path) -> pd.DataFrame:
        """The table of a CSV with these columns."""
        numbers = {cell.name: [""] for cell in self._cells if cell.kind is not str}
        types_of: dict[Any, Any] = {cell.name: cell.dtype for cell in self._cells}
        table = pd.read_csv(path, dtype=types_of, keep_default_na=False, na_values=numbers)
        return table[list(self.names)]


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
    yield _Cell(column.name or field, field, None, hint, optional, column.written)


def _unwrapped(hint: Any, column: Column) -> tuple[Column, Any]:
    """The Column and the type of an annotated type; of another one the given column."""
    if get_origin(hint) is not Annotated:
        return column, hint
    kind, *notes = get_args(hint)
    return next((note for note in notes if isinstance(note, Column)), column), kind
