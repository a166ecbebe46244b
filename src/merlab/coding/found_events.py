"""Events of a coder from another program, before they are decisions about a result."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from merlab.coding.codable_result import CodableResult, MachineEvent
from merlab.coding.decisions import Coding, Decision, Verdict
from merlab.coding.file import read_coding
from merlab.errors import MerlabError
from merlab.spotting.scoring.matching import LEAST_IOU, iou, match
from merlab.table_files.action_units import require_units

_Frames = tuple[int, int, int]


@dataclass(frozen=True)
class FoundEvent:
    """An event as a coder marked it: see Decision; ``event`` is empty where it names no movement of the result.

    ``rejected``: the coder decided that ``event`` is not a movement. ``emptied``: the coder took the apex of ``event``
    away; otherwise, an apex that is None was not marked.
    """

    face_id: int
    onset: int
    apex: int | None
    offset: int
    label: str = ""
    action_units: str = ""
    comment: str = ""
    coder: str = ""
    event: str = ""
    rejected: bool = False
    emptied: bool = False


@dataclass(frozen=True)
class Imported:
    """What a file holds: the decisions of its coders, and what a user should know, in sentences."""

    coding: Coding
    notes: tuple[str, ...] = ()


def decisions_about(
    material: CodableResult, found: Sequence[FoundEvent], time: str, source: Path, coder: str | None = None
) -> Coding:
    """The decisions of which events are the result; ``source`` is the file that has them.

    ``coder`` is who they will be of, unless it is who the file states.

    An event that names no movement of the result is about the movement of its face with which its overlap (IoU) is
    0.5 or more, if there is one: it accepts the movement where the frames are the same, and moves it elsewhere. All
    other events are the coder's own, and so are those that coding.csv has as the coder's already. Raises MerlabError
    for two events about the same movement, and for a rejected one that is about none.
    """
    coding = read_coding(material)
    linked = []
    try:
        for name, face in dict.fromkeys((each.coder, each.face_id) for each in found):
            before = coding.of(name if coder is None else coder).decisions
            known = {_frames(each) for each in before if each.decision == "add"}
            linked += _linked(material, [each for each in found if (each.coder, each.face_id) == (name, face)], known)
        return Coding(tuple(_decision(material, event, time) for event in linked)).sorted()
    except MerlabError as error:
        raise MerlabError(f"{source}: {error}") from error


def _linked(material: CodableResult, found: Sequence[FoundEvent], known: Container[_Frames]) -> list[FoundEvent]:
    """The events of one coder and face, with the movements that they are about."""
    named = {each.event for each in found}
    free = [each for each in found if not each.event and _frames(each) not in known]
    machine = [each for each in material.events if each.face_id == found[0].face_id and each.event not in named]
    hits = dict(match(intervals(free), intervals(machine)))
    about = [_about(each, machine[hits[row]]) if row in hits else each for row, each in enumerate(free)]
    for each in about:
        if not each.event:
            _require_own(each, machine)
    return [*(each for each in found if each.event or _frames(each) in known), *about]


def _about(event: FoundEvent, machine: MachineEvent) -> FoundEvent:
    """The event with the movement that it is about; a rejection is of the movement as it was found."""
    if not event.rejected:
        return replace(event, event=machine.event)
    return replace(event, event=machine.event, onset=machine.onset, apex=machine.apex, offset=machine.offset)


def _require_own(event: FoundEvent, machine: Sequence[MachineEvent]) -> None:
    """Raises MerlabError for an event of a coder's own that is about a movement that another event is about."""
    frames = f"{event.onset} to {event.offset}"
    if event.rejected:
        raise MerlabError(f"the result has no movement in frames {frames} that could be rejected; correct the frames")
    overlaps = iou(intervals([event]), intervals(machine))[0]
    taken = [each.event for each, overlap in zip(machine, overlaps, strict=True) if overlap >= LEAST_IOU]
    if taken:
        raise MerlabError(f"two events are about {taken[0]}, one of them in frames {frames}; keep one of them")


def require_sound(event: FoundEvent) -> None:
    """Raises MerlabError for an apex outside of its event, and for a text that is no action unit."""
    if event.apex is not None and not event.onset <= event.apex <= event.offset:
        raise MerlabError(f"apex {event.apex} is not between onset {event.onset} and offset {event.offset}; correct it")
    require_units(event.action_units)


def _frames(event: FoundEvent | Decision) -> _Frames:
    return event.face_id, event.onset, event.offset


def intervals(events: Sequence[FoundEvent] | Sequence[MachineEvent]) -> list[tuple[int, int]]:
    """The first and the last frame of each event."""
    return [(each.onset, each.offset) for each in events]


def _decision(material: CodableResult, found: FoundEvent, time: str) -> Decision:
    verdict, machine = _verdict(material, found), material.by_name.get(found.event)
    return Decision(
        event=found.event,
        face_id=found.face_id,
        decision=verdict,
        onset=found.onset,
        apex=found.apex if machine is None or verdict == "move" else machine.apex,
        offset=found.offset,
        action_units=found.action_units,
        label=found.label,
        comment=found.comment,
        coder=found.coder,
        time=time,
    )


def _verdict(material: CodableResult, found: FoundEvent) -> Verdict:
    if found.rejected:
        return "reject"
    if not found.event:
        return "add"
    machine = material.by_name.get(found.event)
    if machine is None or (found.onset, found.offset) != (machine.onset, machine.offset):
        return "move"
    is_same = found.apex == machine.apex or (found.apex is None and not found.emptied)
    return "accept" if is_same else "move"
