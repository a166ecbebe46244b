"""What moved as tidy tables: regions.csv, one row per event and part, and action_units.csv, one per event and unit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from merlab.sinks import CsvSink
from merlab.videos.result import VideoResult

if TYPE_CHECKING:
    import pandas as pd


def write_tidy_tables(result: VideoResult) -> None:
    """Write both tables beside events.csv."""
    _write(result.files.regions, result.regions)
    _write(result.files.action_units, result.action_units)


def _write(path: Path, table: pd.DataFrame) -> None:
    with CsvSink(path, table.columns.tolist()) as sink:
        for row in table.itertuples(index=False):
            sink.write(row)
