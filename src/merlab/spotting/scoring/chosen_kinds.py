"""Which kinds of movements are scored: all, or micro or macro alone; by the tables or by their durations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.spotting.scoring.kinds import KIND, LONGEST_MICRO, OTHER, by_duration
from merlab.spotting.scoring.read_intervals import rates_of_events, with_numbers
from merlab.spotting.scoring.video_lengths import VideoLengths
from merlab.table_files.cells import CellTable


@dataclass(frozen=True)
class Choice:
    """The kind to score (None for all), whether tables without kinds get them by duration, and known frame rates."""

    kind: Literal["micro", "macro"] | None
    by_duration: bool
    fps: float | None
    lengths: VideoLengths | None


def choose_kinds(
    true: CellTable, found: CellTable, choice: Choice
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], list[str]]:
    """The events of both tables to score, and notes on those that are left out or are taken as of the kind.

    Raises MerlabError for durations without a frame rate, and for one kind of true events that have no kinds.
    """
    notes: list[str] = []
    tables = []
    for table in (true, found):
        events = with_numbers(table)
        if KIND not in events and choice.by_duration:
            events = by_duration(events, _rates(events, choice, table.name))
            notes.append(f"{table.name}: kinds by duration, micro up to {LONGEST_MICRO:g} s")
        tables.append(_of_kind(events, table, choice, notes, is_truth=table is true))
    if sum(KIND in events for events in tables) == 1:
        without = found if KIND in tables[0] else true
        notes.append(f"{without.name}: without kinds, so micro- and macro-expressions are not scored apart")
    return (tables[0], tables[1]), notes


def _of_kind(
    events: pd.DataFrame, table: CellTable, choice: Choice, notes: list[str], *, is_truth: bool
) -> pd.DataFrame:
    if KIND not in events:
        if choice.kind and is_truth:
            remedy = "add a column kind with micro or macro, or give kinds by duration (--by-duration)"
            raise MerlabError(f"{table.name} has no kinds of movements, so {choice.kind} cannot be chosen; {remedy}")
        if choice.kind:
            notes.append(f"{table.name}: without kinds, so every event is taken as {choice.kind}")
            return events.assign(**{KIND: choice.kind})
        return events
    kept = events[KIND] == choice.kind if choice.kind else events[KIND] != OTHER
    if not kept.all():
        which = f"not {choice.kind}" if choice.kind else f"of the kind {OTHER}"
        notes.append(f"{table.name}: without {counted(int((~kept).sum()), 'event')} {which}")
    return events[kept].reset_index(drop=True)


def _rates(events: pd.DataFrame, choice: Choice, name: str) -> pd.Series:
    """Frames per second of each event."""
    rates = rates_of_events(events, choice.lengths.fps if choice.lengths else {}, choice.fps)
    if rates.isna().any():
        raise MerlabError(f"{name}: kinds by duration need frames per second; give --fps, or a column fps in --videos")
    return rates
