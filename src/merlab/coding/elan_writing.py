"""A result and its coding as an annotation document of ELAN (EAF 3.0): tiers for the machine and for each coder."""

from __future__ import annotations

import itertools
import mimetypes
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from merlab.coding import elan_tiers
from merlab.coding.decisions import Coding, Decision, now
from merlab.coding.elan_tiers import TierName
from merlab.coding.frame_clock import FrameClock
from merlab.coding.material import MachineEvent, Material
from merlab.storage import whole_file
from merlab.version import __version__
from merlab.videos.output.elan import INSTANCE, LINGUISTIC_TYPE, SCHEMA, UNPRINTABLE, VERSION
from merlab.videos.result import OVERLAY

NOTE, ASSOCIATION = "note", "Symbolic_Association"
MOVEMENT_NOTES = (elan_tiers.UNITS, elan_tiers.COMMENTS, elan_tiers.EVENTS)
# For comparisons of sums of floats.
SLACK_MS = 0.01
Event = TypeVar("Event", Decision, MachineEvent)


@dataclass
class _Annotation:
    """An interval on the time line, ms, its text, and the texts that belong to it, by the kind of their tier."""

    begin: int
    end: int
    value: str
    notes: dict[str, str] = field(default_factory=dict)
    name: str = ""


@dataclass
class _Tier:
    """A tier with times; ``notes`` maps the kind of each dependent tier to its name."""

    name: str
    face_id: int
    annotations: list[_Annotation]
    annotator: str = ""
    notes: dict[str, str] = field(default_factory=dict)


def write_elan(path: Path, material: Material, coding: Coding, coders: Sequence[str]) -> None:
    """Write an .eaf file with the tiers of the machine and of these coders, linked to the video of the result.

    Times are those at which a player shows the frames, to the millisecond. ELAN cannot link a folder of images;
    overlay.mp4 of the result then takes its place.
    """
    tiers = [*_machine_tiers(material)]
    for coder in coders:
        for face in material.faces:
            own = [each for each in coding.of(coder).sorted().decisions if each.face_id == face]
            tiers += _coder_tiers(coder, face, own, material.clock)
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": f"merlab {__version__}",
            "DATE": now(),
            "FORMAT": VERSION,
            "VERSION": VERSION,
            f"{{{INSTANCE}}}noNamespaceSchemaLocation": SCHEMA,
        },
    )
    _add_header(root, path, material)
    _add_tiers(root, tiers)
    _add_types(root)
    ElementTree.register_namespace("xsi", INSTANCE)
    ElementTree.indent(root)
    with whole_file(path) as aside:
        ElementTree.ElementTree(root).write(aside, encoding="utf-8", xml_declaration=True)


def _machine_tiers(material: Material) -> Iterator[_Tier]:
    stamps = "".join(f" [{stamp}]" for stamp in material.stamps)
    for face in material.faces:
        events = [event for event in material.events if event.face_id == face]
        for lane, row in enumerate(_lanes(events, material.clock), start=1):
            number = f" ({lane})" if lane > 1 else ""
            movements = [_interval(each.onset, each.offset, each.described, material.clock) for each in row]
            apexes = [_frame(each.apex, each.action_units or "apex", material.clock) for each in row]
            yield _Tier(f"face {face} events{stamps}{number}", face, movements)
            yield _Tier(f"face {face} apexes{stamps}{number}", face, apexes)


def _coder_tiers(coder: str, face: int, decisions: Sequence[Decision], clock: FrameClock) -> Iterator[_Tier]:
    """The tiers of one coder and face: see ``elan_tiers``."""

    def named(kind: str, lane: int) -> str:
        return str(TierName(coder, face, kind, lane))

    for lane, row in enumerate(_lanes([each for each in decisions if each.is_movement], clock), start=1):
        notes = {kind: named(kind, lane) for kind in MOVEMENT_NOTES}
        movements = [_movement(each, clock) for each in row]
        apexes = [_frame(each.apex, "apex", clock) for each in row if each.apex is not None]
        yield _Tier(named(elan_tiers.MOVEMENTS, lane), face, movements, coder, notes)
        yield _Tier(named(elan_tiers.APEXES, lane), face, apexes, coder)
    rejected = [each for each in decisions if not each.is_movement]
    for lane, row in enumerate(_lanes(rejected, clock) if rejected else [], start=1):
        notes = {kind: named(kind, lane) for kind in elan_tiers.REJECTED_NOTES}
        yield _Tier(named(elan_tiers.REJECTED, lane), face, [_rejection(each, clock) for each in row], coder, notes)


def _movement(decision: Decision, clock: FrameClock) -> _Annotation:
    texts = (decision.action_units, decision.comment, decision.event)
    return _with_notes(_interval(decision.onset, decision.offset, decision.label, clock), MOVEMENT_NOTES, texts)


def _rejection(decision: Decision, clock: FrameClock) -> _Annotation:
    texts = (decision.label, decision.action_units, decision.comment)
    rejected = _interval(decision.onset, decision.offset, decision.event, clock)
    return _with_notes(rejected, elan_tiers.REJECTED_NOTES, texts)


