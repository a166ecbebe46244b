"""Writes annotation documents of ELAN (EAF 3.0).

The format is that of ELAN itself: a header that links the video, time slots in milliseconds in ascending order, tiers
of annotations that refer to two slots each, tiers of notes that refer to one annotation each, and their types.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TypeVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from merlab.elan.media_types import UNKNOWN, video_type
from merlab.storage import whole_file

FORMAT = "3.0"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = f"http://www.mpi.nl/tools/elan/EAFv{FORMAT}.xsd"
# The type of the tiers with times, and that of the notes that belong to their annotations.
MOVEMENT, NOTE, ASSOCIATION = "movement", "note", "Symbolic_Association"
# The folder of a document that will be read on another machine.
NOWHERE = Path("/")
# All but the characters that XML 1.0 allows.
UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Item = TypeVar("Item")


@dataclass(frozen=True)
class Annotation:
    """A text and its interval on the time line, ms; ``notes`` are the texts that belong to it, by their kind."""

    begin: int
    end: int
    value: str
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tier:
    """Annotations without overlap; ``notes`` maps each kind of their notes to the name of the tier that gets them."""

    name: str
    annotations: Sequence[Annotation]
    participant: str = ""
    annotator: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Links:
    """What a document links: the video, and the names of other files beside the document.

    ``home`` is the folder of the document, from which links are relative. ELAN looks for a file where it was, then
    where the relative link leads from where the document is now.
    """

    home: Path
    video: Path
    beside: Sequence[str] = ()


def annotation_of(begin_ms: float, end_ms: float, value: str, notes: Mapping[str, str] | None = None) -> Annotation:
    """An annotation at whole milliseconds, at least one long: ELAN has no shorter annotations."""
    begin = round(begin_ms)
    return Annotation(begin, max(begin + 1, round(end_ms)), value, notes or {})


def on_tiers(items: Iterable[Item], follows: Callable[[Item, Item], bool]) -> list[list[Item]]:
    """The items on one tier or more, each on the first that has place: those of a tier must not overlap in ELAN.

    ``follows(before, item)``: whether an item may be on the tier after the last one that is there.
    """
    tiers: list[list[Item]] = [[]]
    for item in items:
        free = next((tier for tier in tiers if not tier or follows(tier[-1], item)), None)
        if free is None:
            tiers.append([item])
        else:
            free.append(item)
    return tiers


def write_document(path: Path, tiers: Sequence[Tier], links: Links, *, author: str, date: str) -> None:
    """Write an .eaf file; ``date`` is in the form of ISO 8601."""
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": printable(author),
            "DATE": date,
            "FORMAT": FORMAT,
            "VERSION": FORMAT,
            f"{{{INSTANCE}}}noNamespaceSchemaLocation": SCHEMA,
        },
    )
    header = SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    _add_links(header, links)
    last = SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"})
    last.text = str(_add_tiers(root, tiers))
    _add_types(root, with_notes=any(tier.notes for tier in tiers))
    ElementTree.register_namespace("xsi", INSTANCE)
    ElementTree.indent(root)
    with whole_file(path) as aside:
        aside.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def beside(name: str) -> Path:
    """A file of this name beside the document, whose folder is not known: the links name no folder of this machine."""
    return NOWHERE / name


def file_address(path: Path) -> str:
    """``file:///home/a/b c.csv``: the address of a file as ELAN writes and reads it, in plain characters."""
    full = PureWindowsPath(path) if _is_of_windows(path) else path.resolve()
    return "file:///" + full.as_posix().lstrip("/")


def _is_of_windows(path: Path) -> bool:
    """Whether a path is one of Windows and this is another system: the result was made there."""
    return PureWindowsPath(path).is_absolute() and not path.is_absolute()


def printable(value: str) -> str:
    """The text without the characters that XML cannot hold, also that of spreadsheets."""
    return UNPRINTABLE.sub("\ufffd", value)


