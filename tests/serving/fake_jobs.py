"""What stands in for recognizing a video: results of a video that never was, slow jobs, jobs that die."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.progress import Progress
from merlab.storage import read_json, write_json
from merlab.videos.result import METADATA

RESULT = "MERLAB_TEST_RESULT"
STEPS = 20


def quick(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """The result that the environment names, which takes no time."""
    progress(1, 2, "spotting")
    shutil.copytree(os.environ[RESULT], out)
    metadata = read_json(out / METADATA)
    metadata["settings"] |= asked
    write_json(out / METADATA, metadata)


def slow(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """Never ends of itself; says where its process is."""
    (out.parent / "pid").write_text(str(os.getpid()), encoding="utf-8")
    while True:
        progress(1, 4, "spotting")
        time.sleep(0.05)


def slow_at_first(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """Never ends the first time; the second time it does."""
    begun = out.parent / "begun"
    if not begun.exists():
        begun.touch()
        slow(source, out, progress=progress, **asked)
    quick(source, out, progress=progress, **asked)


def watched(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """Slow enough to watch its progress."""
    for step in range(STEPS):
        progress(step, STEPS, "spotting")
        time.sleep(0.15)
    quick(source, out, progress=progress, **asked)


def refusing(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """A mistake of the user's."""
    raise MerlabError(f"{source} shows no face; choose a video that shows one")


def broken(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """A fault of merlab's own."""
    raise ValueError("nobody thought of this")


def crashing(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """As a decoder that a damaged file makes fault."""
    os.kill(os.getpid(), signal.SIGSEGV)


def hungry(source: Path, out: Path, *, progress: Progress, **asked: Any) -> None:
    """Asks for more memory than there is."""
    blocks = []
    while True:
        blocks.append(bytearray(64 * 2**20))
        progress(len(blocks), 1000, "decoding")
