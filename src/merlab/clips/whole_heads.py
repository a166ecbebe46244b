"""Whole heads in the place of aligned faces: how they are recognized and marked, and the command that aligns them."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from merlab.clips.clip import Clip
from merlab.clips.table import ClipTable
from merlab.frames import ClipError, Frames, open_frames, opener
from merlab.spelling import as_typed, counted
from merlab.stamps import WHOLE_HEADS, short_stamp

# Width / height of frames that may be aligned faces: merlab's have .82, and many are square. A camera gives 1.33 or
# more, a phone that is held upright gives .56.
NARROWEST, WIDEST = 0.65, 1.1

ALIGN = "`merlab align FRAMES OUT` aligns the frames of one clip; then use OUT/frames in their place"


def is_aligned(clip: Clip, opened: Callable[[Path], Frames] = open_frames) -> bool | None:
    """Whether the frames of a clip are aligned faces: as it states, else by the proportions of its onset frame.

    None if that frame cannot be read.
    """
    if clip.aligned is not None or clip.holds_flow:
        return clip.aligned is not False
    size = size_of_frames(clip, opened)
    return size and NARROWEST <= size[0] / size[1] <= WIDEST


def with_proportions(clips: Iterable[Clip]) -> list[Clip]:
    """The clips, each with whether its frames are aligned faces."""
    opened = opener()
    return [replace(clip, aligned=is_aligned(clip, opened)) for clip in clips]


def size_of_frames(clip: Clip, opened: Callable[[Path], Frames] = open_frames) -> tuple[int, int] | None:
    """Width and height (px) of the onset frame; None if it cannot be read."""
    try:
        frames = opened(clip.source)
        height, width = frames.read(clip.onset or frames.numbers[0]).shape[:2]
    except (ClipError, IndexError):
        return None
    return width, height


def mark_whole_heads(table: ClipTable, remedy: str = ALIGN) -> ClipTable:
    """The table with the stamp ``WHOLE HEADS: casme2`` if clips of a database show whole heads, with a warning.

    Its clips then state whether their frames are aligned faces. Clips of a database that has the stamp already give no
    other warning.
    """
    judged = replace(table, clips=tuple(with_proportions(table)))
    found = warn_of_whole_heads(judged, f"Every result is marked {WHOLE_HEADS}. {remedy}", stacklevel=5)
    return replace(judged, stamps=(*table.stamps, *(whole_heads_stamp(database) for database in found)))


def warn_of_whole_heads(table: ClipTable, consequence: str, *, stacklevel: int) -> list[str]:
    """The databases whose clips show whole heads, without those that have the stamp; each gives a warning.

    ``consequence`` ends the warning: what it means for the results, and what to do.
    """
    stamped = {stamp.partition(": ")[2] for stamp in whole_head_stamps(table)}
    found = Counter(clip.database for clip in table if clip.database not in stamped and is_aligned(clip) is False)
    for database, count in found.items():
        warnings.warn(
            f"whole heads in {counted(count, 'clip')} of {database}, but inputs expect aligned faces. {consequence}",
            stacklevel=stacklevel,
        )
    return list(found)


def whole_heads_stamp(database: str) -> str:
    """The stamp of a database whose clips show whole heads."""
    return f"{WHOLE_HEADS}: {database}"


def whole_head_stamps(table: ClipTable) -> list[str]:
    """The stamps of a table about whole heads."""
    return [stamp for stamp in table.stamps if short_stamp(stamp) == WHOLE_HEADS]


def prepare_remedy(database: str, root: Path, options: Iterable[str] = ()) -> str:
    """What to do about the whole heads of a database, with the command to type."""
    folder = root.resolve() if root.name in {"", ".."} else root
    out = folder.with_name(f"{folder.name}-aligned")
    command = as_typed("merlab", "prepare", database, str(root), str(out), *options)
    return f"`{command}` aligns the faces; then give {out} as the root"
