"""The decisions of coders: one row of coding.csv each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import Literal, get_args

from merlab.errors import MerlabError
from merlab.table_files.action_units import require_units, units_cell

# accept: the movement is right as it was found; reject: it is not a movement to be counted; move: it is one, in other
# frames; add: a movement that was not found.
Verdict = Literal["accept", "reject", "move", "add"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def is_rejection(word: str) -> bool:
    """Whether a cell says that a coder rejects a movement; an empty one does not.

    Raises MerlabError for a word that is none of VERDICTS, in any case.
    """
    if word and word.casefold() not in VERDICTS:
        raise MerlabError(f"{word!r} is not a decision; write one of {', '.join(VERDICTS)}")
    return word.casefold() == "reject"


# What a coder without initials is called.
NO_INITIALS = "(no initials)"
# Line breaks would end a row in many programs, and a tab a cell.
BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True)
class Decision:
    """What one coder decided about one movement.

    Raises MerlabError for what cannot be: an unknown verdict, frames out of order, action units that are not any.

    Attributes:
        event: the name of the movement in events.csv; empty for one of the coder's own (``add``).
        face_id: whose movement it is.
        decision: a word of VERDICTS.
        onset, apex, offset: frames as numbered in the source; an unknown apex is None.
        action_units: as ``L12+6``; empty where the coder set none.
        label: the coder's word for the movement; empty where the coder set none.
        comment: any text, on one line.
        coder: the initials of the coder; may be empty.
        time: when it was decided, ISO 8601; may be empty.

    """

    event: str
    face_id: int
    decision: Verdict
    onset: int
    apex: int | None
    offset: int
    action_units: str = ""
    label: str = ""
    comment: str = ""
    coder: str = ""
    time: str = ""

    def __post_init__(self) -> None:
        for field in ("event", "label", "comment", "coder", "time"):
            object.__setattr__(self, field, BREAKS.sub(" ", getattr(self, field)).strip())
        self._require_verdict()
        self._require_order()
        object.__setattr__(self, "action_units", units_cell(require_units(self.action_units)))
        _require_time(self.time)

    @property
    def is_movement(self) -> bool:
        """Whether the coder counts it as a movement."""
        return self.decision != "reject"

    @property
    def key(self) -> tuple[object, ...]:
        """What it is about: the same for two decisions of a coder of which only one can hold."""
        own = (self.face_id, self.onset, self.offset) if self.decision == "add" else ()
        return self.coder, self.event, own

    @property
    def place(self) -> str:
        """``e0003``, or the frames of an own event."""
        return self.event or f"own event at frames {self.onset} to {self.offset}"

    def same_as(self, other: Decision) -> bool:
        """Whether both say the same, whenever it was decided."""
        return replace(self, time="") == replace(other, time="")

    def _require_verdict(self) -> None:
        if self.decision not in VERDICTS:
            raise MerlabError(f"{str(self.decision)!r} is not a decision; write one of {', '.join(VERDICTS)}")
        if self.decision == "add" and self.event:
            raise MerlabError(f"add is for an event of the coder's own; write move to change {self.event}")
        if self.decision != "add" and not self.event:
            raise MerlabError(f"{self.decision} needs the name of an event; write add for an event of the coder's own")

    def _require_order(self) -> None:
        if min(self.onset, self.offset, self.face_id) < 0:
            raise MerlabError("a frame or face has a negative number; count frames as the source does")
        if self.onset > self.offset:
            raise MerlabError(f"onset {self.onset} is after offset {self.offset}; exchange or correct them")
        if self.apex is not None and not self.onset <= self.apex <= self.offset:
            raise MerlabError(
                f"apex {self.apex} is outside of frames {self.onset} to {self.offset}; correct it, or leave it empty "
                "where it is unknown"
            )


def _require_time(text: str) -> None:
    try:
        # Python 3.10 reads no Z.
        datetime.fromisoformat(re.sub(r"Z$", "+00:00", text or "2000-01-01"))
    except ValueError as error:
        raise MerlabError(
            f"{text!r} is not a time such as 2026-05-04T10:20:30+00:00; correct it or empty it"
        ) from error


def now() -> str:
    """The present time for a decision, UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Coding:
    """The decisions about one result, of all coders: at most one decision of a coder about one movement."""

    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        seen: dict[tuple[object, ...], Decision] = {}
        for decision in self.decisions:
            if decision.key in seen:
                raise MerlabError(
                    f"coder {decision.coder or NO_INITIALS} decided twice about {decision.place}; keep one of the "
                    "two rows"
                )
            seen[decision.key] = decision

    @cached_property
    def coders(self) -> tuple[str, ...]:
        """The initials of all coders, sorted."""
        return tuple(sorted({decision.coder for decision in self.decisions}))

    def of(self, coder: str) -> Coding:
        """The decisions of one coder."""
        return Coding(tuple(each for each in self.decisions if each.coder == coder))

    def with_decision(self, decision: Decision) -> Coding:
        """The coding with one more decision, in the place of the coder's earlier one about the same movement."""
        return Coding((*(each for each in self.decisions if each.key != decision.key), decision))

    def without(self, decision: Decision) -> Coding:
        """The coding without the decision about the same movement."""
        return Coding(tuple(each for each in self.decisions if each.key != decision.key))

    def sorted(self) -> Coding:
        """By onset, then by face and coder."""
        return Coding(tuple(sorted(self.decisions, key=lambda each: (each.onset, each.face_id, each.coder))))


def lost(before: Coding, after: Sequence[Decision], coders: Iterable[str]) -> list[Decision]:
    """The decisions of these coders that would be gone or changed if ``after`` took their place."""
    new = {decision.key: decision for decision in after}
    return [
        each
        for each in before.decisions
        if each.coder in set(coders) and not (each.key in new and each.same_as(new[each.key]))
    ]
