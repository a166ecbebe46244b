"""What is to be recognized: one source of frames, or several videos; raises MerlabError for anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from merlab.errors import MerlabError
from merlab.frames import Frames, ImageFolder, open_frames
from merlab.frames.opening import require_one_kind
from merlab.given import as_path, require_folder
from merlab.spotting.aligned_frames import require_most_frames
from merlab.spotting.video_sources import skipped_in, source_of, videos_in


def opened(source: Path) -> tuple[Frames, int]:
    """The frames of one source, and the number of the first."""
    require_one_kind(source)
    frames = open_frames(source)
    if not isinstance(frames, ImageFolder):
        return frames, 1
    if videos_in(source):
        raise MerlabError(
            f"{source} is a folder of videos; merlab.recognize_each recognizes all of them, merlab.recognize one: give "
            "its path"
        )
    require_most_frames(source, frames)
    return frames, frames.numbers[0]


def listed(videos: object) -> tuple[list[Path], Mapping[Path, str]]:
    """Several videos from a folder or a list, and what else the folder holds, with the reasons."""
    if isinstance(videos, str | Path):
        folder = as_path(videos, "videos")
        require_folder(folder, "give a folder of videos, or a list of the paths of videos")
        require_one_kind(folder)
        if not videos_in(folder):
            raise MerlabError(f"{folder} is not a folder of videos; give one, or a list of the paths of videos")
        return videos_in(folder), skipped_in(folder)
    if not isinstance(videos, Iterable):
        raise MerlabError(f"videos must be a folder of videos or a list of their paths, got {videos!r}")
    paths = [source_of(each, "each of videos") for each in videos]
    if not paths:
        raise MerlabError("videos is an empty list; give a folder of videos, or the paths of one or more")
    return paths, {}
