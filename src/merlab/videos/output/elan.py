"""Events as an annotation document of ELAN, the annotation tool of the Max Planck Institute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from merlab.elan.writing import Annotation, Links, Tier, annotation_of, on_tiers, write_document
from merlab.spotting.timing import Timing
from merlab.spotting.written_text import kind_mark
from merlab.videos.output.elan_curves import write_elan_curves
from merlab.videos.result import OVERLAY, VideoResult
from merlab.videos.rows import Event, WeakEvent


def write_elan(result: VideoResult, source: Path, home: Path | None = None) -> Path:
    """Write events.eaf beside the tables, linked to the video ``source``, and return its path.

    Each face has a tier of its events, from onset to offset (their kind unless it is micro, class and probability, or
    "no class" with the reasons, and the part with the largest score), one of the apexes, each one frame long (the
    action units that the movement is consistent with), and one of the weak candidates. The names of the tiers carry the
    stamps of the result. Times are those at which a player shows the linked video: in slow motion, the real seconds of
    the tables times ``slowed``. ELAN cannot link a folder of images; overlay.mp4 then takes its place. ``home`` is the
    folder to which the result is moved afterwards, unless it stays where it is: NOWHERE for files that will be read on
    another machine, beside the video. The motion score of each face is linked as a curve, see ``elan_curves``.
    """
    home = home or result.folder
    links = Links(home, home / OVERLAY if source.is_dir() else source, write_elan_curves(result, home))
    author = f"merlab {result.metadata.versions['merlab']}"
    write_document(result.files.elan, list(_tiers(result)), links, author=author, date=result.metadata.made.at)
    return result.files.elan


def _tiers(result: VideoResult) -> Iterator[Tier]:
    """Every face has two tiers, even one without events. Weak candidates have one of their own, where there are any.

    After each cut, every face is a new one: of more faces than are followed at once, only those with movements are
    listed.
    """
    stamps = "".join(f" [{stamp}]" for stamp in result.metadata.stamps)
    video = result.metadata.video
    faces = result.metadata.faces
    if len(faces) > result.metadata.settings.most_faces:
        moved = {row.face_id for row in (*result.rows, *result.weak_rows)}
        faces = tuple(face for face in faces if face.face_id in moved) or faces[:1]
    for face in faces:
        rows, name = result.rows_of(face.face_id), f"face {face.face_id}"
        yield from _without_overlap(f"{name} events{stamps}", (_movement(row, video) for row in rows))
        yield from _without_overlap(f"{name} apexes{stamps}", (_apex(row, video) for row in rows))
        weak = result.weak_rows_of(face.face_id)
        if weak:
            yield from _without_overlap(f"{name} weak candidates{stamps}", (_weak(row, video) for row in weak))


def _movement(row: Event, video: Timing) -> Annotation:
    reasons = f" ({row.withheld})" if row.withheld else ""
    value = f"{kind_mark(row.kind)}{row.class_text}{reasons}; {row.part}"
    return _annotation(row.onset_s, row.offset_s, video, value)


def _weak(row: WeakEvent, video: Timing) -> Annotation:
    return _annotation(row.onset_s, row.offset_s, video, f"weak, score {row.score:.1f}; {row.part}")


def _apex(row: Event, video: Timing) -> Annotation:
    return _annotation(row.apex_s, row.apex_s + 1 / video.fps, video, row.action_units or "apex")


def _annotation(begin_s: float, end_s: float, video: Timing, value: str) -> Annotation:
    """From real seconds."""
    return annotation_of(1000 * video.slowed * begin_s, 1000 * video.slowed * end_s, value)


def _without_overlap(name: str, annotations: Iterable[Annotation]) -> Iterator[Tier]:
    ordered = sorted(annotations, key=lambda each: (each.begin, each.end, each.value))
    for number, row in enumerate(on_tiers(ordered, lambda before, each: before.end <= each.begin), start=1):
        yield Tier(f"{name} ({number})" if number > 1 else name, row)
