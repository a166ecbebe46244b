"""A result and its coding as an annotation document of ELAN: tiers for the machine and for each coder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from merlab.coding import elan_tiers
from merlab.coding.codable_result import CodableResult, MachineEvent
from merlab.coding.decisions import Coding, Decision, now
from merlab.coding.elan_tiers import TierName
from merlab.coding.frame_clock import FrameClock
from merlab.elan.writing import Annotation, Links, Tier, annotation_of, on_tiers, write_document
from merlab.version import __version__
from merlab.videos.result import OVERLAY

MOVEMENT_NOTES = (elan_tiers.UNITS, elan_tiers.COMMENTS, elan_tiers.EVENTS)
# For comparisons of sums of floats.
SLACK_MS = 0.01
AnyEvent = TypeVar("AnyEvent", Decision, MachineEvent)


def write_elan(
    path: Path, material: CodableResult, coding: Coding, coders: Sequence[str], links: Links | None = None
) -> None:
    """Write an .eaf file with the tiers of the machine and of these coders, linked to the video of the result.

    Times are those at which a player shows the frames, to the millisecond. ELAN cannot link a folder of images;
    overlay.mp4 of the result then takes its place. A video that is no longer where it was is expected beside the file.
    ``links`` names other files than these.
    """
    tiers = [*_machine_tiers(material)]
    for coder in coders:
        of_face = _by_face(coding.of(coder).sorted().decisions)
        for face in material.faces:
            tiers += _coder_tiers(coder, face, of_face[face], material.clock)
    links = links or Links(path.parent, _video(material, path))
    write_document(path, tiers, links, author=f"merlab {__version__}", date=now())


def _video(material: CodableResult, path: Path) -> Path:
    source = material.source
    if source.is_dir():
        return material.folder / OVERLAY
    return source if source.exists() else path.with_name(material.video)


def notes_on_video(material: CodableResult) -> Iterator[str]:
    """A note where the video that takes the place of a folder of images is not there: `merlab spot` writes none."""
    if material.source.is_dir() and not (material.folder / OVERLAY).exists():
        yield (
            f"ELAN cannot show the folder of images {material.source}, and {material.folder} has no {OVERLAY}, to "
            "which the file is linked; make a video of the images and link it in ELAN (Edit, Linked Files)"
        )


def _machine_tiers(material: CodableResult) -> Iterator[Tier]:
    stamps = "".join(f" [{stamp}]" for stamp in material.stamps)
    of_face = _by_face(material.events)
    for face in material.faces:
        for lane, row in enumerate(_lanes(of_face[face], material.clock), start=1):
            number = f" ({lane})" if lane > 1 else ""
            movements = [_interval(each.onset, each.offset, each.described, material.clock) for each in row]
            apexes = [_frame(each.apex, each.action_units or "apex", material.clock) for each in row]
            yield Tier(f"face {face} events{stamps}{number}", movements, f"face {face}")
            yield Tier(f"face {face} apexes{stamps}{number}", apexes, f"face {face}")


def _by_face(events: Iterable[AnyEvent]) -> defaultdict[int, list[AnyEvent]]:
    of_face: defaultdict[int, list[AnyEvent]] = defaultdict(list)
    for event in events:
        of_face[event.face_id].append(event)
    return of_face


def _coder_tiers(coder: str, face: int, decisions: Sequence[Decision], clock: FrameClock) -> Iterator[Tier]:
    """The tiers of one coder and face: see ``elan_tiers``."""

    def named(kind: str, lane: int) -> str:
        return str(TierName(coder, face, kind, lane))

    for lane, row in enumerate(_lanes([each for each in decisions if each.is_movement], clock), start=1):
        notes = {kind: named(kind, lane) for kind in MOVEMENT_NOTES}
        movements = [_movement(each, clock) for each in row]
        apexes = [_frame(each.apex, "apex", clock) for each in row if each.apex is not None]
        yield Tier(named(elan_tiers.MOVEMENTS, lane), movements, f"face {face}", coder, notes)
        yield Tier(named(elan_tiers.APEXES, lane), apexes, f"face {face}", coder)
    rejected = [each for each in decisions if not each.is_movement]
    for lane, row in enumerate(_lanes(rejected, clock) if rejected else [], start=1):
        notes = {kind: named(kind, lane) for kind in elan_tiers.REJECTED_NOTES}
        rejections = [_rejection(each, clock) for each in row]
        yield Tier(named(elan_tiers.REJECTED, lane), rejections, f"face {face}", coder, notes)


def _movement(decision: Decision, clock: FrameClock) -> Annotation:
    texts = (decision.action_units, decision.comment, decision.event)
    return _interval(decision.onset, decision.offset, decision.label, clock, _notes(MOVEMENT_NOTES, texts))


def _rejection(decision: Decision, clock: FrameClock) -> Annotation:
    texts = (decision.label, decision.action_units, decision.comment)
    return _interval(decision.onset, decision.offset, decision.event, clock, _notes(elan_tiers.REJECTED_NOTES, texts))


def _notes(kinds: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    return {kind: text for kind, text in zip(kinds, texts, strict=True) if text}


def _lanes(events: Sequence[AnyEvent], clock: FrameClock) -> list[list[AnyEvent]]:
    """The events without overlap in one row or more, at least one; an apex may last until a frame after the offset."""

    def follows(before: AnyEvent, event: AnyEvent) -> bool:
        return clock.ms_of(before.offset) <= clock.ms_of(event.onset) - clock.step_ms + SLACK_MS

    return on_tiers(sorted(events, key=lambda each: each.onset), follows)


def _interval(
    onset: int, offset: int, value: str, clock: FrameClock, notes: Mapping[str, str] | None = None
) -> Annotation:
    return annotation_of(clock.ms_of(onset), clock.ms_of(offset), value, notes)


def _frame(frame: int, value: str, clock: FrameClock) -> Annotation:
    begin = clock.ms_of(frame)
    return annotation_of(begin, begin + clock.step_ms, value)
