"""The length of every video, also of those without any event: for false alarms a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.cells import CellTable, read_cells

FRAMES, SECONDS, FPS = "frames", "seconds", "fps"
# Lengths and rates that differ by less, relatively, are the same.
SAME = 0.01


@dataclass(frozen=True)
class VideoLengths:
    """Seconds of each video by its name, and its frames per second where they are known."""

    seconds: dict[str, float]
    fps: dict[str, float]

    @property
    def minutes(self) -> float:
        """The length of all videos together."""
        return sum(self.seconds.values()) / 60

    def beyond(self, events: pd.DataFrame, table: str, fps: float | None) -> str | None:
        """A note on events that end after their video does, which is what a wrong frame rate looks like."""
        rates = events["video"].map(self.fps).fillna(fps)
        late = events["offset"] > (1 + SAME) * rates * events["video"].map(self.seconds)
        if not late.any():
            return None
        first = events[late].iloc[0]
        return (
            f"{table}: {int(late.sum())} events end after their video does, such as {first['offset']:g} in "
            f"{first['video']}; check the frame rate, or whether frames are numbered from 1"
        )

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

    Raises MerlabError for a table that cannot be read, a video that is listed twice, a length that is not positive, and
    lengths or rates that contradict each other.
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
    if fps is not None:
        table.refuse(_differ(rates, fps), f"fps is not the {fps:g} of --fps", "correct one of them, or leave --fps out")
    if SECONDS in table.cells and FRAMES in table.cells:
        stated = _numbers(table, FRAMES) / rates
        table.refuse(_differ(seconds, stated), "seconds are not frames divided by fps", "correct one of the columns")
    names = list(table.cells["video"])
    known = {name: rate for name, rate in zip(names, rates, strict=True) if not math.isnan(rate)}
    return VideoLengths(dict(zip(names, seconds, strict=True)), known)


def _differ(numbers: pd.Series, others: pd.Series | float) -> pd.Series:
    """Whether numbers differ by more than rounding explains; not where one is unknown."""
    return (numbers - others).abs() > SAME * numbers


def _numbers(table: CellTable, column: str) -> pd.Series:
    """The numbers of a column; raises MerlabError for a cell that is not a positive number."""
    numbers = pd.to_numeric(table.cells[column], errors="coerce")
    wrong = ~((numbers > 0) & (numbers < math.inf))
    table.refuse(wrong, f"{column} is not a positive number", "write numbers with a point, without units")
    return numbers.astype(float)
