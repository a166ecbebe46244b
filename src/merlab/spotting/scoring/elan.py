"""Events from an annotation document of ELAN (.eaf)."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pandas as pd

from merlab.elan.reading import (
    ROUNDING_MS,
    ElanAnnotation,
    ElanDocument,
    notes_on_entries,
    outermost,
    read_elan,
)
from merlab.elan.tier_names import machine_face, machine_kind, with_further
from merlab.errors import MerlabError
from merlab.spotting.scoring.kinds import KIND, KINDS, MICRO, kind_of
from merlab.spotting.written_text import is_machine_text, marked_kind
from merlab.table_files.action_units import has_only_units, states_units
from merlab.table_files.cells import CellTable

SUFFIX = ".eaf"


def read_annotations(
    path: Path,
    fps: float | None,
    tier: str | None,
    rates: Mapping[str, float] | None,
    first_of: Callable[[str], int | None] | None,
) -> CellTable:
    """The annotations of one tier as events: video, onset and offset in frames, what a text says, and merlab's face_id.

    A text of an annotation that is a kind (micro, macro) is the kind, one of action units, such as ``6+12``, these, any
    other the emotion; where only numbers are on the tier, they may be classes, and are emotions. Without ``tier``, the
    only tier with annotations is read, or that within which the others are, or the tiers of movements of merlab.
    With a tier of movements of merlab, those are read that hold what overlaps on it. Times are those of the first
    linked video: a TIME_ORIGIN is added. Its frames per second are those of ``rates``, by the name of the video, or
    ``fps``; its first frame has the number that ``first_of`` gives, or 1.

    Raises MerlabError for a file that cannot be read, several tiers to choose from, an annotation without times or
    before the video, and without frames per second.
    """
    document = read_elan(path)
    # Annotations that belong to others have no times of their own.
    own = {tier.name: [each for each in tier.annotations if not each.parent] for tier in document.tiers}
    annotated = {name: each for name, each in own.items() if each}
    chosen, by_merlab, unread = _chosen(path, annotated, tier, [each.name for each in outermost(document.tiers)])
    has_kinds = by_merlab and any(marked_kind(each.value) for name in chosen for each in annotated[name])
    video, origin, notes = _media(document)
    notes = (*notes, *unread, *notes_on_entries(document, [each for each in document.tiers if each.name in chosen]))
    listed = unicodedata.normalize("NFC", video)
    rate, first = (rates or {}).get(listed, fps), first_of(listed) if first_of else None
    if rate is None:
        raise MerlabError(
            f"{path} has times and no frames; give the frames per second of its video, {video} (--fps, or a column fps "
            "of that video in the list of videos)"
        )
    has_units = any(states_units(each.value) for name in chosen for each in annotated[name])
    rows, places = [], []
    for name, annotation in ((each, annotation) for each in chosen for annotation in annotated[each]):
        onset, offset = (frame + (1 if first is None else first) for frame in _frames(path, annotation, origin, rate))
        text = "" if by_merlab or is_machine_text(annotation.value) else annotation.value
        kind = (marked_kind(annotation.value) or MICRO) if has_kinds else _stated_kind(text)
        units = text if has_units and has_only_units(text) else ""
        emotion = "" if kind or units else text
        rows.append((video, str(onset), str(offset), machine_face(name), kind, units, emotion))
        places.append(f"annotation {annotation.name}")
    optional = ("face_id", KIND, "action_units", "emotion")
    cells = pd.DataFrame(rows, columns=["video", "onset", "offset", *optional], dtype=object)
    unused = [column for column in optional if (cells[column] == "").all()]
    return CellTable(str(path), cells.drop(columns=unused), tuple(places), notes)


def _chosen(
    path: Path, annotated: Collection[str], tier: str | None, outer: Collection[str]
) -> tuple[list[str], bool, list[str]]:
    """The tiers to read, whether merlab wrote them, and a note on those within them that are not read.

    ``outer`` are the tiers that are within no other.
    """
    names = ", ".join(map(repr, annotated)) or "none"
    if tier is not None:
        if tier not in annotated:
            raise MerlabError(f"{path} has no tier {tier!r} with annotations; its tiers are {names}")
        return with_further(tier, annotated), machine_kind(tier) is not None, []
    movements = [name for name in annotated if machine_kind(name) == "events"]
    if movements and all(map(machine_kind, annotated)):
        return movements, True, []
    chosen = [name for name in annotated if name in outer] or list(annotated)
    if len(chosen) > 1:
        raise MerlabError(f"{path} has several tiers with annotations: {names}; choose one (--tier)")
    left = ", ".join(name for name in annotated if name not in chosen)
    return chosen, False, [f"{path}: tiers that were not read: {left}"] if left else []


def _frames(path: Path, annotation: ElanAnnotation, origin: int, fps: float) -> tuple[int, int]:
    """The frames shown at its begin and end, from 0; ``origin`` is where its time line starts in the video, ms.

    Raises MerlabError if they cannot be frames of the video.
    """
    begin, end, where = annotation.begin_ms, annotation.end_ms, f"{path}, annotation {annotation.name}"
    if begin is None or end is None:
        raise MerlabError(f"{where}: it has no times; align it in ELAN, or remove it")
    if end <= begin:
        raise MerlabError(f"{where}: it begins at {begin} ms and ends at {end} ms; correct it in ELAN")
    # A time up to a millisecond before a frame means that frame, as in coding: ELAN has whole milliseconds.
    rounding = min(ROUNDING_MS, 500 / fps)
    onset, offset = (math.floor((time + origin + rounding) * fps / 1000) for time in (begin, end))
    if onset < 0:
        raise MerlabError(
            f"{where}: it begins {-begin - origin} ms before the first linked video (its TIME_ORIGIN is {origin} ms); "
            "correct the offset of the video in ELAN, or the annotation"
        )
    return onset, onset if annotation.is_one_frame(1000 / fps) else offset


def _stated_kind(text: str) -> str:
    """The kind that an annotation states; empty for an emotion, such as other."""
    return next((kind for kind in KINDS if kind_of(text) == kind), "")


def _media(document: ElanDocument) -> tuple[str, int, tuple[str, ...]]:
    """The name of the first linked video (else of the document), the time at which it begins (ms), and a note.

    A sound is not a video, wherever it is in the list.
    """
    stem, media = document.path.stem, document.media
    if not media:
        return stem, 0, ()
    first = (document.videos or media)[0]
    name = first.name or stem
    several = f"{document.path}: {len(media)} media are linked; the times are those of the first video, {name}"
    return name, first.origin_ms, (several,) if len(media) > 1 else ()
