"""Clips that share frames: one range of one source, ranges that overlap, or files of the same content elsewhere."""

from __future__ import annotations

import hashlib
import math
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path

from merlab.clips import Clip, Finding
from merlab.frames import ClipError, Frames, ImageFolder, opener

BLOCK = 1 << 20

Opener = Callable[[Path], Frames]


def with_equal_frames(clips: Iterable[Clip], *, contents: bool = True) -> list[list[Clip]]:
    """The groups of clips whose frames from onset to offset are equal; without ``contents``, those of one source.

    Files are read only where their number, and the sizes of the first and the last one, agree.
    """
    same: dict[Hashable, list[Clip]] = defaultdict(list)
    for clip in clips:
        same[clip.source, clip.onset, clip.offset].append(clip)
    opened = opener()
    groups = [list(same.values())] if contents else [[of_one] for of_one in same.values()]
    for key in (_outline, _of_first, _digest):
        groups = [part for group in groups for part in _parts(group, key, opened)]
    return [equal for group in groups if len(equal := [clip for of_one in group for clip in of_one]) > 1]


def with_overlapping_frames(clips: Iterable[Clip]) -> list[list[Clip]]:
    """The groups of clips of one source whose ranges are not equal but overlap, of different subjects.

    Two movements of one person may overlap; a folder or video of aligned faces shows one person at a time.
    """
    of_source: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        of_source[os.path.realpath(clip.source)].append(clip)
    groups = (group for of_one in of_source.values() if _of_several(of_one) for group in _overlapping(of_one))
    return [group for group in groups if _of_several(group) and len(set(map(_range, group))) > 1]


def _of_several(clips: Sequence[Clip]) -> bool:
    return len({clip.group for clip in clips}) > 1


def _range(clip: Clip) -> tuple[float, float]:
    return clip.onset or 0, clip.offset or math.inf


def _overlapping(clips: Sequence[Clip]) -> Iterator[list[Clip]]:
    """The clips of one source in groups that have no frame in common with each other."""
    group: list[Clip] = []
    end = -math.inf
    for clip in sorted(clips, key=_range):
        onset, offset = _range(clip)
        if group and onset > end:
            yield group
            group = []
        group.append(clip)
        end = max(end, offset)
    yield group


def equal_frames(clips: Sequence[Clip], *, contents: bool) -> Iterator[Finding]:
    """A finding for each group of clips with equal frames, which count as several clips.

    So there is for clips of different subjects that share some frames.
    """
    for group in with_equal_frames(clips, contents=contents):
        where = " and ".join(f"{clip.subject} {clip.name}" for clip in group)
        sources = sorted({str(clip.source) for clip in group})
        found = f"equal files in {' and '.join(sources)}" if len(sources) > 1 else f"the same frames of {sources[0]}"
        remedy = "give each clip its own frames, or leave out all but one of them; otherwise one clip counts as several"
        yield Finding("differs", where, "frames of its own for each clip", found, remedy)
    for group in with_overlapping_frames(clips):
        where = " and ".join(f"{clip.subject} {clip.name}" for clip in group)
        ranges = " and ".join(f"{clip.onset} to {clip.offset}" for clip in group)
        remedy = "correct the subject or the frame numbers; otherwise one person is trained on and tested on"
        found = f"frames {ranges} of {group[0].source}"
        yield Finding("differs", where, "frames of its own for each subject", found, remedy)


def _parts(
    group: list[list[Clip]], key: Callable[[Clip, list[Path]], Hashable], opened: Opener
) -> list[list[list[Clip]]]:
    """A group by the key of its files; what cannot be read is like nothing else, and other findings say so."""
    if len(group) == 1:
        return [group]
    parts: dict[Hashable, list[list[Clip]]] = defaultdict(list)
    for of_one in group:
        try:
            parts[key(of_one[0], _files(of_one[0], opened))].append(of_one)
        except (OSError, ClipError):
            parts[of_one[0].key].append(of_one)
    return list(parts.values())


def _files(clip: Clip, opened: Opener) -> list[Path]:
    """The images of a clip from onset to offset, or its one file."""
    if not clip.source.is_dir():
        return [clip.source]
    folder = opened(clip.source)
    assert isinstance(folder, ImageFolder)
    return [folder.file(each) for each in folder.numbers if (clip.onset or 0) <= each <= (clip.offset or each)]


def _outline(clip: Clip, files: Sequence[Path]) -> Hashable:
    """What clips with equal frames share, without the content of files."""
    if not files:
        return clip.key
    moments = None if clip.source.is_dir() else (clip.onset, clip.offset)
    return moments, len(files), files[0].stat().st_size, files[-1].stat().st_size


def _of_first(clip: Clip, files: Sequence[Path]) -> Hashable:
    return _digest(clip, files[:1])


def _digest(_: Clip, files: Sequence[Path]) -> Hashable:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.stat().st_size.to_bytes(8, "little"))
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.digest()
