"""Which files of a folder are videos, and how a video and the folder of its result are called."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from merlab.frames import VIDEO_SUFFIXES, ClipError, ImageFolder, folders_of_images, looks_like_video
from merlab.frames.opening import dead_link, leads_nowhere
from merlab.given import as_path
from merlab.spelling import first_of

MOST_NAMED = 3


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder, by name; none where it is a folder of numbered images, or not a folder.

    A folder of numbered images in it is a video too, where it holds no file that is one.
    """
    return [path for path, reason in _contents(folder).items() if not reason]


def skipped_in(folder: Path) -> dict[Path, str]:
    """The files and folders beside the videos of a folder, and why each is not read; hidden ones are not listed."""
    contents = _contents(folder)
    return {path: reason for path, reason in contents.items() if reason} if not all(contents.values()) else {}


def warn_of_arrivals(given: Iterable[Path], videos: Collection[Path]) -> None:
    """Warn of videos that came into the given folders after their ``videos`` were listed: no table has them."""
    for folder in given:
        with suppress(ClipError):
            new = [path.name for path in videos_in(folder) if path not in videos]
            if new:
                warnings.warn(
                    f"{first_of(new, MOST_NAMED)} came into {folder} after the work had begun, and no table has it; "
                    "run the same command again",
                    stacklevel=3,
                )


def folder_of(video: Path, out: Path) -> Path:
    """The folder of a video's result, of its name under ``out``."""
    return out / source_of(video).name


def source_of(given: object, name: str = "source") -> Path:
    """The path of a video or a folder of images, absolute where it is given without a name: ``.`` or ``..``.

    A link keeps its own name. Raises MerlabError as ``as_path`` does; ``name`` is that of the argument.
    """
    source = as_path(given, name)
    return source if source.name not in ("", "..") else source.resolve()


def _contents(folder: Path) -> dict[Path, str]:
    """Everything visible in a folder, by name, and why it is not a video; empty for a folder of numbered images."""
    if not folder.is_dir() or ImageFolder(folder).names:
        return {}
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    videos = set(filter(_is_video, paths)) or set(folders_of_images(folder))
    return {path: "" if path in videos else _reason(path) for path in paths}


def _is_video(path: Path) -> bool:
    """Whether a file is a video, or a link that should lead to one: where it leads nowhere, it is refused by name."""
    return looks_like_video(path) or (path.suffix.lower() in VIDEO_SUFFIXES and leads_nowhere(path))


def _reason(path: Path) -> str:
    return "a folder; give it to a command of its own" if path.is_dir() else dead_link(path) or "not a video"
