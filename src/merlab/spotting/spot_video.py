"""From a video of one aligned face to its timeline: what was measured is kept, movements are spotted in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.frames import Frames, MediaFacts, dim_caveats, open_frames
from merlab.frames.clock import Clock
from merlab.frames.opening import SourceState, require_one_kind, require_unchanged, state_of, while_unchanged
from merlab.frames.sizes import require_one_size
from merlab.given import as_path, require_instance, require_yes_or_no
from merlab.json_files import read_json_object
from merlab.json_models import write_model
from merlab.outputs.claims import require_same, warn_of_other_versions
from merlab.outputs.kept_arrays import computing_versions
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import ResultFolder
from merlab.progress import Progress, shown_progress
from merlab.spotting.aligned_frames import (
    AlignedFrames,
    clock_of_frames,
    damaged_runs,
    require_most_frames,
    why_nothing_is_seen,
)
from merlab.spotting.caveats import (
    damage_caveats,
    missing_caveats,
    rate_caveats,
    source_caveats,
    spotting_caveats,
    unspotted_caveats,
)
from merlab.spotting.kept_if_stopped import kept_if_stopped
from merlab.spotting.kept_places import FramesRead, KeptPlaces
from merlab.spotting.motion import MEASURED, keys_of
from merlab.spotting.numbering import numbers_with_gaps
from merlab.spotting.repeats import PassingSteps, Repeats
from merlab.spotting.spot import MADE_BY, SpottingSettings
from merlab.spotting.stretches import block_places, unspotted
from merlab.spotting.timeline import METADATA, SCORE_ROWS, SpottingMetadata, SpottingRequest, Timeline, read_timeline
from merlab.spotting.timeline_writing import Found, Making, write_windows
from merlab.spotting.timing import Timing, file_facts, timing_of
from merlab.spotting.video_sources import folder_of, source_of
from merlab.storage import whole_folder
from merlab.version import __version__

OUT = Path("merlab-spotted")
HOLDS = "results of `merlab spot`"


def spot(
    source: Path | str,
    out: Path | str | None = None,
    *,
    fps: float | None = None,
    settings: SpottingSettings | None = None,
    again: bool = False,
    progress: Progress | bool = True,
) -> Timeline:
    """Spot the brief movements in a video of one aligned face: onset, apex and offset of each.

    A finished result of the same video and settings is loaded instead of computed again, and interrupted work is
    resumed. What took long is kept beside the result (about 1.4 kB per frame), so that other settings take seconds; the
    result is the same as without it. Frames are read one by one; only the scores stay in memory.

    Args:
        source: a video, or a folder of images that are numbered in their names.
        out: the folder for events.csv, weak.csv (candidates below the threshold), scores.csv (one row per frame) and
            spotting.json, all or none of them; unless given, one with the name of the source under
            ``merlab-spotted``.
        fps: frames per second of the camera; required for images and for streams without time stamps. For slow motion
            that does not state it: seconds then are those of the recording, not those of a player.
        settings: what counts as a movement, a ``merlab.spotting.spot.SpottingSettings``.
        again: replace a finished result in ``out``, also one of other settings, when the new one is complete.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The movements and scores as tables, with what limits them.

    Raises:
        MerlabError: for a source that cannot be read, has no frame rate, or does not hold aligned faces, for an ``out``
            that another process writes or that holds anything else, and, without ``again``, for one with a result of
            other settings.

    """
    source = source_of(source)
    out = folder_of(source, OUT) if out is None else as_path(out, "out")
    settings = SpottingSettings() if settings is None else settings
    require_instance(settings, SpottingSettings, "settings", MADE_BY)
    require_yes_or_no(again=again)
    require_one_kind(source)
    frames = open_frames(source)
    require_most_frames(source, frames)
    clock = clock_of_frames(source, frames, fps)
    request = _request(source, clock, settings)
    if not again and (finished := _finished(out, request)):
        return finished
    with only_writer(out):
        # Another process may have finished it in the meantime.
        if not again and (finished := _finished(out, request)):
            return finished
        folder, stated = ResultFolder(out, METADATA, HOLDS), request.model_dump(mode="json")
        work = {name: value for name, value in stated.items() if name != "settings"}
        kept = folder.claim(work | {"versions": computing_versions()}, stated, again)
        with shown_progress(progress) as show:
            making = Making(source, clock, request, KeptPlaces(kept), fps, show, numbers_with_gaps(frames))
            return _make(making, folder)


def _finished(out: Path, request: SpottingRequest) -> Timeline | None:
    """The result where it is finished; raises MerlabError where ``out`` holds one of other settings."""
    if not (out / METADATA).is_file():
        return None
    stored = read_json_object(out / METADATA).get("asked")
    if isinstance(stored, dict):
        require_same(out, stored, request.model_dump(mode="json"), HOLDS)
    timeline = read_timeline(out)
    if timeline.metadata.versions:
        warn_of_other_versions(out, timeline.metadata.versions, computing_versions())
    ResultFolder(out, METADATA, HOLDS).remove_leftovers()
    return timeline


def _make(making: Making, folder: ResultFolder) -> Timeline:
    """Make the result, and move it to its place."""
    kept, state = making.kept.folder, SourceState(making.request.bytes, making.request.modified_ns)
    making = replace(making, progress=while_unchanged(making.progress, making.source, state))
    with (
        kept_if_stopped(folder, kept, lambda: making.kept.is_empty, "the movements"),
        whole_folder(folder.result) as aside,
    ):
        timeline = _assemble(making, aside)
        require_unchanged(making.source, state)
    folder.hand_over(kept)
    return replace(timeline, folder=folder.out)


def _assemble(making: Making, aside: Path) -> Timeline:
    """Write every file of the result into ``aside``; frames are read only if their places are not kept."""
    frames, clock, kept = open_frames(making.source), making.clock, making.kept
    read = kept.whole() or _read(making, frames)
    lost = damaged_runs(read.damaged, read.first, making.numbers)
    steps = PassingSteps([*clock.gaps, *(at for run in lost for at in range(run.start, run.stop + 1))])
    found = write_windows(steps.of(kept.all(read.count)), read, lost, making, aside)
    timing = timing_of(clock, read.count, read.first, making.fps, making.numbers)
    doubts = Repeats.of(steps.steps, clock).caveats(clock, read.first, making.numbers)
    metadata = _metadata(making, timing, file_facts(frames), read, found, doubts)
    write_model(aside / METADATA, metadata)
    scores = pd.concat(found.scores or [SCORE_ROWS.table([])], ignore_index=True)
    return Timeline(aside, tuple(found.rows), tuple(found.weak_rows), scores, metadata)


def _read(making: Making, frames: Frames) -> FramesRead:
    """Read all frames, and keep the places of their blocks; raises MerlabError where there is no frame."""
    kept = making.kept
    require_one_size(frames)
    aligned = AlignedFrames(making.source, frames, making.progress)
    places = block_places(aligned.images(), making.clock, kept.read(), keys_of(frames))
    deque(kept.keep(places), maxlen=0)
    if not aligned.count:
        raise MerlabError(why_nothing_is_seen(making.source, frames))
    read = FramesRead(aligned.count, aligned.first, aligned.damaged, aligned.light)
    kept.conclude(read)
    return read


def _request(source: Path, clock: Clock, settings: SpottingSettings) -> SpottingRequest:
    state = state_of(source)
    return SpottingRequest(
        source=str(source.resolve()),
        bytes=state.bytes,
        modified_ns=state.modified_ns,
        frames_promised=len(clock),
        fps=clock.fps,
        settings=settings,
        merlab=__version__,
        measured=MEASURED,
    )


def _metadata(
    making: Making, timing: Timing, file: MediaFacts | None, read: FramesRead, found: Found, doubts: Iterable[str]
) -> SpottingMetadata:
    settings = making.request.settings
    remedy = (
        "the frame before was taken; three or more in a row are a gap, which no event spans; frames at the end were "
        "left out"
    )
    warnings = [
        *source_caveats(timing, file),
        *rate_caveats(making.source, making.fps),
        *dim_caveats(making.source),
        *damage_caveats(read.damaged, len(making.clock), remedy),
        *missing_caveats(making.numbers),
        *spotting_caveats(making.clock, found.dropped, settings, found.lost),
        *unspotted_caveats(unspotted(making.clock, settings, found.lost), making.clock, settings),
        *read.light.caveats(),
        *doubts,
    ]
    return SpottingMetadata(
        **dict(timing),
        name=making.source.name,
        file=file,
        damaged=len(read.damaged),
        asked=making.request,
        dropped=found.dropped,
        versions=computing_versions(),
        warnings=tuple(warnings),
    )
