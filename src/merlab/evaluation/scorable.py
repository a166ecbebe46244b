"""A table of predictions from any tool, checked cell by cell before anything is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.predictions import CLIP_COLUMNS, LABEL_COLUMNS
from merlab.spelling import counted, person
from merlab.table_files.cells import CellTable
from merlab.table_files.columns import read_cells

OPTIONAL_COLUMNS = (*CLIP_COLUMNS, "seed", "method")
CLIP_REMEDY = ", or give different clips of a subject names that differ otherwise"
LABEL_REMEDY = ", or list both as classes if they are different ones"


def read_scorable(given: pd.DataFrame | Path | str, classes: Sequence[str]) -> CellTable:
    """The columns that a score counts, each cell checked; ``classes`` is empty where the labels that occur are used.

    Raises MerlabError, with the rows and the remedy, for everything that would be counted wrongly: empty cells, two
    spellings of one label, database, subject or clip, labels outside the classes, several methods, repeated clips, a
    clip with two truths, and seeds of different clips.
    """
    table = read_cells(given, "the table", LABEL_COLUMNS, OPTIONAL_COLUMNS)
    if table.cells.empty:
        raise MerlabError(f"{table.name} has no rows; give a table with one row per clip")
    table.require_values(LABEL_COLUMNS, allowed=classes)
    table.require_values(_present(table, OPTIONAL_COLUMNS))
    table = table.with_one_spelling(LABEL_COLUMNS, classes, LABEL_REMEDY)
    for column in _present(table, ("database", "seed", "method")):
        table = table.with_one_spelling([column])
    table = _with_one_spelling_of_names(table)
    _require_classes(table, classes)
    _require_one_method(table)
    _require_one_row_per_clip_and_seed(table)
    _require_one_truth(table)
    _require_same_clips(table)
    table = table if classes else table.with_doubts(LABEL_COLUMNS)
    for column in _present(table, ("database",)):
        table = table.with_doubts([column], rare=False)
    return replace(table, notes=(*table.notes, *_doubts(table, classes)))


def _present(table: CellTable, columns: Sequence[str]) -> list[str]:
    return [column for column in columns if column in table.cells]


def _with_one_spelling_of_names(table: CellTable) -> CellTable:
    """Subject 1 of one database and 01 of another are two subjects; within a database they are one. So are clips."""
    if "subject" not in table.cells:
        return table
    database = _present(table, ("database",))
    table = table.with_one_spelling(["subject"], within=database)
    if "clip" not in table.cells:
        return table
    return table.with_one_spelling(["clip"], remedy=CLIP_REMEDY, within=[*database, "subject"])


def _require_classes(table: CellTable, classes: Sequence[str]) -> None:
    for column in LABEL_COLUMNS if classes else ():
        unknown = ~table.cells[column].isin(classes)
        labels = ", ".join(sorted(set(table.cells[column][unknown])))
        fault = f"{column} {labels} is not among the classes {', '.join(classes)}"
        table.refuse(unknown, fault, "correct the label, or add it to the classes")


def _require_one_method(table: CellTable) -> None:
    methods = sorted(set(table.cells.get("method", ())))
    if len(methods) > 1:
        raise MerlabError(f"{table.name} contains several methods ({', '.join(methods)}); keep the rows of one")


def _require_one_row_per_clip_and_seed(table: CellTable) -> None:
    """A clip name is unique only within its subject, so repetitions are found only where both columns are given."""
    key = _present(table, (*CLIP_COLUMNS, "seed"))
    if {"subject", "clip"} <= set(key):
        repeated = np.asarray(table.cells.duplicated(key))
        fault = f"repeats {_named(table.cells[repeated][key])}"
        remedy = "every clip counts once per seed, so remove the row, or number the repetitions in a column seed"
        table.refuse(repeated, fault, remedy)


def _require_one_truth(table: CellTable) -> None:
    key = _present(table, CLIP_COLUMNS)
    if {"subject", "clip"} <= set(key):
        truths = table.cells.groupby(key, sort=False)["truth"].transform("nunique")
        fault = f"{_named(table.cells[truths > 1][key])} has different truths"
        table.refuse(truths > 1, fault, "the truth of a clip is the same for every seed; correct it")


def _require_same_clips(table: CellTable) -> None:
    """Every seed predicts the same clips: as many of each truth, and the same ones as far as columns name them."""
    if "seed" not in table.cells:
        return
    key = [*_present(table, CLIP_COLUMNS), "truth"]
    counts = pd.crosstab([table.cells[column] for column in key], table.cells["seed"])
    differing = counts[counts.nunique(axis=1) > 1]
    if len(differing):
        one = differing.iloc[0]
        clips = _named(differing.index.to_frame(index=False).set_axis(key, axis=1))
        raise MerlabError(
            f"{table.name}: the seeds are of different clips, {len(differing)} in all: {clips} has "
            f"{counted(one.max(), 'row')} in seed {one.idxmax()} but {one.min()} in seed {one.idxmin()}; "
            "give every seed the same clips, or score each seed alone"
        )


def _named(rows: pd.DataFrame) -> str:
    """The first of these rows in words: ``subject 1 clip EP1``."""
    return " ".join(f"{column} {text}" for column, text in rows.iloc[0].items()) if len(rows) else ""


def _doubts(table: CellTable, classes: Sequence[str]) -> list[str]:
    """Warnings about content that can be right, but is more often a mistake."""
    truth, prediction = (set(table.cells[column]) for column in LABEL_COLUMNS)
    notes = []
    if not classes and not truth & prediction:
        notes.append(f"{table.name}: truth and prediction have no label in common; check that both use the same words")
    if "clip" in table.cells and "subject" not in table.cells:
        repeated = np.asarray(table.cells.duplicated(_present(table, (*CLIP_COLUMNS, "seed"))))
        if repeated.any():
            notes.append(
                f"{table.name}, {table.where(repeated)}: the name of the clip occurs before, and counts again; "
                "add a column subject, so that repeated clips are found"
            )
    return [*notes, *_people(table)]


def _people(table: CellTable) -> Iterator[str]:
    """Warnings about subjects of a database that may be one person, whose clips may be in the table twice."""
    for _, cells in table.cells.groupby(_present(table, ("database",)) or np.zeros(len(table.cells))):
        names = pd.Series(sorted(set(cells.get("subject", ()))), dtype=object)
        for _, group in names.groupby(names.map(person)):
            if len(group) > 1:
                yield f"{table.name}: the subjects {' and '.join(group)} may be one person; give every person one name"
