"""Events of a coder from another program, before they are decisions about a result."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from merlab.coding.decisions import Coding, Decision, Verdict
from merlab.coding.file import read_coding
from merlab.coding.material import MachineEvent, Material
from merlab.spotting.scoring.matching import match

_Frames = tuple[int, int, int]


@dataclass(frozen=True)
class FoundEvent:
    """An event as a coder marked it: see Decision; ``event`` is empty where it names no movement of the result.

    ``rejected``: the coder decided that ``event`` is not a movement.
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


@dataclass(frozen=True)
class Imported:
    """What a file holds: the decisions of its coders, and what a user should know, in sentences."""

    coding: Coding
    notes: tuple[str, ...] = ()


def decisions_about(material: Material, found: Sequence[FoundEvent], time: str) -> Coding:
    """The decisions of which events are the result.

    An event that names no movement of the result is about the movement of its face with which its overlap (IoU) is
    0.5 or more, if there is one: it accepts the movement where the frames are the same, and moves it elsewhere. All
    other events are the coder's own, and so are those that coding.csv has as such already. Raises MerlabError for two
    events about the same movement.
    """
    known = {_frames(each) for each in read_coding(material).decisions if each.decision == "add"}
    linked = []
    for coder, face in dict.fromkeys((each.coder, each.face_id) for each in found):
        linked += _linked(material, [each for each in found if (each.coder, each.face_id) == (coder, face)], known)
    return Coding(tuple(_decision(material, event, time) for event in linked)).sorted()


def _linked(material: Material, found: Sequence[FoundEvent], known: Container[_Frames]) -> list[FoundEvent]:
    """The events of one coder and face, with the movements that they are about."""
    named = {each.event for each in found}
    free = [each for each in found if not each.event and _frames(each) not in known]
    machine = [each for each in material.events if each.face_id == found[0].face_id and each.event not in named]
    hits = dict(match(_intervals(free), _intervals(machine)))
    about = [replace(each, event=machine[hits[row]].event) if row in hits else each for row, each in enumerate(free)]
    return [*(each for each in found if each.event or _frames(each) in known), *about]


def _frames(event: FoundEvent | Decision) -> _Frames:
    return event.face_id, event.onset, event.offset


def _intervals(events: Sequence[FoundEvent] | Sequence[MachineEvent]) -> list[tuple[int, int]]:
    return [(each.onset, each.offset) for each in events]


def _decision(material: Material, found: FoundEvent, time: str) -> Decision:
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


def _verdict(material: Material, found: FoundEvent) -> Verdict:
    if found.rejected:
        return "reject"
    if not found.event:
        return "add"
    machine = material.by_name.get(found.event)
    if machine is None or (found.onset, found.offset) != (machine.onset, machine.offset):
        return "move"
    return "accept" if found.apex in (None, machine.apex) else "move"
