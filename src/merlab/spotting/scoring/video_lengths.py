"""The length of every video, also of those without any event: for false alarms a minute."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from merlab.errors import MerlabError
from merlab.frames import HIGHEST_RATE, LOWEST_RATE, VIDEO_SUFFIXES, is_rate, open_frames
from merlab.frames.opening import as_on_disk
from merlab.given import as_path
from merlab.spelling import counted, first_of, quoted
from merlab.spotting.scoring.read_intervals import (
    FRAME_NUMBER,
    OFFSET,
    ONSET,
    VIDEO,
    rates_of_events,
    with_composed_names,
    with_numbers,
)
from merlab.table_files.cell_texts import is_unclear_rate
from merlab.table_files.cells import CellTable, is_no_value
from merlab.table_files.columns import read_cells

FRAMES, SECONDS, FPS, FIRST, SOURCE, SUBJECT = "frames", "seconds", "fps", "first", "source", "subject"
# Lengths and rates that differ by less, relatively, are the same.
SAME = 0.01


@dataclass(frozen=True)
class VideoLengths:
    """Seconds of each video by its name, and its frames per second where they are known.

    ``first`` is the number of its first frame where the list states one; ``sources`` are the files and folders, and
    ``subjects`` the people, where they are stated.
    """

    seconds: dict[str, float]
    fps: dict[str, float]
    first: dict[str, int] = field(default_factory=dict)
    sources: dict[str, Path] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    @property
    def minutes(self) -> float:
        """The length of all videos together."""
        return sum(self.seconds.values()) / 60

    def of_unknown_people(self) -> Iterator[str]:
        """A note on videos whose subject is not stated, where that of others is."""
        unknown = sorted(self.seconds.keys() - self.subjects.keys())
        if self.subjects and unknown:
            yield (
                f"the list of videos has no subject of {first_of(map(quoted, unknown), 3)}; each counts as a subject "
                "of its own, so that intervals may be too narrow"
            )

    def beyond(self, events: pd.DataFrame, table: str, fps: float | None) -> Iterator[str]:
        """Notes on events that begin before their video does, or end after it: a wrong frame rate, or first number."""
        early = events[ONSET] <= events[VIDEO].map(self._least).astype(float) - 1
        for outside, where, column in (
            (early, "before the first frame", ONSET),
            (self._late(events, fps), "after the end", OFFSET),
        ):
            if outside.any():
                first = events[outside].iloc[0]
                yield (
                    f"{table}: {counted(int(outside.sum()), 'event')} {where} of the video, such as {first[column]:g} "
                    f"in {first[VIDEO]}; check the frame rate, or whether frames are numbered from 1"
                )

    def _least(self, video: str) -> int:
        """The number that the first frame has where no file must be opened to know it; else 0."""
        source = self.sources.get(video)
        is_video = source is None or source.suffix.lower() in VIDEO_SUFFIXES
        return self.first.get(video, 1 if is_video else 0)

    def require_inside(self, table: CellTable, fps: float | None) -> None:
        """Raises MerlabError for true events that end after their video does.

        Not where the first frame of a video may have any number: its folder is listed, but is not here.
        """
        events = with_numbers(table)
        late = self._late(events, fps) & np.array([self.first_of(video) is not None for video in events[VIDEO]], bool)
        table.refuse(
            late,
            "the event ends after its video does",
            "correct the frame rate or the length; if the frames of the video are not numbered from 1, write the "
            "number of the first one into a column first of the list of videos",
        )

    def _late(self, events: pd.DataFrame, fps: float | None) -> pd.Series:
        """Which events end after their video does, by more than rounding explains; none where a rate is unknown."""
        seconds = events[VIDEO].map(self.seconds).astype(float)
        lengths = (1 + SAME) * rates_of_events(events, self.fps, fps) * seconds
        late = events[OFFSET] > lengths
        firsts = {video: self.first_of(video) or 1 for video in set(events[VIDEO][late])}
        before = np.array([firsts.get(video, 1) - 1 for video in events[VIDEO]], float)
        return late & (events[OFFSET] > lengths + before)

    def first_of(self, video: str) -> int | None:
        """The number of the first frame of a video: 1 unless it is stated, or is another in the folder of its images.

        None where this folder is not here.
        """
        source = self.sources.get(video)
        if video in self.first or source is None:
            return self.first.get(video, 1)
        if source.is_dir():
            return next(iter(open_frames(source).numbers), 1)
        return 1 if source.is_file() or source.suffix.lower() in VIDEO_SUFFIXES else None

    def require(self, videos: set[str], table: str) -> None:
        """Raises MerlabError if a video of a table is not listed."""
        if unlisted := sorted(videos - set(self.seconds)):
            raise MerlabError(
                f"{table} has videos that the list of videos lacks: {first_of(unlisted, 3)}; add them with "
                "their lengths, or use the same names"
            )


def read_lengths(given: pd.DataFrame | Path | str, fps: float | None) -> VideoLengths:
    """The lengths in a table with the columns video and seconds, or video and frames (with a column fps, or ``fps``).

    ``first``, ``source`` and ``subject`` are read where they are: the number of the first frame, the file or folder,
    and the person.

    Raises MerlabError for a table that cannot be read, a video that is listed twice, a length that is not positive, and
    lengths or rates that contradict each other.
    """
    table = read_cells(given, "the list of videos", (VIDEO,), (FRAMES, SECONDS, FPS, FIRST, SOURCE, SUBJECT))
    table.require_values([VIDEO])
    table = with_one_row_each(table)
    rates = _rates(table) if FPS in table.cells else pd.Series(fps, index=table.cells.index, dtype=float)
    if fps is not None:
        table.refuse(_differ(rates, fps), f"fps is not the {fps:g} of --fps", "correct one of them, or leave --fps out")
    names, seconds = list(table.cells[VIDEO]), _seconds(table, rates)
    known = {name: rate for name, rate in zip(names, rates, strict=True) if not math.isnan(rate)}
    lengths = dict(zip(names, seconds, strict=True))
    return VideoLengths(lengths, known, _firsts(table), _sources(table, given), _subjects(table))


def with_one_row_each(table: CellTable) -> CellTable:
    """A list of videos with each name in one spelling, after warnings of what was repaired.

    Raises MerlabError for a video that is listed twice.
    """
    table = with_composed_names(table).with_one_spelling([VIDEO])
    table.warn_of_notes()
    table.refuse(table.cells[VIDEO].duplicated(), "the video is listed twice", "keep one row per video")
    return table


def _seconds(table: CellTable, rates: pd.Series) -> pd.Series:
    """The length of each video, from its seconds, or its frames and frames per second."""
    if SECONDS not in table.cells and FRAMES not in table.cells:
        raise MerlabError(f"{table.name} has neither a column seconds nor a column frames; add one of them")
    if SECONDS not in table.cells and rates.isna().any():
        raise MerlabError(f"{table.name} has frames but no frames per second; add a column fps, or give --fps")
    if FRAMES not in table.cells:
        return _numbers(table, SECONDS)
    by_frames = _numbers(table, FRAMES) / rates
    if SECONDS not in table.cells:
        return by_frames
    seconds = _numbers(table, SECONDS)
    table.refuse(_differ(seconds, by_frames), "seconds are not frames divided by fps", "correct one of the columns")
    return seconds


def _firsts(table: CellTable) -> dict[str, int]:
    """The number of the first frame of each video, where it is stated."""
    if FIRST not in table.cells:
        return {}
    stated = table.cells[table.cells[FIRST] != ""]
    wrong = (table.cells[FIRST] != "") & ~table.cells[FIRST].str.fullmatch(FRAME_NUMBER).astype(bool)
    table.refuse(wrong, "first is not the number of a frame", "write a whole number, or leave the cell empty")
    table.refuse_thousands(FIRST)
    return {video: int(float(first)) for video, first in zip(stated[VIDEO], stated[FIRST], strict=True)}


def _subjects(table: CellTable) -> dict[str, str]:
    """The person in each video, where one is stated; raises MerlabError for two spellings of one."""
    if SUBJECT not in table.cells:
        return {}
    stated = table.kept(~table.cells[SUBJECT].map(is_no_value).astype(bool)).with_one_spelling([SUBJECT]).cells
    return dict(zip(stated[VIDEO], stated[SUBJECT], strict=True))


def _sources(table: CellTable, given: pd.DataFrame | Path | str) -> dict[str, Path]:
    """The file or folder of each video, where it is stated, also of one that is not here."""
    if SOURCE not in table.cells:
        return {}
    root = Path() if isinstance(given, pd.DataFrame) else as_path(given, table.name).parent
    texts = dict(zip(table.cells[VIDEO], table.cells[SOURCE], strict=True))
    return {
        video: found_source(text, root, f"{table.name}: the source of {video}") or Path(text)
        for video, text in texts.items()
        if text
    }


def found_source(text: str, folder: Path, what: str) -> Path | None:
    """The file or folder that a list of videos in ``folder`` states; None if it is not here.

    It is first sought from there: in the current folder, another set may have files of the same names. A list from
    Windows may have backslashes. ``what`` is the text in messages.
    """
    stated = [as_path(each, what) for each in dict.fromkeys((text, text.replace("\\", "/")))]
    places = (as_on_disk(place) for each in stated for place in (folder / each, each))
    return next((place for place in places if place.exists()), None)


def _differ(numbers: pd.Series, others: pd.Series | float) -> pd.Series:
    """Whether numbers differ by more than rounding explains; not where one is unknown."""
    return (numbers - others).abs() > SAME * numbers


def _rates(table: CellTable) -> pd.Series:
    """The frame rate of each video; raises MerlabError for one that no camera has."""
    rates = _numbers(table, FPS)
    table.refuse_thousands(FPS, is_unclear_rate)
    limits = f"from {LOWEST_RATE:g} to {HIGHEST_RATE:g}"
    table.refuse(~rates.map(is_rate), f"fps is not a frame rate {limits}", "write the frames per second of the camera")
    return rates


def _numbers(table: CellTable, column: str) -> pd.Series:
    """The numbers of a column; raises MerlabError for a cell that is not a positive number."""
    if column == FRAMES:
        table.refuse_thousands(column)
    numbers = pd.to_numeric(table.cells[column], errors="coerce")
    wrong = ~((numbers > 0) & (numbers < math.inf))
    table.refuse(wrong, f"{column} is not a positive number", "write numbers with a point, without units")
    return numbers.astype(float)
