"""From a path to frames, and to their clock."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from merlab.frames.clock import Clock, ClockError
from merlab.frames.container import looks_like_video
from merlab.frames.frame import ClipError, Frames, SourceChangedError
from merlab.frames.images import IMAGE_SUFFIXES, ImageFolder
from merlab.frames.video import Video
from merlab.progress import Progress

# So many folders are kept; the clips of one long video are next to each other in most tables.
FOLDERS_KEPT = 32


def open_frames(source: Path) -> Frames:
    """The frames of a folder of images or of a video; raises ClipError with the remedy if ``source`` is neither."""
    if source.is_dir():
        return ImageFolder(source)
    if link := dead_link(source):
        raise ClipError(f"{source} is {link}; restore that file")
    if not source.exists():
        raise ClipError(f"{source} does not exist; check the path of the video, or of the folder of frames")
    if not source.is_file():
        # It may be a pipe, which waits for a writer.
        raise ClipError(f"{source} is neither a file nor a folder; give the file of the video")
    return Video(source)


def opener() -> Callable[[Path], Frames]:
    """``open_frames`` for many clips, which lists a folder of images once for all clips in it, in any thread."""
    kept = lru_cache(FOLDERS_KEPT)(ImageFolder)
    return lambda source: kept(source) if source.is_dir() else open_frames(source)


def clock_of(source: Path, frames: Frames, fps: float | None = None) -> Clock:
    """The clock of a source; a given ``fps`` replaces the recorded rate, and keeps gaps and jitter in proportion.

    Raises ClockError if ``fps`` cannot be a rate, and if it is None where the source has no clock.
    """
    if frames.clock is not None:
        return frames.clock.at_rate(fps)
    if fps is None:
        raise ClockError(_why_no_clock(source, frames))
    numbers = frames.numbers
    return Clock.constant(fps, numbers[-1] - numbers[0] + 1 if numbers else 0)


def _why_no_clock(source: Path, frames: Frames) -> str:
    """Why a source has no clock, and the remedy."""
    if isinstance(frames, Video):
        nothing = f"{source} contains no frame that can be read; copy it again from the original"
        return f"{frames.no_clock}; give --fps" if frames.numbers else nothing
    if not frames.numbers:
        return (
            f"{source} contains no images with numbers in their names; give a folder of such images, or the path of a "
            "video"
        )
    return f"{source} does not state its frame rate; give --fps"


def as_on_disk(path: Path) -> Path:
    """The path as the disk spells it: macOS may write a letter and its mark as two characters, and others as one.

    Each folder of it may be spelled in its own way. The same path where it leads to nothing, or may not be entered.
    """
    with suppress(OSError):
        if path.exists():
            return path
        found = Path(path.anchor)
        for part in path.relative_to(path.anchor).parts:
            spelled = (part, unicodedata.normalize("NFC", part), unicodedata.normalize("NFD", part))
            found = next((found / each for each in spelled if (found / each).exists()), path)
            if found is path:
                break
        return found
    return path


def leads_nowhere(source: Path) -> bool:
    """Whether a path is a link to a file or folder that does not exist."""
    try:
        return source.is_symlink() and not source.exists()
    except OSError:
        # It is in a folder that the user may not enter.
        return False


def dead_link(path: Path) -> str:
    """What a link is that leads nowhere, for messages; empty for anything else."""
    return f"a link to {path.readlink()}, which does not exist" if leads_nowhere(path) else ""


def require_one_kind(source: Path) -> None:
    """Raises ClipError for a folder of numbered images that also holds videos, one of which would not be read."""
    images = ImageFolder(source).names if source.is_dir() else {}
    others = (path for path in source.iterdir() if path.suffix.lower() not in IMAGE_SUFFIXES) if images else ()
    video = next((path for path in others if not path.name.startswith(".") and looks_like_video(path)), None)
    if video is not None:
        raise ClipError(
            f"{source} holds both images with numbers ({next(iter(images.values()))}) and videos ({video.name}), and "
            "only one of the two can be meant; move the others to another folder, or give the path of a video"
        )


def require_different(sources: Iterable[Path]) -> None:
    """Raises ClipError where two sources are the same file or folder."""
    seen: dict[str, Path] = {}
    for source in sources:
        # Path.resolve fails for a link that refers to itself.
        place = os.path.realpath(source)
        other = seen.get(place)
        if other is not None:
            raise ClipError(f"{source} is given twice{'' if other == source else f', also as {other}'}; give it once")
        seen[place] = source


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


def require_unchanged(source: Path, before: SourceState) -> None:
    """Raises SourceChangedError where a source was changed or removed since ``before``."""
    try:
        unchanged = state_of(source) == before
    except OSError:
        unchanged = False
    if not unchanged:
        raise SourceChangedError.of(source)


def while_unchanged(progress: Progress, source: Path, before: SourceState) -> Progress:
    """The same progress, which raises SourceChangedError as soon as a video has changed: not only after hours of work.

    Folders are not checked, because their state takes a look at each image. A disk that does not answer for a moment
    says nothing of the video: hours of work are not thrown away for it.
    """
    if source.is_dir():
        return progress

    def show(done: float, total: int, what: str, /) -> None:
        progress(done, total, what)
        with suppress(OSError):
            if state_of(source) != before:
                raise SourceChangedError.of(source)

    return show
