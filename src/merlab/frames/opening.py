"""From a path to frames."""

from __future__ import annotations

from pathlib import Path

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
