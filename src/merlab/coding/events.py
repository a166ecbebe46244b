"""The movements of a video as a coder has decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from merlab.coding.codable_result import CodableResult
from merlab.coding.decisions import NO_INITIALS, Coding, Decision
from merlab.errors import MerlabError


@dataclass(frozen=True)
class CodedEvents:
    """One coder's view of a video.

    Attributes:
        events: the movements that the coder accepted, moved or added, by onset.
        rejected: the decisions against a movement.
        undecided: the names of the movements that the coder has not decided about; they are not among ``events``.

    """

    events: tuple[Decision, ...]
    rejected: tuple[Decision, ...]
    undecided: tuple[str, ...]


def coded_events(material: CodableResult, coding: Coding, coder: str) -> CodedEvents:
    """Apply the decisions of one coder to a result: what was accepted, moved or added are the events of the video."""
    decisions = coding.of(coder).sorted().decisions
    decided = {each.event for each in decisions}
    return CodedEvents(
        events=tuple(each for each in decisions if each.is_movement),
        rejected=tuple(each for each in decisions if not each.is_movement),
        undecided=tuple(each.event for each in material.events if each.event not in decided),
    )


def chosen_coder(material: CodableResult, coding: Coding, coder: str | None) -> str:
    """The coder that was requested, or the only one; raises MerlabError where there is none, or several."""
    known = named_coders(coding.coders)
    if not coding.decisions:
        raise MerlabError(
            f"{material.folder} has no decisions yet; import some with `merlab coding import`, or, if it is a result "
            "of `merlab serve`, decide on its page"
        )
    if coder is None and len(coding.coders) > 1:
        raise MerlabError(f"{material.folder} was coded by several coders ({known}); choose one with --coder")
    if coder is not None and coder not in coding.coders:
        raise MerlabError(f"{material.folder} has no decisions of coder {coder!r}; its coders are {known}")
    return coding.coders[0] if coder is None else coder


def named_coders(coders: Sequence[str]) -> str:
    """``AB, CD``; a coder without initials is ``(no initials)``."""
    return ", ".join(coder or NO_INITIALS for coder in coders)
