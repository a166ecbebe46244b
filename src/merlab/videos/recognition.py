"""A stranger's video becomes a timeline of described movements: find the faces, spot, recognize, write it down.

The video is divided into parts (see ``spans``) that know nothing of each other, so that the result is the same for any
number of processes and after any interruption, memory does not grow with the length, and what is finished is kept.
"""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from merlab import __version__
from merlab.errors import MerlabError
from merlab.faces.people import MOST_FACES
from merlab.frames import VIDEO_SUFFIXES, ClipError, ImageFolder, open_frames
from merlab.inference.runtimes import AUTO, resolve_runtime
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.processes import stream_from_processes
from merlab.progress import Progress, silent
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.timeline import require_every_frame
from merlab.storage import claim_folder, read_json, require_same, whole_folder, write_json
from merlab.videos.chunks import metadata
from merlab.videos.chunks.assembly import Clock, NothingSeenError, write_events, write_frames
from merlab.videos.chunks.chunk_worker import Share, Work, fill_chunks
from merlab.videos.chunks.division import CHUNK_SECONDS, Division
from merlab.videos.options import UNSURE_BELOW, Options
from merlab.videos.output.elan import write_elan
from merlab.videos.output.overlay import write_overlay
from merlab.videos.output.report import write_report
from merlab.videos.result import EVENTS, FRAMES, METADATA, OVERLAY, VideoResult, read_video_result

OUT = Path("merlab-recognized")
# In the result's folder until it is finished: what was asked for, and the parts that are done.
WORKING, ASKED, RESULT = ".parts", "asked.json", "result"
HOLDS = "results of `merlab recognize`"
# What progress says while parts are worked through.
LOOKING = "looking at frames"


def recognize(
    source: Path | str,
    out: Path | str | None = None,
    *,
    fps: float | None = None,
    aligned: bool = False,
    most_faces: int = MOST_FACES,
    weights: Path | str | None = None,
    runtime: str = AUTO,
    unsure_below: float = UNSURE_BELOW,
    spotting: SpottingSettings | None = None,
    overlay: bool = True,
    jobs: int | None = 1,
    progress: Progress = silent,
) -> VideoResult:
    """Find, follow, spot and recognize in a video, or a folder of images numbered in their names.

    The result lies in ``out``, a folder of the source's name under OUT unless given. ``jobs`` processes work at once
    (None: one a core, for which a script needs ``if __name__ == "__main__":``); the result does not depend on it.
    Interrupted work is gone on with, finished work found again. The other settings are those of Options.

    Raises MerlabError for a source that cannot be read, has no frame rate or shows no face, and for an ``out`` that
    holds anything else. Nothing is left of a source in which nothing can be found.
    """
    source = Path(source)
    out = Path(out) if out else OUT / source.resolve().name
    recognizer = load_recognizer(Path(weights) if weights else None)
    options = Options(
        fps=fps,
        aligned=aligned,
        most_faces=most_faces,
        spotting=spotting or SpottingSettings(),
        weights=Path(weights) if weights else None,
        runtime=resolve_runtime(runtime, recognizer.module, recognizer.recipe.shape),
        unsure_below=unsure_below,
        overlay=overlay,
    )
    work = _work(source, out, options)
    asked = _asked(work, recognizer)
    if not _is_there(work, out, asked):
        claim_folder(work.working, ASKED, asked, f"unfinished {HOLDS}")
        _make(work, out, recognizer, asked, jobs, progress)
    return read_video_result(out)


def _is_there(work: Work, out: Path, asked: dict[str, Any]) -> bool:
    """Whether the result is finished; raises MerlabError where something else lies in its place."""
    if (out / METADATA).is_file():
        require_same(out, read_json(out / METADATA).get("asked", {}), asked, HOLDS)
        shutil.rmtree(work.working, ignore_errors=True)
        return True
    if out.exists() and not work.working.is_dir() and (not out.is_dir() or any(out.iterdir())):
        raise MerlabError(f"{out} exists and holds no {HOLDS}; choose another folder")
    return False


def _make(
    work: Work, out: Path, recognizer: Recognizer, asked: dict[str, Any], jobs: int | None, progress: Progress
) -> None:
    """Do what is left to do of the work, and hand its result over."""
    started = time.monotonic()
    try:
        _fill(work, jobs, progress)
        with whole_folder(work.working / RESULT) as folder:
            described = _assemble(work, folder, recognizer, progress)
            made = {
                "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "seconds": round(time.monotonic() - started, 1),
            }
            write_json(folder / METADATA, {**described, "asked": asked, "made": made})
    except (NothingSeenError, ClipError):
        _leave_nothing(out)
        raise
    _hand_over(work, out)


