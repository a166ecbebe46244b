"""Micro- or macro-expression: how tables write the kind of a movement, and kinds by duration."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from merlab.spelling import quoted
from merlab.table_files.cells import CellTable, is_no_value

KIND = "kind"
MICRO, MACRO, OTHER = "micro", "macro", "other"
KINDS = (MICRO, MACRO)
KIND_BEGINS = re.compile(rf"{MICRO}|{MACRO}|{OTHER}\b")
# As MEGC's answers abbreviate them.
ABBREVIATED = {"me": MICRO, "mae": MACRO}
# Seconds; the usual limit of micro-expressions.
LONGEST_MICRO = 0.5


def kind_of(text: str) -> str | None:
    """``micro`` of 'micro', 'Micro - 1/2', 'micro-expression' or 'me'; ``macro`` alike; ``other``; None if unknown.

    'others' is an emotion of CASME II.
    """
    lower = text.lower()
    begins = KIND_BEGINS.match(lower)
    return begins[0] if begins else ABBREVIATED.get(lower)


def with_kinds(table: CellTable, column: str) -> CellTable:
    """The table with its column of kinds in merlab's words.

    Raises MerlabError for an unknown kind in a column ``kind``; another column with unknown words is not one of kinds,
    and is left out with a note.
    """
    if KIND not in table.cells:
        return table
    cells = table.cells[KIND]
    kinds = cells.map(kind_of)
    unknown = kinds.isna()
    if unknown.any() and column != KIND:
        words = ", ".join(map(quoted, sorted(set(cells[unknown]))[:3]))
        note = f"{table.name}: the column {column} has no kinds of movements ({words}), so it is not read"
        return replace(table, cells=table.cells.drop(columns=KIND), notes=(*table.notes, note))
    found = ", ".join(map(quoted, sorted(set(cells[unknown]))[:3]))
    empty = bool(unknown.any() and cells[unknown].map(is_no_value).all())
    table.refuse(unknown, f"kind is {'empty' if empty else found}", "write micro, macro or other")
    return replace(table, cells=table.cells.assign(**{KIND: kinds}))


def by_duration(events: pd.DataFrame, rates: pd.Series) -> pd.DataFrame:
    """The events with kinds by their duration: micro up to half a second; ``rates`` are frames per second of rows."""
    seconds = (events["offset"] - events["onset"] + 1) / rates
    return events.assign(**{KIND: [MICRO if each <= LONGEST_MICRO else MACRO for each in seconds]})