def _with_notes(annotation: _Annotation, kinds: Sequence[str], texts: Sequence[str]) -> _Annotation:
    annotation.notes = {kind: text for kind, text in zip(kinds, texts, strict=True) if text}
    return annotation


def _lanes(events: Sequence[Event], clock: FrameClock) -> list[list[Event]]:
    """The events without overlap in one row or more, at least one; an apex may last until a frame after the offset."""
    rows: list[list[Event]] = [[]]
    for event in sorted(events, key=lambda each: each.onset):
        latest = clock.ms_of(event.onset) - clock.step_ms + SLACK_MS
        free = next((row for row in rows if not row or clock.ms_of(row[-1].offset) <= latest), None)
        if free is None:
            rows.append([event])
        else:
            free.append(event)
    return rows


def _interval(onset: int, offset: int, value: str, clock: FrameClock) -> _Annotation:
    """At least 1 ms long: ELAN has no shorter annotations."""
    begin = round(clock.ms_of(onset))
    return _Annotation(begin, max(begin + 1, round(clock.ms_of(offset))), value)


def _frame(frame: int, value: str, clock: FrameClock) -> _Annotation:
    begin = clock.ms_of(frame)
    return _Annotation(round(begin), max(round(begin) + 1, round(begin + clock.step_ms)), value)


def _add_header(root: Element, path: Path, material: Material) -> None:
    header = SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    media = (material.folder / OVERLAY if material.source.is_dir() else material.source).resolve()
    links = {"MEDIA_URL": media.as_uri(), "MIME_TYPE": mimetypes.guess_type(media.name)[0] or "unknown"}
    # Windows has no relative path from one drive to another.
    with suppress(ValueError):
        relative = Path(os.path.relpath(media, path.resolve().parent)).as_posix()
        links["RELATIVE_MEDIA_URL"] = "./" + quote(relative, errors="replace")
    SubElement(header, "MEDIA_DESCRIPTOR", links)


def _add_tiers(root: Element, tiers: Sequence[_Tier]) -> None:
    """Time slots in ascending order, two per annotation (a shared slot would move both), and the tiers."""
    every = [annotation for tier in tiers for annotation in tier.annotations]
    for number, annotation in enumerate(every, start=1):
        annotation.name = f"a{number}"
    slots = _add_slots(SubElement(root, "TIME_ORDER"), every)
    numbers = itertools.count(len(every) + 1)
    for tier in tiers:
        element = _add_tier(root, tier, tier.name, {"LINGUISTIC_TYPE_REF": LINGUISTIC_TYPE})
        for each in tier.annotations:
            refs = {f"TIME_SLOT_REF{side}": slots[each.name, side] for side in (1, 2)}
            _add_annotation(element, "ALIGNABLE_ANNOTATION", each.name, refs, each.value)
        for kind, name in tier.notes.items():
            element = _add_tier(root, tier, name, {"LINGUISTIC_TYPE_REF": NOTE, "PARENT_REF": _text(tier.name)})
            for each in tier.annotations:
                if kind in each.notes:
                    refs = {"ANNOTATION_REF": each.name}
                    _add_annotation(element, "REF_ANNOTATION", f"a{next(numbers)}", refs, each.notes[kind])
    last = SubElement(root[0], "PROPERTY", {"NAME": "lastUsedAnnotationId"})
    last.text = str(next(numbers) - 1)


def _add_slots(order: Element, annotations: Sequence[_Annotation]) -> dict[tuple[str, int], str]:
    """The name of the time slot at the begin (1) and at the end (2) of each annotation."""
    ends = [(each.begin, 1, each.name) for each in annotations] + [(each.end, 2, each.name) for each in annotations]
    slots = {}
    for position, (ms, side, name) in enumerate(sorted(ends), start=1):
        slots[name, side] = f"ts{position}"
        SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{position}", "TIME_VALUE": str(ms)})
    return slots


def _add_tier(root: Element, tier: _Tier, name: str, refs: dict[str, str]) -> Element:
    annotator = {"ANNOTATOR": _text(tier.annotator)} if tier.annotator else {}
    return SubElement(
        root, "TIER", {"TIER_ID": _text(name), "PARTICIPANT": f"face {tier.face_id}", **annotator, **refs}
    )


def _add_annotation(tier: Element, kind: str, name: str, refs: dict[str, str], value: str) -> None:
    element = SubElement(SubElement(tier, "ANNOTATION"), kind, {"ANNOTATION_ID": name, **refs})
    SubElement(element, "ANNOTATION_VALUE").text = _text(value)


def _add_types(root: Element) -> None:
    types = {LINGUISTIC_TYPE: {"TIME_ALIGNABLE": "true"}, NOTE: {"TIME_ALIGNABLE": "false", "CONSTRAINTS": ASSOCIATION}}
    for name, attributes in types.items():
        SubElement(root, "LINGUISTIC_TYPE", {"LINGUISTIC_TYPE_ID": name, "GRAPHIC_REFERENCES": "false", **attributes})
    description = "1-1 association with a parent annotation"
    SubElement(root, "CONSTRAINT", {"DESCRIPTION": description, "STEREOTYPE": ASSOCIATION})


def _text(value: str) -> str:
    """The text without the characters that XML cannot hold."""
    return UNPRINTABLE.sub("\ufffd", value)
