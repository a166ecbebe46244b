"""What the folders of a release hold: the clips of a subject, and the images of a clip by their numbers."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from merlab.frames import IMAGE_SUFFIXES, looks_like_video
from merlab.frames.opening import dead_link, leads_nowhere
from merlab.outputs.system_files import is_of_system

# The number at the end of the name of an image.
FRAME_NAME = re.compile(rf"(?!\.)(?s:.*\D)?(\d+)(?i:{'|'.join(map(re.escape, IMAGE_SUFFIXES))})")


def entries(folder: Path) -> list[Path]:
    """What a folder holds, sorted, without what systems add to it.

    Nothing if it cannot be listed, so that one folder does not end an examination.
    """
    if listing_fault(folder):
        return []
    return sorted(path for path in folder.iterdir() if not is_of_system(path.name))


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; False also where a folder above it cannot be entered."""
    try:
        return path.is_dir()
    except OSError:
        return False


def listing_fault(folder: Path) -> str:
    """Why what a folder holds cannot be listed and read, such as ``Permission denied``; empty if it can be."""
    try:
        with os.scandir(folder):
            return "" if os.access(folder, os.X_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        return dead_link(folder) or error.strerror or str(error)


def fault_of_folder(path: Path) -> str:
    """Why a folder, or a link that leads nowhere, cannot be listed; empty if it can be, and for a file."""
    return listing_fault(path) if is_folder(path) or leads_nowhere(path) else ""


def clips_below(subject: Path) -> Iterator[Path]:
    """The clips of a subject's folder: all folders and videos directly in it."""
    for path in entries(subject):
        if path.is_dir() or looks_like_video(path):
            yield path


def folder_itself(subject: Path) -> Iterator[Path]:
    """The clip of a subject's folder that holds its frames directly, in a release without a folder above it."""
    yield subject


def source_name(path: Path) -> str:
    """The name of a clip's folder, or the name of its video without the suffix."""
    return path.name if path.is_dir() else path.stem


def frame_names(folder: Path) -> dict[int, str]:
    """Frame number -> file name, for the images in a folder."""
    return dict(numbered_names(folder))


def numbered_names(folder: Path) -> Iterator[tuple[int, str]]:
    """Frame number and name of each image in a folder, by name; hidden files, as macOS adds them, are left out.

    Folders of long videos have thousands of files, so that names are read without making paths of them.
    """
    try:
        with os.scandir(folder) as listed:
            names = sorted(entry.name for entry in listed if not entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in names:
        if match := FRAME_NAME.fullmatch(name):
            yield int(match[1]), name
