"""The columns of frames.csv: those of FrameRow, then what was measured of the face, in the habits of OpenFace.

``timestamp`` is ``time_s`` under OpenFace's name. A measured value is empty where it is not known.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError, first_line
from merlab.spotting.columns import RESTORE
from merlab.spotting.motion_score import PARTS
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.videos.rows import FRAME_ROWS, FrameRow

if TYPE_CHECKING:
    import pandas as pd

SIDES = {"r": "right", "l": "left", "c": ""}


def part_word(part: str) -> str:
    """``cheeks, left`` -> ``cheeks_left``, for names of columns."""
    return part.replace(", ", "_").replace(" ", "_")


def part_column(part: str) -> str:
    """``cheeks, left`` -> ``score_cheeks_left``."""
    return f"score_{part_word(part)}"


def unit_column(key: str) -> str:
    """A unit and its side -> its column: ``12l`` -> ``AU12_evidence_left``, ``17c`` -> ``AU17_evidence``."""
    return "_".join(filter(None, [f"AU{int(key[:-1]):02d}", "evidence", SIDES[key[-1]]]))


POSE = ("pose_pitch", "pose_yaw", "pose_roll")
LIDS = ("lid_drop_right", "lid_drop_left", "blink")
PART_COLUMNS = tuple(map(part_column, PARTS))
# The units of ``synthesis.unit_flow``, with their sides.
UNITS = tuple(f"{number}{side}" for number, unit in ACTION_UNITS.items() for side in ("rl" if unit.paired else "c"))
UNIT_COLUMNS = tuple(map(unit_column, UNITS))
MEASURES = (*POSE, *LIDS, *PART_COLUMNS, *UNIT_COLUMNS)
# Digits after the point; of the others two.
DIGITS = dict.fromkeys(POSE, 1)
TIMESTAMP = "timestamp"
HEADER = (*FRAME_ROWS.names, TIMESTAMP, *MEASURES)
# How the time is written in FrameRow, so that both columns have the same text.
TIME_AT = FRAME_ROWS.names.index("time_s")

# One row per frame, one column per name in MEASURES; NaN where a value is not known.
Measured: TypeAlias = "NDArray[np.float64]"
UNMEASURED = ("",) * len(MEASURES)


class FrameLine(NamedTuple):
    """A line of the table: the row of a face in a frame, and the text of each of MEASURES."""

    row: FrameRow
    measures: tuple[str, ...] = UNMEASURED

    @property
    def cells(self) -> tuple[str, ...]:
        """One text for each column of HEADER."""
        row = FRAME_ROWS.row(self.row)
        return (*row, row[TIME_AT], *self.measures)


def measure_texts(values: Measured) -> list[tuple[str, ...]]:
    """The texts of MEASURES, for each row of ``values`` (n, MEASURES)."""
    columns = [_texts(column, DIGITS.get(name, 2)) for name, column in zip(MEASURES, values.T, strict=True)]
    return list(zip(*columns, strict=True))


def _texts(column: Measured, digits: int) -> Iterator[str]:
    # Adding 0 makes 0 of -0.
    return ("" if value != value else f"{value:g}" for value in (np.round(column, digits) + 0.0).tolist())  # noqa: PLR0124


def read_frame_lines(path: Path) -> list[FrameLine]:
    """The lines of a table; raises MerlabError with the place of what is damaged."""
    rows = FRAME_ROWS.read(path)
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        first = next(lines).index(MEASURES[0])
        return [FrameLine(row, tuple(cells[first:])) for row, cells in zip(rows, lines, strict=True)]


def read_frame_table(path: Path) -> pd.DataFrame:
    """The table in a file; what a file of an earlier version lacks is NaN.

    Raises MerlabError with the place of what is damaged.
    """
    import pandas as pd

    types = FRAME_ROWS.types | {TIMESTAMP: "float64"} | dict.fromkeys(MEASURES, "float32")
    try:
        table = pd.read_csv(path, dtype=types, index_col=False, keep_default_na=False, na_values=[""], encoding="utf-8")
        fault = _fault(path, table)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        table, fault = pd.DataFrame(), first_line(error)
    if fault:
        # It names the line and the column of what is damaged, except in the columns that it does not read.
        FRAME_ROWS.read_table(path)
        raise MerlabError(f"{path} is damaged ({fault}); {RESTORE}")
    if TIMESTAMP not in table:
        table[TIMESTAMP] = table["time_s"]
    return table.reindex(columns=[*HEADER, *(name for name in table.columns if name not in HEADER)])


def _fault(path: Path, table: pd.DataFrame) -> str:
    """What pandas reads without complaint: lines with too few cells, columns that are missing or there twice."""
    with path.open("rb") as file:
        header = file.readline().decode("utf-8").strip().split(",")
        commas = sum(block.count(b",") for block in iter(lambda: file.read(1 << 20), b""))
    if len(set(header)) < len(header):
        return "two columns have one name"
    missing = [name for name in HEADER if name not in header]
    if missing and header != list(FRAME_ROWS.names):
        return f"it has no column {missing[0]}"
    return "" if commas == len(table) * (len(header) - 1) else "a line has too few cells"


def lines_of(rows: Iterable[FrameRow], values: Measured) -> list[FrameLine]:
    """Rows with what was measured in them, (rows, MEASURES)."""
    return [FrameLine(*each) for each in zip(rows, measure_texts(values), strict=True)]


def columns_at(names: Sequence[str]) -> slice:
    """Where successive columns are among MEASURES."""
    first = MEASURES.index(names[0])
    return slice(first, first + len(names))
