"""The length of every video, also of those without any event: for false alarms a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.cells import CellTable, read_cells

FRAMES, SECONDS, FPS = "frames", "seconds", "fps"


@dataclass(frozen=True)
class VideoLengths:
    """Seconds of each video by its name, and its frames per second where they are known."""

    seconds: dict[str, float]
    fps: dict[str, float]

    @property
    def minutes(self) -> float:
        """The length of all videos together."""
        return sum(self.seconds.values()) / 60

    def require(self, videos: set[str], table: str) -> None:
        """Raises MerlabError if a video of a table is not listed."""
        if unlisted := sorted(videos - set(self.seconds)):
            more = f" and {len(unlisted) - 3} more" if len(unlisted) > 3 else ""
            raise MerlabError(
                f"{table} has videos that the list of videos lacks: {', '.join(unlisted[:3])}{more}; add them with "
                "their lengths, or use the same names"
            )


def read_lengths(given: pd.DataFrame | Path | str, fps: float | None) -> VideoLengths:
    """The lengths in a table with the columns video and seconds, or video and frames (with a column fps, or ``fps``).

    Raises MerlabError for a table that cannot be read, a video that is listed twice, and a length that is not positive.
    """
    table = read_cells(given, "the list of videos", ("video",), (FRAMES, SECONDS, FPS))
    table.require_values(["video"])
    table.refuse(table.cells["video"].duplicated(), "the video is listed twice", "keep one row per video")
    rates = _numbers(table, FPS) if FPS in table.cells else pd.Series(fps, index=table.cells.index, dtype=float)
    if SECONDS in table.cells:
        seconds = _numbers(table, SECONDS)
    elif FRAMES in table.cells:
        if rates.isna().any():
            raise MerlabError(f"{table.name} has frames but no frames per second; add a column fps, or give --fps")
        seconds = _numbers(table, FRAMES) / rates
    else:
        raise MerlabError(f"{table.name} has neither a column seconds nor a column frames; add one of them")
    names = list(table.cells["video"])
    known = {name: rate for name, rate in zip(names, rates, strict=True) if not math.isnan(rate)}
    return VideoLengths(dict(zip(names, seconds, strict=True)), known)


def _numbers(table: CellTable, column: str) -> pd.Series:
    """The numbers of a column; raises MerlabError for a cell that is not a positive number."""
    numbers = pd.to_numeric(table.cells[column], errors="coerce")
    wrong = ~((numbers > 0) & (numbers < math.inf))
    table.refuse(wrong, f"{column} is not a positive number", "write numbers with a point, without units")
    return numbers.astype(float)
