"""A job's own process: all decoding happens here, under limits, and never in the service."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any, Protocol

from merlab.errors import MerlabError
from merlab.processes import end_with_parent
from merlab.progress import Progress
from merlab.serving.jobs import FAULT, PROGRESS, RESULT, VIEW, Job
from merlab.serving.limits import Limits, confine_memory, require_within
from merlab.serving.view import view_of
from merlab.storage import write_json
from merlab.videos.result import read_video_result

SECONDS_A_REPORT = 0.25
NO_MEMORY = "needs more memory than the {most} MiB that a job may take; send a smaller or shorter video"


class Recognize(Protocol):
    """Writes the result of a video, or folder of images, into ``out``; goes on where it was stopped."""

    def __call__(self, source: Path, out: Path, *, progress: Progress, fps: float | None, aligned: bool) -> object:
        """Raises MerlabError for what a user can mend."""


def recognize(source: Path, out: Path, *, progress: Progress, **settings: Any) -> None:
    """``merlab.recognize``, loaded in the job's own process only."""
    from merlab.videos.recognition import recognize

    recognize(source, out, progress=progress, **settings)


def work(job: Job, folder: Path, limits: Limits, recognize: Recognize) -> None:
    """Do a job in this child process; leaves RESULT and VIEW in its folder, or FAULT with what to tell."""
    # Ctrl-C reaches every process of the terminal; the service alone decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    confine_memory(limits.memory)
    (folder / FAULT).unlink(missing_ok=True)
    try:
        progress = ProgressFile(folder / PROGRESS)
        progress(0, 1, "looking at the file")
        if job.source.resolve() != job.source:
            raise MerlabError(f"{job.source} became a link since it was named; name what it points to")
        require_within(job.source, job.asked.fps, limits)
        recognize(job.source, folder / RESULT, progress=progress, **dict(job.asked))
        write_json(folder / VIEW, view_of(read_video_result(folder / RESULT)))
    except MerlabError as error:
        # Paths are the service's own business; the client knows the video by its name.
        told = str(error).replace(str(job.source), job.name).replace(str(folder), "the job's folder")
        write_json(folder / FAULT, {"error": told})
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        write_json(folder / FAULT, {"error": f"{job.name} {NO_MEMORY.format(most=limits.memory // 2**20)}"})


def _is_out_of_memory(error: Exception) -> bool:
    """Whether numpy, OpenCV or torch say that memory ran out."""
    return isinstance(error, MemoryError) or "memory" in str(error).lower()


class ProgressFile:
    """Progress that the service reads: the share that is done and what is being done, a few times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next, self._stage = 0.0, ""

    def __call__(self, done: float, total: int, what: str, /) -> None:
        """Report ``done`` of ``total`` steps."""
        if time.monotonic() < self._next and what == self._stage:
            return
        self._next, self._stage = time.monotonic() + SECONDS_A_REPORT, what
        share = min(1.0, done / total) if total > 0 else 0.0
        write_json(self._path, {"progress": round(share, 4), "stage": what})
