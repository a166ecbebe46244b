"""The windows of a video become rows of its timeline, each written as soon as it is finished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from merlab.frames import Float32Array
from merlab.frames.clock import Clock
from merlab.progress import Progress
from merlab.sinks import CsvSink
from merlab.spotting.event import EventTier, SpottedEvent
from merlab.spotting.kept_places import FramesRead, KeptPlaces
from merlab.spotting.moments_row import moments_of
from merlab.spotting.numbering import number_at
from merlab.spotting.spotted_window import SpottedWindow
from merlab.spotting.stretches import spot_stretches
from merlab.spotting.tables_of_all import EVENTS, WEAK
from merlab.spotting.timeline import EVENT_ROWS, SCORE_ROWS, SCORES, FrameScore, SpottingRequest, TimelineEvent


@dataclass(frozen=True, eq=False)
class Making:
    """Everything that is needed to make a timeline.

    ``fps`` is the rate that the user gave. ``numbers`` are those of all frames, None where none is missing.
    """

    source: Path
    clock: Clock
    request: SpottingRequest
    kept: KeptPlaces
    fps: float | None
    progress: Progress
    numbers: Sequence[int] | None

    def number(self, position: int, first: int) -> int:
        """The number of the frame at a position from 1, where that of the first is ``first``."""
        return number_at(position, first, self.numbers)


@dataclass
class Found:
    """What is collected window by window; ``lost`` are positions of damaged frames that are a gap."""

    lost: Sequence[range] = ()
    rows: list[TimelineEvent] = field(default_factory=list)
    weak_rows: list[TimelineEvent] = field(default_factory=list)
    scores: list[pd.DataFrame] = field(default_factory=list)
    dropped: int = 0


def write_windows(
    places: Iterable[Float32Array], read: FramesRead, lost: Sequence[range], making: Making, folder: Path
) -> Found:
    """Spot, and write every window as soon as it is finished; ``lost`` are positions of damaged frames, a gap each."""
    found, clock, settings = Found(lost), making.clock, making.request.settings
    with (
        CsvSink(folder / EVENTS, EVENT_ROWS.names) as events,
        CsvSink(folder / WEAK, EVENT_ROWS.names) as weak,
        CsvSink(folder / SCORES, SCORE_ROWS.names) as scores,
    ):
        for window in spot_stretches(places, clock, settings, lost):
            rows = [SCORE_ROWS.as_written(row) for row in _scores(window, read.first, making)]
            for row in rows:
                scores.write(SCORE_ROWS.row(row))
            found.rows += _written(events, window.events, "event", read.first, making)
            found.weak_rows += _written(weak, window.weak, "weak", read.first, making)
            found.scores.append(SCORE_ROWS.table(rows))
            found.dropped += window.dropped
    return found


def _scores(window: SpottedWindow, first: int, making: Making) -> Iterator[FrameScore]:
    for position, (total, lids) in enumerate(zip(window.total, window.lids, strict=True), start=window.first):
        seconds, number = making.clock.seconds(position), making.number(position, first)
        yield FrameScore(number, seconds, float(total), float(lids), window.threshold)


def _written(
    sink: CsvSink, found: Iterable[SpottedEvent], tier: EventTier, first: int, making: Making
) -> Iterator[TimelineEvent]:
    """The rows of movements, each written into ``sink``."""
    for event in found:
        row = EVENT_ROWS.as_written(_row(event, tier, first, making))
        sink.write(EVENT_ROWS.row(row))
        yield row


def _row(event: SpottedEvent, tier: EventTier, first: int, making: Making) -> TimelineEvent:
    frames = event.onset, event.apex, event.offset
    moments = moments_of(frames, event.score, lambda frame: making.number(frame, first), making.clock.seconds)
    return TimelineEvent(
        video=making.source.name,
        **asdict(moments),
        part=event.part,
        kind=event.kind,
        tier=tier,
        why_other=event.why_other,
    )