def recognize_each(
    videos: Iterable[Path], out: Path, one: Callable[[Path, Path], VideoResult]
) -> dict[Path, VideoResult | MerlabError]:
    """``one(video, folder)`` of every video, the folder being of its name under ``out``, by video.

    A video that cannot be used does not stop the others: its error stands in place of its result.
    """
    results: dict[Path, VideoResult | MerlabError] = {}
    for video in videos:
        try:
            results[video] = one(video, out / video.name)
        except MerlabError as error:
            results[video] = error
    return results


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder; none where it is a folder of numbered images, or no folder at all."""
    if not folder.is_dir() or ImageFolder(folder).files:
        return []
    paths = folder.iterdir()
    return sorted(path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith("."))


def _work(source: Path, out: Path, options: Options) -> Work:
    frames = open_frames(source)
    first = 1
    if isinstance(frames, ImageFolder):
        if not frames.numbers:
            raise MerlabError(f"{source} holds neither a video nor images whose names end in a number")
        require_every_frame(source, frames)
        first = frames.numbers[0]
    fps = options.fps or frames.fps
    if fps is None:
        raise MerlabError(f"{source} does not say how many frames a second it has; give --fps")
    # Containers may not say how long they are; then their frames are counted.
    promised = frames.promised or len(frames.numbers)
    division = Division(1, promised, round(CHUNK_SECONDS * fps), options.spotting.margin(fps))
    return Work(source, out / WORKING, first, fps, division, options)


def _asked(work: Work, recognizer: Recognizer) -> dict[str, Any]:
    """All that decides a result; raises MerlabError where the networks that find faces are missing."""
    state = work.source.stat()
    return {
        "source": str(work.source.resolve()),
        "bytes": state.st_size,
        "modified_ns": state.st_mtime_ns,
        "frames_promised": work.division.promised,
        "fps": work.fps,
        "face_models": work.options.face_models(),
        "weights": recognizer.digest,
        "runtime": work.options.runtime,
        **work.options.described(),
        "merlab": __version__,
    }


def _fill(work: Work, jobs: int | None, progress: Progress) -> None:
    """Have every part worked through that is not done."""
    if work.is_finished():
        return
    expected, promised = work.division.expected, work.division.promised
    done = frozenset(int(folder.name) for folder in work.finished())
    processes = max(1, min(jobs or os.cpu_count() or 1, expected - len(done)))
    shares = [Share(work, done, position, processes) for position in range(processes)]
    dealt_with = sum(len(work.division.span(index).owned) for index in done)
    for frames in stream_from_processes(fill_chunks, shares):
        dealt_with += frames
        progress(dealt_with, max(dealt_with, promised), LOOKING)


def _assemble(work: Work, folder: Path, recognizer: Recognizer, progress: Progress) -> dict[str, Any]:
    """Put the finished parts together in ``folder``; gives what is to be said of the result."""
    parts = work.finished()
    progress(0, 1, "writing the result")
    clock = Clock.of_chunks(work.fps, [] if work.options.fps else parts)
    totals = write_frames(folder / FRAMES, parts, clock, work)
    write_events(folder, totals, clock, work, recognizer.classes)
    if work.options.overlay:
        with (folder / EVENTS).open(newline="", encoding="utf-8") as file:
            events = list(csv.DictReader(file))
        frames, stamps = open_frames(work.source), recognizer.card.stamps
        write_overlay(folder / OVERLAY, frames, work.fps, folder / FRAMES, events, stamps, progress)
    return metadata.describe(work, recognizer, totals, clock)


def _hand_over(work: Work, out: Path) -> None:
    """Move the assembled result to where the user wants it, metadata.json last, and remove the parts."""
    assembled = work.working / RESULT
    result = read_video_result(assembled)
    write_report(result)
    for path in sorted(assembled.iterdir(), key=lambda path: path.name == METADATA):
        if path.is_dir():
            shutil.rmtree(out / path.name, ignore_errors=True)
        if path.name == METADATA:
            write_elan(replace(result, folder=out), work.source)
        path.replace(out / path.name)
    shutil.rmtree(work.working, ignore_errors=True)


def _leave_nothing(out: Path) -> None:
    """Remove what was begun of a result, and its folder where nothing else lies there."""
    shutil.rmtree(out / WORKING, ignore_errors=True)
    with suppress(OSError):
        out.rmdir()
