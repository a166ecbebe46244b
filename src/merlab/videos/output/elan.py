"""Events as an annotation document of ELAN (EAF 3.0), the annotation tool of the Max Planck Institute.

The format is that of ELAN itself: a header that links the video, time slots in milliseconds in ascending order, tiers
of annotations that refer to two slots each, and one linguistic type.
"""

from __future__ import annotations

import itertools
import mimetypes
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from merlab.spotting.timing import Timing
from merlab.storage import whole_file
from merlab.videos.output.elan_curves import file_address, write_elan_curves
from merlab.videos.result import OVERLAY, VideoResult
from merlab.videos.rows import Event, WeakEvent

VERSION = "3.0"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = f"http://www.mpi.nl/tools/elan/EAFv{VERSION}.xsd"
LINGUISTIC_TYPE = "movement"
# The kinds that an annotation names; a movement without one is a micro-expression.
UNUSUAL = ("macro", "other")
# All but the characters that XML 1.0 allows.
UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Annotation(NamedTuple):
    """A text and its interval, ms."""

    begin: int
    end: int
    value: str


def write_elan(result: VideoResult, source: Path, home: Path | None = None) -> Path:
    """Write events.eaf beside the tables, linked to the video ``source``, and return its path.

    Each face has a tier of its events, from onset to offset (their kind unless it is micro, class and probability, or
    "no class" with the reasons, and the part that moves most), one of the apexes, each one frame long (the action units
    that the movement is consistent with), and one of the weak candidates. The names of the tiers carry the stamps of
    the result. Times are those at which a player shows the linked video: in slow motion, the real seconds of the tables
    times ``slowed``. ELAN cannot link a folder of images; overlay.mp4 then takes its place. ``home`` is the folder to
    which the result is moved afterwards, unless it stays where it is. The motion score of each face is linked as a
    curve, see ``elan_curves``.
    """
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": _text(f"merlab {result.metadata.versions['merlab']}"),
            "DATE": result.metadata.made.at,
            "FORMAT": VERSION,
            "VERSION": VERSION,
            f"{{{INSTANCE}}}noNamespaceSchemaLocation": SCHEMA,
        },
    )
    tiers, home = _tiers(result), home or result.folder
    _add_header(root, home, source, sum(map(len, tiers.values())), write_elan_curves(result, home))
    _add_tiers(root, tiers)
    ElementTree.SubElement(
        root,
        "LINGUISTIC_TYPE",
        {"LINGUISTIC_TYPE_ID": LINGUISTIC_TYPE, "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"},
    )
    ElementTree.register_namespace("xsi", INSTANCE)
    ElementTree.indent(root)
    with whole_file(result.files.elan) as aside:
        ElementTree.ElementTree(root).write(aside, encoding="utf-8", xml_declaration=True)
    return result.files.elan


def _tiers(result: VideoResult) -> dict[str, list[Annotation]]:
    """The annotations of each tier by its name; every face has two tiers, even one without events.

    Weak candidates have one of their own, where there are any.
    """
    stamps = "".join(f" [{stamp}]" for stamp in result.metadata.stamps)
    video = result.metadata.video
    tiers: dict[str, list[Annotation]] = {}
    for face in result.metadata.faces:
        rows, name = result.rows_of(face.face_id), f"face {face.face_id}"
        tiers |= _without_overlap(f"{name} events{stamps}", (_movement(row, video) for row in rows))
        tiers |= _without_overlap(f"{name} apexes{stamps}", (_apex(row, video) for row in rows))
        weak = result.weak_rows_of(face.face_id)
        if weak:
            tiers |= _without_overlap(f"{name} weak candidates{stamps}", (_weak(row, video) for row in weak))
    return tiers


def _movement(row: Event, video: Timing) -> Annotation:
    reasons, kind = f" ({row.withheld})" if row.withheld else "", f"{row.kind}: " if row.kind in UNUSUAL else ""
    return _annotation(row.onset_s, row.offset_s, video, f"{kind}{row.class_text}{reasons}; {row.part}")


def _weak(row: WeakEvent, video: Timing) -> Annotation:
    return _annotation(row.onset_s, row.offset_s, video, f"weak, score {row.score:.1f}; {row.part}")


def _apex(row: Event, video: Timing) -> Annotation:
    return _annotation(row.apex_s, row.apex_s + 1 / video.fps, video, row.action_units or "apex")


def _annotation(begin_s: float, end_s: float, video: Timing, value: str) -> Annotation:
    """From real seconds; at least 1 ms long: ELAN has no shorter annotations."""
    begin, end = (round(1000 * video.slowed * moment) for moment in (begin_s, end_s))
    return Annotation(begin, max(begin + 1, end), value)


def _without_overlap(name: str, annotations: Iterable[Annotation]) -> dict[str, list[Annotation]]:
    """The annotations on one tier or more: those of a tier must not overlap in ELAN."""
    rows: list[list[Annotation]] = [[]]
    for annotation in sorted(annotations):
        free = next((row for row in rows if not row or row[-1].end <= annotation.begin), None)
        if free is None:
            rows.append([annotation])
        else:
            free.append(annotation)
    return {f"{name} ({number})" if number > 1 else name: row for number, row in enumerate(rows, start=1)}


def _add_header(root: ElementTree.Element, folder: Path, source: Path, annotations: int, linked: Sequence[str]) -> None:
    header = ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    media = source if source.is_file() else folder / OVERLAY
    links = {"MEDIA_URL": media.resolve().as_uri(), "MIME_TYPE": mimetypes.guess_type(media.name)[0] or "unknown"}
    # Windows has no relative path from one drive to another.
    with suppress(ValueError):
        links["RELATIVE_MEDIA_URL"] = "./" + quote(Path(os.path.relpath(media, folder)).as_posix(), errors="replace")
    ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", links)
    for name in linked:
        kind = "text/xml" if name.endswith(".xml") else "unknown"
        address = {"LINK_URL": file_address(folder / name), "MIME_TYPE": kind, "RELATIVE_LINK_URL": f"./{name}"}
        ElementTree.SubElement(header, "LINKED_FILE_DESCRIPTOR", {key: _text(text) for key, text in address.items()})
    last = ElementTree.SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"})
    last.text = str(annotations)


def _add_tiers(root: ElementTree.Element, tiers: dict[str, list[Annotation]]) -> None:
    """Time slots in ascending order, two per annotation (a shared slot would move both), and the tiers."""
    every = list(enumerate((annotation for row in tiers.values() for annotation in row), start=1))
    ends = sorted((moment, number, end) for number, annotation in every for end, moment in enumerate(annotation[:2]))
    order = ElementTree.SubElement(root, "TIME_ORDER")
    slots = {}
    for position, (moment, number, end) in enumerate(ends, start=1):
        slots[number, end] = f"ts{position}"
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{position}", "TIME_VALUE": str(moment)})
    numbered = iter(every)
    for name, row in tiers.items():
        tier = ElementTree.SubElement(root, "TIER", {"TIER_ID": _text(name), "LINGUISTIC_TYPE_REF": LINGUISTIC_TYPE})
        for number, annotation in itertools.islice(numbered, len(row)):
            attributes = {
                "ANNOTATION_ID": f"a{number}",
                "TIME_SLOT_REF1": slots[number, 0],
                "TIME_SLOT_REF2": slots[number, 1],
            }
            element = ElementTree.SubElement(
                ElementTree.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", attributes
            )
            ElementTree.SubElement(element, "ANNOTATION_VALUE").text = _text(annotation.value)


def _text(value: str) -> str:
    """The text without the characters that XML cannot hold."""
    return UNPRINTABLE.sub("\ufffd", value)
