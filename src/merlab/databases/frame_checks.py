"""Decode every frame of many clips, and report damaged frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from merlab.clips import Clip, Finding
from merlab.frames import MAX_FRAMES_NAMED, ClipError, Frames, ImageFolder, open_frames, read_image
from merlab.processes.usable import usable_cores
from merlab.progress import Progress
from merlab.spelling import first_of

# So many folders are kept; the clips of one long video are next to each other in most tables.
FOLDERS_KEPT = 32


def check_frames(clips: Sequence[Clip], progress: Progress, *, gaps: bool = False) -> dict[str, Finding]:
    """Decode onset to offset of each clip, several clips in parallel (OpenCV releases the interpreter lock).

    Returns clip key -> an ``unusable`` finding, for each clip with damaged files or with frames of different sizes.
    With ``gaps``, a folder of images may lack frames between onset and offset, because its reader already reported it.
    """
    findings: dict[str, Finding] = {}
    with ThreadPoolExecutor(usable_cores()) as pool:
        checked = pool.map(partial(check_clip, gaps=gaps, opened=opener()), clips)
        for done, (clip, finding) in enumerate(zip(clips, checked, strict=True), start=1):
            if finding is not None:
                findings[clip.key] = finding
            progress(done, len(clips), f"{clip.subject} {clip.name}")
    return findings


def opener() -> Callable[[Path], Frames]:
    """``open_frames`` for many clips, which lists a folder of images once for all clips in it, in any thread."""
    kept = lru_cache(FOLDERS_KEPT)(ImageFolder)
    return lambda source: kept(source) if source.is_dir() else open_frames(source)


def check_clip(clip: Clip, *, gaps: bool = False, opened: Callable[[Path], Frames] = open_frames) -> Finding | None:
    """Decode onset to offset of one clip; None if every frame can be decoded and all have the same size."""
    if clip.holds_flow:
        return _check_flow(clip)
    assert clip.onset is not None
    assert clip.offset is not None
    sizes: dict[tuple[int, int], int] = {}
    damaged: list[str] = []
    frames = opened(clip.source)
    numbers = range(clip.onset, clip.offset + 1)
    may_lack = gaps and isinstance(frames, ImageFolder)
    for number in (number for number in frames.numbers if number in numbers) if may_lack else numbers:
        try:
            height, width = frames.read(number).shape[:2]
        except ClipError as error:
            damaged.append(str(error))
        else:
            sizes.setdefault((width, height), number)
    where = f"{clip.subject} {clip.name}"
    if damaged:
        listed = first_of(damaged, MAX_FRAMES_NAMED, "; ")
        return Finding("unusable", where, "frames that decode", listed, "copy these files again")
    if len(sizes) > 1:
        found = [f"{width}x{height} from frame {number}" for (width, height), number in sizes.items()]
        remedy = "copy the clip's folder again; do not mix frames of different crops"
        return Finding("unusable", where, "frames of one size", first_of(found, MAX_FRAMES_NAMED, "; "), remedy)
    return None


def _check_flow(clip: Clip) -> Finding | None:
    """Decode a stored optical-flow image, whose three channels differ."""
    where = f"{clip.subject} {clip.name}"
    try:
        image = read_image(clip.source)
    except ClipError as error:
        return Finding("unusable", where, "an image that decodes", str(error), "copy this file again")
    if np.ptp(image, axis=2).any():
        return None
    remedy = "give a flow image (R = u, G = v, B = optical strain); for frames of a face give their folder"
    return Finding("unusable", where, "three channels: u, v, optical strain", "a gray image", remedy)
