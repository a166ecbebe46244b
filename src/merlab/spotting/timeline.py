"""The timeline of a video of one aligned face: its movements and the score of every frame, as objects and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel, ConfigDict

from merlab.errors import MerlabError
from merlab.frames import MediaFacts, open_frames
from merlab.frames.clock import Clock, clock_of
from merlab.json_models import read_model, write_model
from merlab.progress import Progress, shown_progress
from merlab.sinks import CsvSink
from merlab.spotting.aligned_frames import AlignedFrames
from merlab.spotting.caveats import spotting_caveats
from merlab.spotting.columns import Columns, Score, Seconds
from merlab.spotting.curve import score_curve
from merlab.spotting.display import counted, result_html
from merlab.spotting.spot import SpottedEvent, SpottingSettings, Window
from merlab.spotting.stretches import block_places, spot_stretches
from merlab.spotting.timing import Timing, damage_caveats, file_facts, source_caveats, timing_of
from merlab.storage import read_json_object, whole_folder
from merlab.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OUT = Path("merlab-spotted")
EVENTS, SCORES, METADATA = "events.csv", "scores.csv", "spotting.json"


@dataclass(frozen=True)
class FrameScore:
    """One row of scores.csv: a frame as numbered in the source, its time as in Timing, its scores as in Window."""

    frame: int
    time_s: Seconds
    score: Score
    lids_px: Score
    threshold: Score


@dataclass(frozen=True)
class TimelineEvent:
    """One row of events.csv: a SpottedEvent with frames as numbered in the source, and their times as in Timing."""

    video: str
    onset: int
    apex: int
    offset: int
    onset_s: Seconds
    apex_s: Seconds
    offset_s: Seconds
    duration_s: Seconds
    score: Score
    part: str


EVENT_ROWS, SCORE_ROWS = Columns(TimelineEvent), Columns(FrameScore)


class SpottingRequest(BaseModel):
    """Everything that determines a timeline: the file and its state, the frame rate, the settings, the version."""

    model_config = ConfigDict(frozen=True)

    source: str
    bytes: int
    modified_ns: int
    frames_promised: int
    fps: float
    settings: SpottingSettings
    merlab: str


class SpottingMetadata(Timing):
    """The content of spotting.json.

    ``file`` is what the video file says about itself, None for images; ``damaged`` counts frames that could not be
    decoded, ``dropped`` movements that were too long or too short.
    """

    file: MediaFacts | None
    damaged: int
    asked: SpottingRequest
    dropped: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Timeline:
    """The result of ``merlab.spot``.

    Attributes:
        folder: holds events.csv, scores.csv and spotting.json.
        rows: the movements, by onset.
        scores: one row per frame, with the columns of FrameScore.
        metadata: the content of spotting.json.

    """

    folder: Path
    rows: tuple[TimelineEvent, ...]
    scores: pd.DataFrame
    metadata: SpottingMetadata

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per movement, with the columns of TimelineEvent."""
        return EVENT_ROWS.table(self.rows)

    @property
    def video(self) -> str:
        """The name of the source."""
        return Path(self.metadata.asked.source).name

    @property
    def warnings(self) -> list[str]:
        """What limits the result, in sentences."""
        return list(self.metadata.warnings)

    def plot(self) -> Figure:
        """Score and threshold over time, the movements shaded; a matplotlib Figure."""
        from merlab.spotting.figure import Panel, Shade, score_figure

        shades = [Shade(row.onset_s, row.offset_s, row.part) for row in self.rows]
        begin, end = self.metadata.start_s, self.metadata.end_s
        return score_figure(self.video, [Panel("", score_curve(self.scores), shades)], begin, end)

    def __repr__(self) -> str:
        return f"{self._heading}\n{counted(len(self.warnings), 'warning')}; folder: {self.folder}"

    def _repr_html_(self) -> str:
        return result_html(self._heading, (), self.events, self.warnings, self.folder / EVENTS)

    @property
    def _heading(self) -> str:
        return f"Timeline of {self.video}: {self.metadata.seconds:.1f} s, {counted(len(self.rows), 'movement')}"


