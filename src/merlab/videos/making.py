"""A result is made: the chunks of a video are processed, then every file is written from them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from merlab.errors import Stopped
from merlab.frames import ClipError, open_frames
from merlab.frames.opening import SourceState, require_unchanged, while_unchanged
from merlab.frames.sizes import require_one_size
from merlab.json_models import write_model
from merlab.outputs.result_folder import ResultFolder
from merlab.processes.pool import process_count
from merlab.processes.streams import stream_from_processes
from merlab.progress import Progress
from merlab.storage import whole_folder
from merlab.videos.chunks.assembly import (
    NothingSeenError,
    Totals,
    rows_by_frame,
    write_events,
    write_frame_table,
    write_weak,
)
from merlab.videos.chunks.chunk_worker import fill_chunks
from merlab.videos.chunks.plan import CHUNKS, Share, VideoPlan
from merlab.videos.chunks.result_metadata import result_metadata
from merlab.videos.frame_table import read_frame_table
from merlab.videos.mesh_frames import MeshFrames
from merlab.videos.metadata import Made, RecognitionRequest, UsedModel
from merlab.videos.output.elan import write_elan
from merlab.videos.output.overlay import VideoFrames, rows_at_scale, shown_size, write_overlay
from merlab.videos.output.report import write_report
from merlab.videos.output.tables import write_tidy_tables
from merlab.videos.result import FRAMES, METADATA, OVERLAY, VideoResult
from merlab.videos.rows import Event, event_rows

# What progress reports while chunks are processed.
READING = "reading frames"


@dataclass(frozen=True, eq=False)
class Making:
    """Everything that is needed to make a result."""

    plan: VideoPlan
    folder: ResultFolder
    model: UsedModel
    request: RecognitionRequest
    progress: Progress


def make_result(making: Making, jobs: int | None) -> VideoResult:
    """Finish the remaining work, and move the result to its place."""
    started, plan, folder = time.monotonic(), making.plan, making.folder
    state = SourceState(making.request.bytes, making.request.modified_ns)
    making = replace(making, progress=while_unchanged(making.progress, plan.source, state))
    try:
        _fill(plan, jobs, making.progress)
        with whole_folder(folder.result) as aside:
            result = _assemble(making, aside, started)
            require_unchanged(plan.source, state)
    except (NothingSeenError, ClipError):
        folder.discard(plan.kept)
        raise
    except KeyboardInterrupt as stop:
        if any((plan.kept / CHUNKS).glob("[0-9]*")):
            raise Stopped(f"the faces found until now are kept in {plan.kept}") from stop
        folder.discard(plan.kept)
        raise Stopped("nothing was finished that could be kept") from stop
    folder.hand_over(plan.kept, optional=[OVERLAY])
    return replace(result, folder=folder.out)


def _fill(plan: VideoPlan, jobs: int | None, progress: Progress) -> None:
    """Process every chunk that is not finished."""
    if plan.is_finished():
        return
    require_one_size(open_frames(plan.source))
    expected, promised = plan.division.expected, plan.division.promised
    done = frozenset(int(folder.name) for folder in plan.finished())
    needed = plan.needed()
    waiting = set(range(expected) if needed is None else needed) - done
    if needed is not None and waiting <= plan.kept_chunks():
        # Describing is so fast that more processes would only cost their start.
        jobs = 1
    cores = process_count(jobs)
    processes = max(1, min(cores, len(waiting)))
    shares = [Share(plan, done, position, processes, threads=cores > processes) for position in range(processes)]
    frames_done = sum(len(plan.division.span(index).owned) for index in done)
    with closing(stream_from_processes(fill_chunks, shares)) as read:
        for frames in read:
            frames_done += frames
            progress(frames_done, max(frames_done, promised), READING)


def _assemble(making: Making, folder: Path, started: float) -> VideoResult:
    """Write every file of the result into ``folder``, from the finished chunks."""
    plan, model, progress = making.plan, making.model, making.progress
    progress(0, 0, "writing the result")
    totals = write_frame_table(folder, plan)
    events = write_events(folder, totals, plan, event_rows(model.classes))
    weak = write_weak(folder, totals, plan)
    if plan.options.overlay != "none":
        _write_overlay(making, folder, totals, events)
    progress(0, 0, "writing the report")
    made = Made(
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"), seconds=round(time.monotonic() - started, 1)
    )
    metadata = result_metadata(plan, model, making.request, totals, events, made)
    result = VideoResult(folder, events, weak, read_frame_table(folder / FRAMES), metadata)
    write_tidy_tables(result)
    write_report(result)
    write_elan(result, plan.source, home=making.folder.out)
    write_model(folder / METADATA, metadata)
    return result


def _write_overlay(making: Making, folder: Path, totals: Totals, events: Sequence[Event]) -> None:
    plan, stamps = making.plan, (*making.model.stamps, *making.plan.options.stamps)
    shown = shown_size(totals.size, plan.options.overlay_lines)
    scale = shown[0] / totals.size[0]
    on_mesh = plan.options.overlay == "mesh"
    frames = MeshFrames(plan, shown, scale) if on_mesh else VideoFrames(open_frames(plan.source), shown)
    rows = rows_at_scale(rows_by_frame(plan), scale)
    write_overlay(folder / OVERLAY, frames, plan.clock, rows, events, stamps, making.progress)
