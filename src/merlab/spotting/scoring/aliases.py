"""The names that other tools give to the columns of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.spotting.scoring.kinds import KIND
from merlab.table_files.cells import CellTable
from merlab.table_files.reading import SUFFIXES, read_lines
from merlab.table_files.sheets import folded_heading

Names = Mapping[str, str]

# merlab's name -> those of MEGC's answers and of LGSNet's tables of intervals.
ALIASES: Mapping[str, Sequence[str]] = {
    "video": ("vid",),
    "onset": ("pred_onset", "startFrame"),
    "offset": ("pred_offset", "endFrame"),
    KIND: ("type",),
}
# Beside a column of merlab's name, others may mean something else, but not these.
EXACT = ("onset", "offset")


def names_in(given: pd.DataFrame | Path | str, title: str) -> Names:
    """Merlab's name of each column in ALIASES -> its name in this table; merlab's own if the table has none of them.

    Raises MerlabError, with the ``title`` of the table, where a sheet has several columns that mean onset, or offset.
    """
    headers = [set(map(folded_heading, header)) for header in _headers(given)]
    for header, column in product(headers, EXACT):
        found = [name for name in (column, *ALIASES[column]) if folded_heading(name) in header]
        if len(found) > 1:
            raise MerlabError(
                f"{title} has several columns that mean {column}: {' and '.join(found)}; keep one of them"
            )
    return {column: _name(column, aliases, headers) for column, aliases in ALIASES.items()}


def folder_free(table: CellTable, names: Names) -> CellTable:
    """The table of intervals of LGSNet with the names of its videos, without their folders."""
    if names["onset"] != "startFrame" or "video" not in table.cells:
        return table
    videos = table.cells["video"].str.replace("\\", "/").str.rpartition("/")[2]
    note = f"{table.name}: the folders of the videos are left out of their names"
    changed = (videos != table.cells["video"]).any()
    return replace(
        table, cells=table.cells.assign(video=videos), notes=(*table.notes, note) if changed else table.notes
    )


def _name(column: str, aliases: Sequence[str], headers: Sequence[set[str]]) -> str:
    if any(folded_heading(column) in header for header in headers):
        return column
    return next((alias for alias in aliases if any(folded_heading(alias) in header for header in headers)), column)


def _headers(given: pd.DataFrame | Path | str) -> list[Sequence[str]]:
    """The first line of every sheet; none of a file that cannot be read, which is reported when it is read."""
    if isinstance(given, pd.DataFrame):
        return [list(map(str, given.columns))]
    path = Path(given)
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return []
    try:
        return [sheet.header for sheet in read_lines(path).sheets]
    except MerlabError:
        return []