def spot(
    source: Path | str,
    out: Path | str | None = None,
    *,
    fps: float | None = None,
    settings: SpottingSettings | None = None,
    progress: Progress | bool = True,
) -> Timeline:
    """Spot the brief movements in a video of one aligned face: onset, apex and offset of each.

    A finished result of the same video and settings is loaded instead of computed again. Frames are read one by one;
    only the scores stay in memory.

    Args:
        source: a video, or a folder of images that are numbered in their names.
        out: the folder for events.csv, scores.csv (one row per frame) and spotting.json, all or none of them; unless
            given, one with the name of the source under ``merlab-spotted``.
        fps: frames per second of the camera; required for images and for streams without time stamps. For slow motion
            that does not state it: seconds then are those of the recording, not those of a player.
        settings: what counts as a movement.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The movements and scores as tables, with what limits them.

    Raises:
        MerlabError: for a source that cannot be read, has no frame rate, or does not hold aligned faces.

    """
    source = Path(source)
    out = Path(out) if out else OUT / source.resolve().name
    frames = open_frames(source)
    clock = clock_of(source, frames, fps)
    request = _request(source, clock, settings or SpottingSettings())
    if out.exists():
        if not (out / METADATA).is_file():
            raise MerlabError(f"{out} exists and contains no result of `merlab spot`; choose another folder")
        if read_json_object(out / METADATA).get("asked") == request.model_dump(mode="json"):
            return read_timeline(out)
    with shown_progress(progress) as show, whole_folder(out) as aside:
        aligned = AlignedFrames(source, frames, show)
        found = _found(aligned, clock, request.settings, aside)
        timing = timing_of(clock, aligned.count, aligned.first, fps)
        metadata = _metadata(timing, clock, file_facts(frames), aligned, found, request)
        write_model(aside / METADATA, metadata)
    return Timeline(out, tuple(found.rows), pd.concat(found.scores, ignore_index=True), metadata)


def read_timeline(folder: Path) -> Timeline:
    """The finished result in a folder; raises MerlabError where there is none."""
    metadata = read_model(folder / METADATA, SpottingMetadata)
    return Timeline(folder, tuple(EVENT_ROWS.read(folder / EVENTS)), SCORE_ROWS.read_table(folder / SCORES), metadata)


def folder_of_each(videos: Iterable[Path | str], out: Path) -> dict[Path, Path]:
    """The folder of each video's result, of its name under ``out``; raises MerlabError where two would share one."""
    listed = [Path(video) for video in videos]
    folders = {video: out / video.resolve().name for video in listed}
    if len(set(folders.values())) < len(listed):
        raise MerlabError("two of the videos have the same name; write their results to different folders with --out")
    return folders


def _request(source: Path, clock: Clock, settings: SpottingSettings) -> SpottingRequest:
    state = source.stat()
    return SpottingRequest(
        source=str(source.resolve()),
        bytes=state.st_size,
        modified_ns=state.st_mtime_ns,
        frames_promised=len(clock),
        fps=clock.fps,
        settings=settings,
        merlab=__version__,
    )


@dataclass
class _Found:
    """What is collected window by window."""

    rows: list[TimelineEvent] = field(default_factory=list)
    scores: list[pd.DataFrame] = field(default_factory=list)
    dropped: int = 0


def _found(aligned: AlignedFrames, clock: Clock, settings: SpottingSettings, folder: Path) -> _Found:
    """Spot, and write every window as soon as it is finished; raises MerlabError where there is no frame."""
    found = _Found()
    places = block_places(aligned.images(), clock)
    with CsvSink(folder / EVENTS, EVENT_ROWS.names) as events, CsvSink(folder / SCORES, SCORE_ROWS.names) as scores:
        for window in spot_stretches(places, clock, settings):
            rows = [SCORE_ROWS.as_written(row) for row in _scores(window, aligned.first, clock)]
            for row in rows:
                scores.write(SCORE_ROWS.row(row))
            for event in window.events:
                found.rows.append(EVENT_ROWS.as_written(_row(event, aligned, clock)))
                events.write(EVENT_ROWS.row(found.rows[-1]))
            found.scores.append(SCORE_ROWS.table(rows))
            found.dropped += window.dropped
    if not aligned.count:
        raise MerlabError(f"{aligned.source} contains no frame that can be read")
    return found


def _metadata(
    timing: Timing,
    clock: Clock,
    file: MediaFacts | None,
    aligned: AlignedFrames,
    found: _Found,
    request: SpottingRequest,
) -> SpottingMetadata:
    remedy = "the frame before was taken; frames at the end were left out"
    warnings = [
        *source_caveats(timing, file),
        *damage_caveats(aligned.damaged, len(clock), remedy),
        *spotting_caveats(clock, found.dropped, request.settings),
    ]
    return SpottingMetadata(
        **dict(timing),
        file=file,
        damaged=len(aligned.damaged),
        asked=request,
        dropped=found.dropped,
        warnings=tuple(warnings),
    )


def _scores(window: Window, first: int, clock: Clock) -> Iterator[FrameScore]:
    for position, (total, lids) in enumerate(zip(window.total, window.lids, strict=True), start=window.first):
        seconds = clock.seconds(position)
        yield FrameScore(first + position - 1, seconds, float(total), float(lids), window.threshold)


def _row(event: SpottedEvent, aligned: AlignedFrames, clock: Clock) -> TimelineEvent:
    shift = aligned.first - 1
    onset_s, apex_s, offset_s = (clock.seconds(moment) for moment in (event.onset, event.apex, event.offset))
    return TimelineEvent(
        video=aligned.source.name,
        onset=event.onset + shift,
        apex=event.apex + shift,
        offset=event.offset + shift,
        onset_s=onset_s,
        apex_s=apex_s,
        offset_s=offset_s,
        duration_s=offset_s - onset_s,
        score=event.score,
        part=event.part,
    )
