"""The process of a job: all decoding is done here, within the limits, and never in the service itself."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from merlab.elan.writing import NOWHERE, beside
from merlab.errors import MerlabError, is_out_of_memory
from merlab.faces.alignment import FaceFinding
from merlab.json_files import write_json
from merlab.json_models import write_model
from merlab.processes.starting import end_with_parent
from merlab.progress import Progress, TimeLeft
from merlab.serving.job import ERROR, PROGRESS, RESULT, VIEW, Failure, Job, JobProgress, VideoOptions
from merlab.serving.limits import MEBIBYTE, Limits, limit_memory, require_within
from merlab.serving.page_words import in_page_words
from merlab.serving.view import view_of
from merlab.storage import DISK_FULL
from merlab.videos.output.elan import write_elan
from merlab.videos.result import read_video_result
from merlab.vocabulary import RuntimeChoice

SECONDS_PER_REPORT = 0.25
# The exit status of a job for which the disk is full.
NO_SPACE = 28
# The overlay of a larger video is scaled down to these lines: of 4K, it takes two thirds of the time.
OVERLAY_LINES = 1080
# The weights of a service for which none are given.
SHIPPED: Mapping[str, Path | None] = {"merlab": None}


def named_weights(paths: Sequence[Path]) -> dict[str, Path | None]:
    """The weights of a service by the names of their files, the default first; those that ship with merlab are last.

    Raises MerlabError for two files of the same name.
    """
    named = {path.name: path for path in paths}
    if len(named) < len(paths):
        raise MerlabError("two files of --weights have the same name; rename one, because users choose them by name")
    return {**named, **SHIPPED}


class Recognize(Protocol):
    """Writes the result of a video, or of a folder of images, into ``out``; resumes interrupted work."""

    def __call__(self, source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> object:
        """Raises MerlabError for a mistake of the user."""


def recognize(
    source: Path,
    out: Path,
    options: VideoOptions,
    *,
    progress: Progress,
    weights: Mapping[str, Path | None] = SHIPPED,
    jobs: int | None = None,
    runtime: RuntimeChoice = "auto",
    finding: FaceFinding | None = None,
) -> None:
    """``merlab.recognize``, which is imported only in the process of a job; ``weights`` by name, the default first."""
    from merlab.faces.people import MOST_FACES
    from merlab.spotting.spot import SpottingSettings
    from merlab.videos.recognition import recognize

    name = options.weights or next(iter(weights))
    if name not in weights:
        raise MerlabError(
            f"the service was started without the weights {name}; start it with them (--weights), or send the video "
            "again"
        )
    recognize(
        source,
        out,
        fps=options.fps,
        aligned=options.aligned,
        most_faces=options.faces or MOST_FACES,
        spotting=SpottingSettings() if options.threshold is None else SpottingSettings(floor=options.threshold),
        finding=finding,
        overlay_lines=OVERLAY_LINES,
        weights=weights[name],
        jobs=jobs,
        runtime=runtime,
        # The folder is the job's own: what another version, or a service with other options, began is made anew.
        again=True,
        progress=progress,
    )


def run_job(job: Job, folder: Path, limits: Limits, recognize: Recognize) -> None:
    """Run a job in this child process; writes RESULT and VIEW, or ERROR, into its folder."""
    # Ctrl-C reaches every process of the terminal, but only the service decides when a job ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    limit_memory(limits.memory)
    try:
        _make_result(job, folder, limits, recognize)
    except Exception as error:
        if _is_disk_full(error):
            # Nothing can be written any more, so the service is told by the exit status.
            sys.exit(NO_SPACE)
        message = _message(error, job, folder, limits)
        if message is None:
            raise
        write_model(folder / ERROR, Failure(error=message))


def _make_result(job: Job, folder: Path, limits: Limits, recognize: Recognize) -> None:
    # A job that ended, of which a full disk or a crash kept the service from knowing, runs again.
    if not (folder / VIEW).is_file():
        _recognize(job, folder, limits, recognize)
    result = read_video_result(folder / RESULT)
    if job.source.is_relative_to(folder):
        # The upload will be removed; the user has the video under its own name.
        write_elan(result, beside(job.name), NOWHERE)
        asked = result.metadata.asked.model_copy(update={"source": job.name})
        write_model(result.files.metadata, result.metadata.model_copy(update={"asked": asked}))


def _recognize(job: Job, folder: Path, limits: Limits, recognize: Recognize) -> None:
    """Write RESULT and VIEW."""
    progress, options = ProgressFile(folder / PROGRESS), job.options
    progress(0, 1, "checking the file")
    if job.source.resolve() != job.source:
        raise MerlabError(f"{job.source} became a link after it was chosen; choose the file that the link points to")
    require_within(job.source, options.fps, limits)
    recognize(job.source, folder / RESULT, options, progress=progress)
    view = view_of(read_video_result(folder / RESULT))
    write_json(folder / VIEW, view.model_dump(mode="json", by_alias=True))


def _message(error: Exception, job: Job, folder: Path, limits: Limits) -> str | None:
    """What a client reads about an error; None for an error of merlab itself."""
    if isinstance(error, MerlabError):
        # The client knows the video by its name, and paths of this machine must not be revealed.
        message = in_page_words(str(error))
        return message.replace(str(job.source), job.name).replace(str(folder), "the job's folder")
    if is_out_of_memory(error):
        most = limits.memory // MEBIBYTE
        return f"{job.name} needs more memory than the {most} MiB of a job; send a smaller or shorter video"
    return None


def _is_disk_full(error: Exception) -> bool:
    """Whether the error is that of a full disk, also where it was raised in another process."""
    return any(os.strerror(code) in str(error) for code in DISK_FULL)


class ProgressFile:
    """Writes the progress to a file that the service reads, a few times per second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next, self._stage = 0.0, ""
        self._left = TimeLeft()

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Report ``done`` of ``total`` steps of the stage ``what``."""
        if what != self._stage:
            self._stage, self._next, self._left = what, 0.0, TimeLeft()
        left = self._left(done, total)
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SECONDS_PER_REPORT
        share = min(1.0, done / total) if total > 0 else 0.0
        progress = JobProgress(progress=round(share, 4), stage=what, done=round(done), total=total, left=left)
        write_model(self._path, progress)
