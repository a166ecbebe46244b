"""Labels of a coding table that has one column of 0 and 1 for each label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from merlab.clips import Finding
from merlab.databases.coded.row import CORRECT, Row
from merlab.spelling import quoted

# What 0, 1, TRUE and FALSE are in the cells of a spreadsheet or of a text.
SET, NOT_SET = {"1", "true"}, {"", "0", "false"}

Cells = Mapping[str, str]


def with_flags(row: Row, cells: Cells, flags: Sequence[str]) -> Row | Finding:
    """The row with the labels whose cells are set, joined by ``+``; the same row if none is.

    A finding if a cell of ``flags`` is neither set nor not: the row has a label that is not known.
    """
    wrong = next((flag for flag in flags if cells.get(flag, "").lower() not in SET | NOT_SET), None)
    if wrong is not None:
        return Finding("unusable", row.where, f"0 or 1 in column {wrong}", quoted(cells[wrong]), CORRECT)
    marked = [flag.lower() for flag in flags if cells.get(flag, "").lower() in SET]
    return replace(row, emotion="+".join(marked)) if marked else row


def other_emotions(
    rows: Sequence[Row | Finding], flagged: Sequence[Row | Finding], flags: Sequence[str]
) -> Iterator[Finding]:
    """Findings about rows whose column of emotions has one of the labels, but not one that is set.

    ``flagged`` are the ``rows`` after ``with_flags``.
    """
    labels = {flag.lower() for flag in flags}
    remedy = "the labels that are set are used; cells of the row may have moved: compare it with the original"
    for row, other in zip(rows, flagged, strict=True):
        if isinstance(row, Row) and isinstance(other, Row) and row.emotion in labels - {*other.emotion.split("+")}:
            expected = f"{row.emotion} among the labels, as in the column of emotions"
            yield Finding("differs", other.where, expected, other.emotion, remedy)


def missing_flags(table: str, flags: Sequence[str], headings: Sequence[str]) -> Iterator[Finding]:
    """A finding if columns of labels are absent, so that clips lack these labels."""
    if absent := [flag for flag in flags if flag not in headings]:
        remedy = "clips are read without these labels; name the columns as in the release, or use the original table"
        found = f"no column {', '.join(absent)}"
        yield Finding("differs", table, f"columns {', '.join(flags)}", found, remedy)
