"""From any video to a result: find the faces, spot their movements, describe them, write the files.

The video is divided into chunks (see ``chunks.division``) that do not depend on each other. So the result is the same
for any number of processes and after any interruption, memory for frames does not grow with the length, and finished
chunks are kept.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, cast

from merlab.claims import require_same
from merlab.errors import MerlabError, Stopped
from merlab.faces.alignment import FaceFinding
from merlab.faces.people import MOST_FACES
from merlab.frames import ClipError, open_frames
from merlab.frames.clock import Clock, clock_of
from merlab.frames.opening import SourceState, require_unchanged, state_of
from merlab.given import as_path
from merlab.json_models import write_model
from merlab.locks import only_writer
from merlab.processes import stream_from_processes
from merlab.progress import Progress, shown_progress
from merlab.result_folder import KEPT, WORKING, ResultFolder
from merlab.spotting.many_videos import folder_of, folder_of_each, for_each, source_of
from merlab.spotting.motion import MEASURED
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.stretches import margin
from merlab.storage import whole_folder
from merlab.version import __version__
from merlab.videos.chunks.assembly import NothingSeenError, rows_by_frame, write_events, write_frames, write_weak
from merlab.videos.chunks.chunk_worker import CHUNKS, Share, VideoPlan, fill_chunks
from merlab.videos.chunks.division import CHUNK_SECONDS, Division
from merlab.videos.chunks.kept_chunk import KEPT_VERSION
from merlab.videos.chunks.result_metadata import result_metadata
from merlab.videos.early import import_early
from merlab.videos.frame_table import read_frames
from merlab.videos.mesh_frames import MeshFrames
from merlab.videos.metadata import FindingRequest, Made, RecognitionRequest, UsedModel
from merlab.videos.options import UNSURE_BELOW, Options, options_of
from merlab.videos.output.elan import write_elan
from merlab.videos.output.overlay import VideoFrames, write_overlay
from merlab.videos.output.report import write_report
from merlab.videos.output.tables import write_tidy_tables
from merlab.videos.result import FRAMES, METADATA, OVERLAY, VideoResult, read_video_result
from merlab.videos.rows import event_rows
from merlab.videos.source import listed, opened
from merlab.videos.summary import write_summary
from merlab.videos.used_model import used_model
from merlab.videos.words import WordSettings
from merlab.vocabulary import OverlayKind, RuntimeChoice, RuntimeName

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from merlab.videos.options import RecognizeOptions

OUT = Path("merlab-recognized")
# Where settings need a wider margin than the default ones, it is a multiple of this, s.
MARGIN_STEP = 0.5
HOLDS = "results of `merlab recognize`"
# What progress reports while chunks are processed.
READING = "reading frames"


def recognize(
    source: Path | str,
    out: Path | str | None = None,
    *,
    fps: float | None = None,
    aligned: bool = False,
    most_faces: int = MOST_FACES,
    finding: FaceFinding | None = None,
    weights: Path | str | None = None,
    runtime: RuntimeChoice = "auto",
    unsure_below: float = UNSURE_BELOW,
    words: WordSettings | None = None,
    spotting: SpottingSettings | None = None,
    overlay: OverlayKind | bool = "frames",
    save_inputs: bool = False,
    again: bool = False,
    jobs: int | None = 1,
    progress: Progress | bool = True,
) -> VideoResult:
    """Find and follow the faces in a video, spot their brief movements, and recognize and describe each movement.

    The call resumes interrupted work, and reloads a finished result of the same video and settings. What took long is
    kept beside the result (about 2 kB per frame and face), so that the same video with other settings of spotting,
    other weights or another ``unsure_below`` takes seconds; the result is the same as without it.

    Args:
        source: a video, or a folder of images that are numbered in their names.
        out: the folder for the result; unless given, one with the name of the source under ``merlab-recognized``.
        fps: frames per second of the camera; required for images and for streams without time stamps. For slow motion
            that does not state it: seconds then are those of the recording, not those of a player.
        aligned: the frames are aligned faces already, so that no face has to be found.
        most_faces: how many faces are followed at once.
        finding: the detector and the landmarks that find faces; unless given, YuNet and the face mesh.
        weights: a file of ``merlab pretrain``; unless given, the recognizer that ships with merlab.
        runtime: what computes the recognizer, ``auto`` or a name in ``inference.runtimes.RUNTIMES``.
        unsure_below: below this probability the class of an event stays empty.
        words: the other limits within which a class is named; what fails is left empty, with its reasons in
            ``withheld``.
        spotting: what counts as a movement.
        overlay: also write the results drawn into the video (``frames``), or on black, with the landmarks of the faces
            and without the people (``mesh``); ``none`` does not. True and False are ``frames`` and ``none``.
        save_inputs: keep the input of the recognizer for each event, ``inputs.npz`` in the folder of its pictures.
        again: replace a finished result in ``out``, also one of other settings, when the new one is complete.
        jobs: processes; None: one per core, for which a script needs ``if __name__ == "__main__":``. The result does
            not depend on it.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The tables, the metadata and the paths of the files.

    Raises:
        MerlabError: for a source that cannot be read, has no frame rate or shows no face (nothing is left in ``out``
            then), for an ``out`` that another process writes or that holds anything else, and, without ``again``, for
            one with a result of other settings.

    """
    source = source_of(source)
    out = folder_of(source, OUT) if out is None else as_path(out, "out")
    options = options_of(
        fps=fps,
        aligned=aligned,
        most_faces=most_faces,
        finding=finding,
        weights=weights,
        runtime=runtime,
        unsure_below=unsure_below,
        words=words,
        spotting=spotting,
        overlay=overlay,
        save_inputs=save_inputs,
        again=again,
        jobs=jobs,
    )
    model = used_model(options.weights, options.runtime)
    options = replace(options, runtime=cast("RuntimeName", model.runtime))
    plan = _plan(source, out, options)
    if jobs != 1:
        import_early("pandas", "jinja2")
    request = _request(plan, model)
    finished = None if again else _finished(out, request)
    if finished is not None:
        return finished
    with only_writer(out), shown_progress(progress) as show:
        # Another process may have finished it in the meantime.
        finished = None if again else _finished(out, request)
        if finished is not None:
            return finished
        folder = ResultFolder(out, METADATA, HOLDS)
        work = _finding(plan, request).model_dump(mode="json")
        plan = replace(plan, kept=folder.claim(work, request.model_dump(mode="json"), again))
        return _make(_Making(plan, folder, model, request, show), jobs)


def recognize_each(
    videos: Path | str | Iterable[Path | str], out: Path | str | None = None, **options: Unpack[RecognizeOptions]
) -> dict[Path, VideoResult | MerlabError]:
    """``recognize`` each video of a folder, or of a list; a video that cannot be used does not stop the others.

    In ``out``, ``events.csv`` also has the events of all videos, and ``summary.csv`` one row per video: minutes, faces,
    how many events of each kind, part, action unit and class, warnings, and why a video failed.

    Args:
        videos: a folder of videos, or the videos.
        out: gets one folder per video, with its name; unless given, ``merlab-recognized``.
        options: the keyword arguments of ``recognize``.

    Returns:
        A mapping from each video to its result, or to its error.

    Raises:
        MerlabError: for a folder without videos, for two videos of the same name, for a wrong option, where the face
            mesh is missing, and as ``for_each`` does.

    """
    paths, skipped = listed(videos)
    # A wrong option or a missing model file is reported once, before any work, and not for every video.
    options_of(**options).face_models()
    progress = options.get("progress", True)

    def make(video: Path, of_video: Path, show: Progress) -> VideoResult:
        options["progress"] = show
        return recognize(video, of_video, **options)

    out = OUT if out is None else as_path(out, "out")
    for folder in folder_of_each(paths, out).values():
        # Before any work, because the tables of all videos would be replaced even where a single result is refused.
        ResultFolder(folder, METADATA, HOLDS).require_ours()
    results = for_each(paths, out, make, progress)
    write_summary(out, results, skipped)
    return results


@dataclass(frozen=True, eq=False)
class _Making:
    """Everything that is needed to make a result."""

    plan: VideoPlan
    folder: ResultFolder
    model: UsedModel
    request: RecognitionRequest
    progress: Progress


def _plan(source: Path, out: Path, options: Options) -> VideoPlan:
    frames, first = opened(source)
    clock = clock_of(source, frames, options.fps)
    division = Division(1, len(clock), round(CHUNK_SECONDS * clock.fps), _margin(clock, options.spotting))
    return VideoPlan(source, out / WORKING, out / KEPT, first, clock, division, options)


def _margin(clock: Clock, spotting: SpottingSettings) -> int:
    """How many frames before and after a chunk are read: the same number for similar settings of spotting.

    What is kept of the chunks can then be used for all of them. Scores depend a little on this number: the noise is
    that of all frames read, and the key frames of the motion are counted from the first of them. So the default
    settings, and those that need less, have the margin of the default settings.
    """
    default, reach = SpottingSettings(), spotting.score.reach
    if spotting.margin(clock.fps) <= default.margin(clock.fps):
        return margin(clock, default)
    seconds = math.ceil((reach + spotting.longest) / MARGIN_STEP) * MARGIN_STEP
    return margin(clock, replace(spotting, longest=seconds - reach))


def _request(plan: VideoPlan, model: UsedModel) -> RecognitionRequest:
    """Everything that determines a result; raises MerlabError where the networks that find faces are missing."""
    state = state_of(plan.source)
    return RecognitionRequest(
        source=str(plan.source.resolve()),
        bytes=state.bytes,
        modified_ns=state.modified_ns,
        frames_promised=plan.division.promised,
        fps=plan.clock.fps,
        face_models=plan.options.face_models(),
        weights=model.digest,
        runtime=plan.options.runtime,
        measured=MEASURED,
        **plan.options.used().model_dump(),
        merlab=__version__,
    )


def _finding(plan: VideoPlan, request: RecognitionRequest) -> FindingRequest:
    fields = request.model_dump(include=set(FindingRequest.model_fields))
    division = plan.division
    return FindingRequest(**fields, chunk=division.length, margin=division.margin, kept=KEPT_VERSION)


def _finished(out: Path, request: RecognitionRequest) -> VideoResult | None:
    """The result where it is finished; raises MerlabError where ``out`` holds one of other settings."""
    if not (out / METADATA).is_file():
        return None
    result = read_video_result(out)
    require_same(out, result.metadata.asked.model_dump(mode="json"), request.model_dump(mode="json"), HOLDS)
    ResultFolder(out, METADATA, HOLDS).remove_leftovers()
    return result


def _make(making: _Making, jobs: int | None) -> VideoResult:
    """Finish the remaining work, and move the result to its place."""
    started, plan, folder = time.monotonic(), making.plan, making.folder
    try:
        _fill(plan, jobs, making.progress)
        with whole_folder(folder.result) as aside:
            result = _assemble(making, aside, started)
            require_unchanged(plan.source, SourceState(making.request.bytes, making.request.modified_ns))
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
    expected, promised = plan.division.expected, plan.division.promised
    done = frozenset(int(folder.name) for folder in plan.finished())
    needed = plan.needed()
    waiting = set(range(expected) if needed is None else needed) - done
    if needed is not None and all(map(plan.has_kept, waiting)):
        # Describing is so fast that more processes would only cost their start.
        jobs = 1
    cores = jobs or os.cpu_count() or 1
    processes = max(1, min(cores, len(waiting)))
    shares = [Share(plan, done, position, processes, threads=cores > processes) for position in range(processes)]
    frames_done = sum(len(plan.division.span(index).owned) for index in done)
    for frames in stream_from_processes(fill_chunks, shares):
        frames_done += frames
        progress(frames_done, max(frames_done, promised), READING)


def _assemble(making: _Making, folder: Path, started: float) -> VideoResult:
    """Write every file of the result into ``folder``, from the finished chunks."""
    plan, model, progress = making.plan, making.model, making.progress
    progress(0, 0, "writing the result")
    totals = write_frames(folder, plan)
    events = write_events(folder, totals, plan, event_rows(model.classes))
    weak = write_weak(folder, totals, plan)
    if plan.options.overlay != "none":
        on_mesh, stamps = plan.options.overlay == "mesh", (*model.stamps, *plan.options.stamps)
        frames = MeshFrames(plan, totals.size) if on_mesh else VideoFrames(open_frames(plan.source), totals.size)
        write_overlay(folder / OVERLAY, frames, plan.clock, rows_by_frame(plan), events, stamps, progress)
    made = Made(
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"), seconds=round(time.monotonic() - started, 1)
    )
    metadata = result_metadata(plan, model, making.request, totals, events, made)
    result = VideoResult(folder, events, weak, read_frames(folder / FRAMES), metadata)
    write_tidy_tables(result)
    write_report(result)
    write_elan(result, plan.source, home=making.folder.out)
    write_model(folder / METADATA, metadata)
    return result
