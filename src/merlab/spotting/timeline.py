"""The timeline of a video of one aligned face: its movements and the score of every frame, as objects and files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
from pydantic import Field

from merlab.frames import MediaFacts
from merlab.json_models import FrozenModel, read_model
from merlab.spelling import counted, tenths_of_seconds
from merlab.spotting.columns import Column, Columns, Score, Seconds
from merlab.spotting.curve import score_curve
from merlab.spotting.display import result_html
from merlab.spotting.moments_row import Moments, OfVideo
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.tables_of_all import EVENTS, WEAK
from merlab.spotting.timing import Timing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCORES, METADATA = "scores.csv", "spotting.json"


@dataclass(frozen=True)
class FrameScore:
    """One row of scores.csv: a frame as numbered in the source, its time as in Timing, scores as in SpottedWindow."""

    frame: int
    time_s: Seconds
    score: Score
    lids_px: Score
    threshold: Score


@dataclass(frozen=True)
class TimelineEvent(Moments, OfVideo):
    """One row of events.csv or weak.csv: a SpottedEvent with frames as numbered in the source, times as in Timing.

    ``tier`` is ``event`` in the one file and ``weak`` in the other.
    """

    part: str
    kind: Annotated[str, Column(absent="")]
    tier: Annotated[str, Column(absent="event")]
    why_other: Annotated[str, Column(absent="")]


EVENT_ROWS, SCORE_ROWS = Columns(TimelineEvent), Columns(FrameScore)


class SpottingRequest(FrozenModel):
    """Everything that determines a timeline: the file and its state, the frame rate, the settings, the version.

    ``measured`` is the way in which movements are measured (``motion.MEASURED``); 1 in files that do not state it.
    """

    source: str
    bytes: int
    modified_ns: int
    frames_promised: int
    fps: float
    settings: SpottingSettings
    merlab: str
    measured: int = 1


class SpottingMetadata(Timing):
    """The content of spotting.json.

    ``file`` is what the video file says about itself, None for images; ``damaged`` counts frames that could not be
    decoded or are blank, ``dropped`` movements that were too long or too short. ``name`` is that of the source, which
    may be a link, ``versions`` are of the libraries that measured movements; results of earlier versions state neither.
    """

    name: str = ""
    file: MediaFacts | None
    damaged: int
    asked: SpottingRequest
    dropped: int
    versions: dict[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Timeline:
    """The result of ``merlab.spot``.

    Attributes:
        folder: holds events.csv, weak.csv, scores.csv and spotting.json.
        rows: the movements, by onset.
        weak_rows: the weak candidates, by onset: too uncertain to be counted as movements.
        scores: one row per frame, with the columns of FrameScore.
        metadata: the content of spotting.json.

    """

    folder: Path
    rows: tuple[TimelineEvent, ...]
    weak_rows: tuple[TimelineEvent, ...]
    scores: pd.DataFrame
    metadata: SpottingMetadata

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per movement, with the columns of TimelineEvent."""
        return EVENT_ROWS.table(self.rows)

    @cached_property
    def weak(self) -> pd.DataFrame:
        """One row per weak candidate, with the same columns."""
        return EVENT_ROWS.table(self.weak_rows)

    @property
    def video(self) -> str:
        """The name of the source."""
        return self.metadata.name or Path(self.metadata.asked.source).name

    @property
    def warnings(self) -> list[str]:
        """What limits the result, in sentences."""
        return list(self.metadata.warnings)

    def plot(self) -> Figure:
        """Score and threshold over time, the movements shaded; a matplotlib Figure."""
        from merlab.spotting.figure import Panel, Shade, score_figure

        shades = [Shade(row.onset_s, row.offset_s, row.kind, row.part) for row in self.rows]
        begin, end = self.metadata.start_s, self.metadata.end_s
        return score_figure(self.video, [Panel("", score_curve(self.scores), shades)], begin, end)

    def __repr__(self) -> str:
        return f"{self._heading}\n{counted(len(self.warnings), 'warning')}; folder: {self.folder}"

    def _repr_html_(self) -> str:
        return result_html(self._heading, (), self.events, self.warnings, self.folder / EVENTS)

    @property
    def _heading(self) -> str:
        weak = f", {counted(len(self.weak_rows), 'weak candidate')}" if self.weak_rows else ""
        seconds = tenths_of_seconds(self.metadata.seconds)
        return f"Timeline of {self.video}: {seconds} s, {counted(len(self.rows), 'movement')}{weak}"


def read_timeline(folder: Path) -> Timeline:
    """The finished result in a folder; raises MerlabError where there is none."""
    metadata = read_model(folder / METADATA, SpottingMetadata)
    events, weak = (tuple(EVENT_ROWS.read(folder / name)) for name in (EVENTS, WEAK))
    return Timeline(folder, events, weak, SCORE_ROWS.read_table(folder / SCORES), metadata)