def _add_links(header: Element, links: Links) -> None:
    home = links.home.resolve()
    video = links.video if _is_of_windows(links.video) else links.video.resolve()
    media = {"MEDIA_URL": file_address(video), "MIME_TYPE": video_type(video.name)}
    # Windows has no relative path from one drive to another.
    with suppress(ValueError):
        media["RELATIVE_MEDIA_URL"] = "./" + _relative(video, home)
    SubElement(header, "MEDIA_DESCRIPTOR", {key: printable(text) for key, text in media.items()})
    for name in links.beside:
        kind = "text/xml" if name.endswith(".xml") else UNKNOWN
        file = {"LINK_URL": file_address(home / name), "MIME_TYPE": kind, "RELATIVE_LINK_URL": f"./{name}"}
        SubElement(header, "LINKED_FILE_DESCRIPTOR", {key: printable(text) for key, text in file.items()})


def _relative(video: Path, home: Path) -> str:
    """The path of the video from ``home``; beside it where the video is on another system."""
    if _is_of_windows(video):
        return PureWindowsPath(video).name
    return Path(os.path.relpath(video, home)).as_posix()


def _add_tiers(root: Element, tiers: Sequence[Tier]) -> int:
    """Add the time slots and the tiers; returns the number of annotations."""
    every = [annotation for tier in tiers for annotation in tier.annotations]
    slots = _add_slots(SubElement(root, "TIME_ORDER"), every)
    numbers, note_numbers = itertools.count(1), itertools.count(len(every) + 1)
    for tier in tiers:
        element = _add_tier(root, tier, tier.name, {"LINGUISTIC_TYPE_REF": MOVEMENT})
        numbered = [(next(numbers), annotation) for annotation in tier.annotations]
        for number, annotation in numbered:
            refs = {f"TIME_SLOT_REF{side}": slots[number, side] for side in (1, 2)}
            _add_annotation(element, "ALIGNABLE_ANNOTATION", number, refs, annotation.value)
        for kind, name in tier.notes.items():
            element = _add_tier(root, tier, name, {"LINGUISTIC_TYPE_REF": NOTE, "PARENT_REF": printable(tier.name)})
            notes = [(number, each.notes[kind]) for number, each in numbered if kind in each.notes]
            for number, note in notes:
                refs = {"ANNOTATION_REF": f"a{number}"}
                _add_annotation(element, "REF_ANNOTATION", next(note_numbers), refs, note)
    return next(note_numbers) - 1


def _add_slots(order: Element, annotations: Sequence[Annotation]) -> dict[tuple[int, int], str]:
    """The name of the slot at the begin (1) and at the end (2) of each annotation, by its number.

    The slots ascend, and no two annotations share one: a shared slot would move both.
    """
    numbered = list(enumerate(annotations, start=1))
    ends = [(each.begin, 1, number) for number, each in numbered] + [(each.end, 2, number) for number, each in numbered]
    slots = {}
    for position, (ms, side, number) in enumerate(sorted(ends), start=1):
        slots[number, side] = f"ts{position}"
        SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{position}", "TIME_VALUE": str(ms)})
    return slots


def _add_tier(root: Element, tier: Tier, name: str, refs: Mapping[str, str]) -> Element:
    people = {"PARTICIPANT": tier.participant, "ANNOTATOR": tier.annotator}
    given = {key: printable(person) for key, person in people.items() if person}
    return SubElement(root, "TIER", {"TIER_ID": printable(name), **given, **refs})


def _add_annotation(tier: Element, kind: str, number: int, refs: Mapping[str, str], value: str) -> None:
    element = SubElement(SubElement(tier, "ANNOTATION"), kind, {"ANNOTATION_ID": f"a{number}", **refs})
    SubElement(element, "ANNOTATION_VALUE").text = printable(value)


def _add_types(root: Element, *, with_notes: bool) -> None:
    types = {MOVEMENT: {"TIME_ALIGNABLE": "true"}}
    if with_notes:
        types[NOTE] = {"TIME_ALIGNABLE": "false", "CONSTRAINTS": ASSOCIATION}
    for name, attributes in types.items():
        SubElement(root, "LINGUISTIC_TYPE", {"LINGUISTIC_TYPE_ID": name, "GRAPHIC_REFERENCES": "false", **attributes})
    if with_notes:
        description = "1-1 association with a parent annotation"
        SubElement(root, "CONSTRAINT", {"DESCRIPTION": description, "STEREOTYPE": ASSOCIATION})
