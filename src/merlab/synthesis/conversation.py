"""Plan a recording of a conversation: micro-expressions among macro-expressions and distractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from merlab.synthesis.canvas_layout import FPS, Stream, random_stream
from merlab.synthesis.distractions import Cut, Distraction, sample_distraction, sample_macro
from merlab.synthesis.identity import Identity
from merlab.synthesis.movement import PlannedEvent
from merlab.synthesis.presets import DistractionRates
from merlab.synthesis.timetable import free_time, starts_of
from merlab.vocabulary import DISTRACTION_KINDS, DistractionKind

# At least so many ticks are between two movements, or between a movement and a hand or a cut.
GAP = 120
# Movements and distractions of the face take up at most this share of the time; the rest is a neutral face.
BUSY = 0.8
# Distractions that do not need the face for themselves: they may coincide with anything.
ANYTIME: tuple[DistractionKind, ...] = ("slow light", "sudden light", "second person")
# While these last, a micro-expression may be shown.
HOSTS: tuple[DistractionKind, ...] = ("talking", "chewing")
HOST_MARGIN = 60


@dataclass(frozen=True)
class Slot:
    """Something that happens to the face alone, and the micro-expression that may be shown meanwhile."""

    item: PlannedEvent | Distraction
    guest: PlannedEvent | None = None


def plan_conversation(
    identity: Identity, micros: Sequence[PlannedEvent], ticks: int, rates: DistractionRates
) -> tuple[list[PlannedEvent], tuple[Distraction, ...]]:
    """Give times to the micro-expressions, and add macro-expressions and distractions at these rates.

    Only one thing happens to the face at a time, except for some micro-expressions while the subject talks or chews.
    Changes of the light and a second person may coincide with anything. If there is little time, some distractions are
    left out, but no micro-expression is. Both lists are sorted by their onsets.
    """
    rng = random_stream(identity.seed, Stream.TIMETABLE, identity.subject)
    fitting = _that_fit(micros, _wanted(rng, identity, ticks, rates), ticks)
    slots = _slots(rng, micros, fitting, rates.beside)
    starts = starts_of(rng, [slot.item.length for slot in slots], ticks, GAP)
    events: list[PlannedEvent] = []
    distractions: list[Distraction] = []
    for slot, start in zip(slots, starts, strict=True):
        placed = slot.item.moved_to(start)
        if isinstance(placed, PlannedEvent):
            events.append(placed)
        else:
            distractions.append(placed)
        if slot.guest is not None:
            latest = placed.offset - HOST_MARGIN - slot.guest.length
            events.append(slot.guest.moved_to(int(rng.integers(start + HOST_MARGIN, latest + 1))))
    for kind in ANYTIME:
        distractions += _independent(rng, _sampled(rng, identity, kind, ticks, rates), ticks)
    distractions.sort(key=lambda each: (each.onset, each.kind))
    return sorted(events, key=lambda event: event.onset), tuple(_until_the_next_cut(distractions))


def _wanted(
    rng: np.random.Generator, identity: Identity, ticks: int, rates: DistractionRates
) -> list[PlannedEvent | Distraction]:
    """The macro-expressions and distractions that need the face for themselves, in random order."""
    count = _count(rng, rates.macro, ticks)
    streams = (random_stream(identity.seed, Stream.MACRO, identity.subject, number) for number in range(count))
    wanted: list[PlannedEvent | Distraction] = [sample_macro(stream, identity) for stream in streams]
    for kind in DISTRACTION_KINDS:
        if kind not in ANYTIME:
            wanted += _sampled(rng, identity, kind, ticks, rates)
    return [wanted[index] for index in rng.permutation(len(wanted))]


def _sampled(
    rng: np.random.Generator, identity: Identity, kind: DistractionKind, ticks: int, rates: DistractionRates
) -> list[Distraction]:
    if kind == "glasses" and not identity.appearance.glasses:
        return []
    count = _count(rng, rates.per_minute.get(kind, 0.0), ticks)
    return [sample_distraction(identity, kind, number) for number in range(count)]


def _count(rng: np.random.Generator, per_minute: float, ticks: int) -> int:
    """The expected number, rounded up or down at random."""
    return int(per_minute * ticks / FPS / 60 + rng.random())


def _that_fit(
    micros: Sequence[PlannedEvent], wanted: Sequence[PlannedEvent | Distraction], ticks: int
) -> list[PlannedEvent | Distraction]:
    """Those of ``wanted``, in their order, for which there is time beside the micro-expressions."""
    free = BUSY * ticks - sum(micro.length + GAP for micro in micros) - GAP
    kept: list[PlannedEvent | Distraction] = []
    for each in wanted:
        if each.length + GAP <= free:
            free -= each.length + GAP
            kept.append(each)
    return kept


def _slots(
    rng: np.random.Generator,
    micros: Sequence[PlannedEvent],
    others: Sequence[PlannedEvent | Distraction],
    beside: float,
) -> list[Slot]:
    """Everything in random order; each micro-expression is shown alone, or at probability ``beside`` with a host."""
    hosts = [each for each in others if isinstance(each, Distraction) and each.kind in HOSTS]
    slots = [Slot(each) for each in others if each not in hosts]
    for micro in micros:
        suited = [host for host in hosts if host.length >= micro.length + 2 * HOST_MARGIN]
        if suited and rng.random() < beside:
            slots.append(Slot(suited[0], micro))
            hosts.remove(suited[0])
        else:
            slots.append(Slot(micro))
    slots += [Slot(host) for host in hosts]
    return [slots[index] for index in rng.permutation(len(slots))]


def _independent(rng: np.random.Generator, items: Sequence[Distraction], ticks: int) -> list[Distraction]:
    """Those that fit one after the other, with times of their own."""
    kept: list[Distraction] = []
    for each in items:
        if free_time([item.length for item in (*kept, each)], ticks, GAP) >= 0:
            kept.append(each)
    starts = starts_of(rng, [each.length for each in kept], ticks, GAP)
    return [each.moved_to(start) for each, start in zip(kept, starts, strict=True)]


def _until_the_next_cut(distractions: Sequence[Distraction]) -> list[Distraction]:
    """The same distractions; each cut ends where the next one begins."""
    moments = [each.onset for each in distractions if isinstance(each, Cut)]
    return [
        replace(each, until=next((moment for moment in moments if moment > each.onset), None))
        if isinstance(each, Cut)
        else each
        for each in distractions
    ]
