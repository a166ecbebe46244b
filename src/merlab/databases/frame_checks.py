"""Decode every frame of many clips, and say which are damaged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from merlab.clips import Clip, Finding
from merlab.frames import MAX_FRAMES_NAMED, ClipError, open_frames
from merlab.progress import Progress


def check_frames(clips: Sequence[Clip], progress: Progress) -> dict[str, Finding]:
    """Decode onset to offset of each clip, side by side (OpenCV releases the interpreter lock).

    Returns one ``unusable`` finding a faulty clip, by clip key: its damaged files, or the sizes that differ within it.
    """
    findings: dict[str, Finding] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (clip, finding) in enumerate(zip(clips, pool.map(check_clip, clips), strict=True), start=1):
            if finding is not None:
                findings[clip.key] = finding
            progress(done, len(clips), f"{clip.subject} {clip.name}")
    return findings


def check_clip(clip: Clip) -> Finding | None:
    """Decode onset to offset of one clip; None when every frame is sound and all have one size."""
    assert clip.onset is not None
    assert clip.offset is not None
    sizes: dict[tuple[int, int], int] = {}
    damaged: list[str] = []
    frames = open_frames(clip.source)
    for number in range(clip.onset, clip.offset + 1):
        try:
            height, width = frames.read(number).shape[:2]
        except ClipError as error:
            damaged.append(str(error))
        else:
            sizes.setdefault((width, height), number)
    where = f"{clip.subject} {clip.name}"
    if damaged:
        return Finding("unusable", where, "frames that decode", _shortened(damaged), "copy these files again")
    if len(sizes) > 1:
        found = [f"{width}x{height} from frame {number}" for (width, height), number in sizes.items()]
        remedy = "copy the clip's folder again; do not mix frames of different crops"
        return Finding("unusable", where, "frames of one size", _shortened(found), remedy)
    return None


def _shortened(texts: Iterable[str]) -> str:
    listed = list(texts)
    more = len(listed) - MAX_FRAMES_NAMED
    return "; ".join(listed[:MAX_FRAMES_NAMED]) + (f"; and {more} more" if more > 0 else "")
