"""Replacements of the recognition: finished results, slow jobs, jobs that fail."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
from pathlib import Path

from merlab.errors import MerlabError
from merlab.json_files import read_json, write_json
from merlab.json_models import DIGEST
from merlab.progress import Progress
from merlab.serving.job import VideoOptions
from merlab.videos.result import METADATA

RESULT = "MERLAB_TEST_RESULT"
STEPS = 20


def quick(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """Copies the result that the environment variable names, without any delay."""
    progress(1, 2, "spotting")
    shutil.copytree(os.environ[RESULT], out)
    metadata = read_json(out / METADATA)
    metadata["asked"]["source"] = str(source)
    metadata["settings"] |= options.model_dump(include={"fps", "aligned"})
    # The digest is that of the content before.
    write_json(out / METADATA, {name: value for name, value in metadata.items() if name != DIGEST})


def slow(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """Never ends by itself; writes the id of its process."""
    (out.parent / "pid").write_text(str(os.getpid()), encoding="utf-8")
    while True:
        progress(1, 4, "spotting")
        time.sleep(0.05)


def slow_at_first(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """Never ends the first time, and is quick the second time."""
    begun = out.parent / "begun"
    if not begun.exists():
        begun.touch()
        slow(source, out, options, progress=progress)
    quick(source, out, options, progress=progress)


def watched(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """Slow enough that its progress can be seen."""
    for step in range(STEPS):
        progress(step, STEPS, "spotting")
        time.sleep(0.15)
    quick(source, out, options, progress=progress)


def refusing(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """A mistake of the user."""
    raise MerlabError(f"{source} shows no face; choose a video that shows one")


def broken(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """An error in merlab."""
    raise ValueError("unexpected")


def filling(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """The disk is full: no file can be written any more, neither the result nor the reason."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for method in ("write_bytes", "write_text"):
        setattr(Path, method, refuse)
    progress(1, 2, "writing the result")


def crashing(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """Crashes like a decoder with a damaged file."""
    os.kill(os.getpid(), signal.SIGSEGV)


def hungry(source: Path, out: Path, options: VideoOptions, *, progress: Progress) -> None:
    """Needs more and more memory."""
    blocks = []
    while True:
        blocks.append(bytearray(64 * 2**20))
        progress(len(blocks), 1000, "decoding")


def ending_at_once(*_: object) -> None:
    """In the place of ``run_job``: the process ends before it has begun with its job."""
    os._exit(3)
