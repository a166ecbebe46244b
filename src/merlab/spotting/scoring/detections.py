"""Detections as LGSNet and other temporal detectors write them: tab-separated video, start, end, score, no header."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.table_files.cells import CellTable
from merlab.table_files.lines import numbered_lines

SUFFIX = ".txt"
COLUMNS = ("video", "onset", "offset", "score")
# Detectors give fractions of frames; 0 or more.
FRACTION = r"([0-9]{1,12}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"


def read_detections(path: Path) -> CellTable:
    """The detections of a file, with the cells COLUMNS; frames are fractions, as the detector gives them.

    Raises MerlabError for a file that cannot be read, is empty, or has a line of another form.
    """
    numbered = numbered_lines(path, "give a text of detections")
    rows = [line.split("\t") for _, line in numbered]
    for (number, line), cells in zip(numbered, rows, strict=True):
        if len(cells) != len(COLUMNS) or not all(re.fullmatch(FRACTION, cell.strip()) for cell in cells[1:]):
            raise MerlabError(
                f"{path}, line {number}: {line[:60]!r} is not video, start, end and score with tabs between them; "
                "a table with column names must be a .csv or .tsv"
            )
    if not rows:
        raise MerlabError(f"{path} is empty; give a text of detections: video, start, end, score in each line")
    table = pd.DataFrame([[cell.strip() for cell in row] for row in rows], columns=list(COLUMNS), dtype=object)
    return CellTable(str(path), table, tuple(f"line {number}" for number, _ in numbered))
