"""From a path to frames."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from merlab.frames.frame import ClipError, Frames
from merlab.frames.images import ImageFolder
from merlab.frames.video import Video


def open_frames(source: Path) -> Frames:
    """The frames of a folder of images or of a video; raises ClipError with the remedy if ``source`` is neither."""
    if source.is_dir():
        return ImageFolder(source)
    if not source.exists():
        raise ClipError(f"{source} does not exist; check the root folder that you gave")
    return Video(source)


class SourceState(NamedTuple):
    """What shows whether a source was changed: its size, and when it was changed last.

    Of a folder of images, both are sums over its images: a folder itself stays the same when an image is overwritten,
    and changes when a result is written into it.
    """

    bytes: int
    modified_ns: int


def state_of(source: Path) -> SourceState:
    """The state of a video or of a folder of images; raises OSError if ``source`` does not exist."""
    if not source.is_dir():
        state = source.stat()
        return SourceState(state.st_size, state.st_mtime_ns)
    states = [(source / name).stat() for name in ImageFolder(source).names.values()]
    return SourceState(sum(each.st_size for each in states), sum(each.st_mtime_ns for each in states))
