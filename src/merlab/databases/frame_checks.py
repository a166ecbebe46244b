"""Decode every frame of many clips, and report those that are damaged or blank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from merlab.clips import Clip, Finding
from merlab.frames import (
    MAX_FRAMES_NAMED,
    ClipError,
    Frames,
    ImageFolder,
    UnfitImageError,
    dim_images,
    is_blank,
    open_frames,
    opener,
    read_image,
)
from merlab.processes.usable import usable_cores
from merlab.progress import Progress
from merlab.spelling import counted, first_of


def check_frames(clips: Sequence[Clip], progress: Progress, *, gaps: bool = False) -> dict[str, Finding]:
    """Decode onset to offset of each clip, several clips in parallel (OpenCV releases the interpreter lock).

    Returns clip key -> finding: ``unusable`` for a clip with damaged files or frames of different sizes, ``differs``
    for one with blank frames, which can still be counted (one finding, of the first clip, where every clip has some).
    The first clip without a finding also has one that is about all: images of 16 bits that are read too dark.
    With ``gaps``, a folder of images may lack frames between onset and offset, because its reader already reported it.
    """
    findings: dict[str, Finding] = {}
    with ThreadPoolExecutor(usable_cores()) as pool:
        checked = pool.map(partial(check_clip, gaps=gaps, opened=opener()), clips)
        for done, (clip, finding) in enumerate(zip(clips, checked, strict=True), start=1):
            if finding is not None:
                findings[clip.key] = finding
            progress(done, len(clips), f"{clip.subject} {clip.name}")
    if len(clips) > 1 and [finding.severity for finding in findings.values()] == ["differs"] * len(clips):
        first = findings[clips[0].key]
        found = f"blank frames in every clip; {first.where} has frames {first.found}"
        findings = {clips[0].key: replace(first, where=f"all {len(clips)} clips", found=found)}
    sound = [clip for clip in clips if clip.key not in findings]
    dim = dim_images(_onset_images(sound))
    if dim is not None:
        findings[sound[0].key] = Finding("differs", "all clips", "images that use all of their bits", *dim)
    return findings


def _onset_images(clips: Iterable[Clip]) -> Iterator[Path]:
    """The image of the onset of each clip whose frames are images."""
    for clip in clips:
        if clip.source.is_dir() and clip.onset in (folder := ImageFolder(clip.source)).names:
            yield folder.file(clip.onset)


def usable_of(clips: Sequence[Clip], found: Mapping[str, Finding]) -> tuple[Clip, ...]:
    """The clips that can be used after all that was found in their frames (clip key -> finding)."""
    unusable = {key for key, finding in found.items() if finding.severity == "unusable"}
    return tuple(clip for clip in clips if clip.key not in unusable)


def check_clip(clip: Clip, *, gaps: bool = False, opened: Callable[[Path], Frames] = open_frames) -> Finding | None:
    """Decode onset to offset of one clip; None if each frame can be decoded and is not blank, and all have one size."""
    if clip.holds_flow:
        return _check_flow(clip)
    assert clip.onset is not None
    assert clip.offset is not None
    sizes: dict[tuple[int, int], int] = {}
    damaged: list[ClipError] = []
    blank: list[str] = []
    frames = opened(clip.source)
    numbers = range(clip.onset, clip.offset + 1)
    may_lack = gaps and isinstance(frames, ImageFolder)
    for number in (number for number in frames.numbers if number in numbers) if may_lack else numbers:
        try:
            image = frames.read(number)
        except ClipError as error:
            damaged.append(error)
        else:
            sizes.setdefault((image.shape[1], image.shape[0]), number)
            blank += [_named(number, clip)] if is_blank(image) else []
    return _fault(f"{clip.subject} {clip.name}", damaged, blank, sizes)


def _fault(
    where: str, damaged: Sequence[ClipError], blank: Sequence[str], sizes: Mapping[tuple[int, int], int]
) -> Finding | None:
    """What is wrong with the frames of a clip: errors, names of blank frames, and (width, height) -> first frame."""
    if damaged:
        return Finding("unusable", where, "frames that decode", *_of_damaged(damaged))
    if len(sizes) > 1:
        listed = [f"{width}x{height} from frame {number}" for (width, height), number in sizes.items()]
        remedy = "copy the clip's folder again; do not mix frames of different crops"
        return Finding("unusable", where, "frames of one size", first_of(listed, MAX_FRAMES_NAMED, "; "), remedy)
    if blank:
        found = f"of nearly one color, such as all black: {first_of(blank, MAX_FRAMES_NAMED)}"
        remedy = "copy these files again; if the original shows no face there either, take the clip out of the table"
        return Finding("differs", where, "frames that show a face", found, remedy)
    return None


def _named(number: int, clip: Clip) -> str:
    """``frame 46 (onset)``: a frame, and what it is in the clip."""
    moments = {clip.onset: "onset", clip.offset: "offset", clip.apex: "apex"}
    return f"frame {number} ({moments[number]})" if number in moments else f"frame {number}"


def _of_damaged(errors: Sequence[ClipError]) -> tuple[str, str]:
    """What was found in frames that cannot be used, and what to do; images that are unfit alike are one fault."""
    unfit: dict[tuple[str, str], list[Path]] = defaultdict(list)
    texts, remedies = [], []
    for error in errors:
        if isinstance(error, UnfitImageError):
            unfit[error.found, error.remedy].append(error.path)
        else:
            texts.append(str(error))
            remedies = ["copy these files again"]
    for (found, remedy), paths in unfit.items():
        texts.insert(0, f"{counted(len(paths), 'image')}, such as {paths[0]}: {found}")
        remedies.append(remedy)
    return first_of(texts, MAX_FRAMES_NAMED, "; "), "; ".join(remedies)


def _check_flow(clip: Clip) -> Finding | None:
    """Decode a stored optical-flow image, whose three channels differ."""
    where = f"{clip.subject} {clip.name}"
    try:
        image = read_image(clip.source)
    except ClipError as error:
        return Finding("unusable", where, "an image that decodes", *_of_damaged([error]))
    if np.ptp(image, axis=2).any():
        return None
    remedy = "give a flow image (R = u, G = v, B = optical strain); for frames of a face give their folder"
    return Finding("unusable", where, "three channels: u, v, optical strain", "a gray image", remedy)
