"""Files on the machine of the service, in the folders that its operator allowed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from merlab.frames import VIDEO_SUFFIXES, looks_like_video
from merlab.outputs.system_files import is_of_system
from merlab.serving.limits import RefusedError

MAX_LISTED = 300
MAX_VISITED = 20_000


def find_local(given: str, roots: Sequence[Path]) -> Path:
    """The video or folder of a path, which is absolute or relative to a root; links are followed.

    Raises RefusedError if no root is allowed, and for every path outside of all roots; the message does not reveal
    whether a file exists there.
    """
    if not roots:
        raise RefusedError(403, "this service reads no local files; start it with --root FOLDER, or upload the video")
    if "\0" not in given:
        for root in map(Path.resolve, roots):
            try:
                path = (root / given).resolve()
                if path.is_relative_to(root) and (path.is_dir() or looks_like_video(path)):
                    return path
            except (OSError, RuntimeError):  # the name is too long, or links form a circle
                continue
    raise RefusedError(404, "no video or folder has this name in the folders that this service may read")


def list_local(roots: Sequence[Path]) -> list[str]:
    """Paths of the videos in the roots, by their suffixes, for a person to choose from; at most MAX_LISTED."""
    return list(islice((str(path) for root in roots for path in _videos(root.resolve())), MAX_LISTED))


def _videos(root: Path) -> Iterator[Path]:
    visited = 0
    for folder, folders, names in os.walk(root):
        # macOS writes a hidden file beside each video on a disk of another system, with the same suffix.
        folders[:] = sorted(name for name in folders if not is_of_system(name))
        for name in sorted(name for name in names if not is_of_system(name)):
            visited += 1
            if visited > MAX_VISITED:
                return
            path = Path(folder, name)
            if _is_listed(path):
                yield path


def _is_listed(path: Path) -> bool:
    """Whether it is a video that a request can name: JSON cannot hold a name that is not UTF-8."""
    try:
        str(path).encode()
        return path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and not path.is_symlink()
    except (UnicodeEncodeError, OSError):  # the folder of the file may be closed to the service
        return False
