"""A spotted movement: its frames, the part of the face that moves, and its kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from merlab.vocabulary import WithheldReason

# micro: brief and small. macro: it lasts longer than a micro-expression, and returns. other: something else than an
# expression, such as a hand in front of the face.
MovementKind = Literal["micro", "macro", "other"]
# event: above the threshold. weak: below it, so uncertain that it is listed apart.
EventTier = Literal["event", "weak"]
# What a movement of the kind other is.
REPEATED: WithheldReason = "movement repeats"
TOO_LARGE: WithheldReason = "movement too large"
PART_OF_LONGER: WithheldReason = "part of a longer movement"


@dataclass(frozen=True)
class SpottedEvent:
    """A spotted movement; frames are numbered from 1.

    Attributes:
        onset, apex, offset: where it begins, is largest, and has returned.
        peak: the frame of the highest score.
        score: its height, in units of noise; that of a micro-expression times its likeness (see ``likeness``).
        part: the part of the face (of PARTS) whose movement has the largest score.
        px: how far the blocks that move most are from where they were before and are after; up to a fifth too
            small (see ``motion``).
        kind: what it is.
        why_other: why its kind is other, in words; empty for the other kinds.
        long: whether it was found as a macro-expression, which one of the kind other may have been.

    """

    onset: int
    apex: int
    offset: int
    peak: int
    score: float
    part: str
    px: float = 0.0
    kind: MovementKind = "micro"
    why_other: str = ""
    long: bool = False

    def duration(self, fps: float) -> float:
        """Seconds from onset to offset."""
        return (self.offset - self.onset) / fps

    @property
    def middle(self) -> range:
        """The frames in which the movement is more than half way."""
        return range((self.onset + self.apex) // 2, (self.apex + self.offset) // 2 + 1)

    def is_same(self, other: SpottedEvent) -> bool:
        """Whether the two share half of the frames of both together."""
        shared = min(self.offset, other.offset) - max(self.onset, other.onset) + 1
        return 2 * shared >= max(self.offset, other.offset) - min(self.onset, other.onset) + 1

    def overlaps(self, other: SpottedEvent) -> bool:
        """Whether the two have a frame in common."""
        return self.onset <= other.offset and other.onset <= self.offset


class Movement(Protocol):
    """What is known of a movement of one face, by whatever reports it."""

    @property
    def onset(self) -> int:
        """The frame in which it begins."""

    @property
    def offset(self) -> int:
        """The frame in which it has returned."""

    @property
    def long(self) -> bool:
        """Whether it was found as a macro-expression."""


def are_one(movement: Movement, other: Movement) -> bool:
    """Whether two windows, or two chunks of a video, report one movement of a face, whose peak is near their border.

    The two have a frame in common; a brief movement within a long one is another.
    """
    return movement.onset <= other.offset and other.onset <= movement.offset and movement.long == other.long


def without_repeated(
    events: Sequence[SpottedEvent],
    clear: Sequence[SpottedEvent],
    pause: int,
    repeats: float,
    long: Sequence[SpottedEvent] = (),
) -> list[SpottedEvent]:
    """The events; those that are one of ``repeats`` or more movements in a row become of the kind other.

    In a row, each begins at most ``pause`` frames after all before it have ended. The movements are the ``clear`` ones,
    and the ``long`` ones; a long one in which a clear one is largest is the same movement, and counts once. Where one
    of a row is too large for a micro-expression, one movement less is enough: speech and chewing move so far.
    """
    own = [event for event in long if not any(event.onset <= other.apex <= event.offset for other in clear)]
    spans = [
        (row[0].onset, max(event.offset for event in row))
        for row in _rows(sorted([*clear, *long], key=lambda event: event.onset), pause)
        if _weight([event for event in row if event in clear or event in own]) >= repeats
    ]
    return [
        replace(event, kind="other", why_other=event.why_other or REPEATED)
        if any(begin <= event.apex <= last for begin, last in spans)
        else event
        for event in events
    ]


def _rows(events: Iterable[SpottedEvent], pause: int) -> list[list[SpottedEvent]]:
    """The events, in the order of their onsets, divided where one begins more than ``pause`` frames after the end."""
    rows: list[list[SpottedEvent]] = []
    end = 0
    for event in events:
        if not rows or event.onset - end > pause:
            rows.append([])
        rows[-1].append(event)
        end = max(end, event.offset)
    return rows


def _weight(row: Sequence[SpottedEvent]) -> int:
    """How many movements a row counts as."""
    return len(row) + any(event.why_other == TOO_LARGE for event in row)


def without_parts(brief: Sequence[SpottedEvent], macro: Sequence[SpottedEvent]) -> list[SpottedEvent]:
    """The brief movements; those with their apex in a clearer macro-expression, or a long one of speech, become other.

    They are steps of its rise or fall, which is rarely smooth. All are of one half of the face.
    """
    return [
        replace(event, kind="other", why_other=event.why_other or PART_OF_LONGER)
        if any(
            (whole.kind == "macro" or whole.why_other == REPEATED)
            and whole.score > event.score
            and whole.onset <= event.apex <= whole.offset
            for whole in macro
        )
        else event
        for event in brief
    ]
