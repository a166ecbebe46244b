"""A spotted interval of any comparison method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from merlab.databases.long_video import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Found:
    """A spotted interval; frames as numbered in the source. ``score`` is in the unit of its method."""

    onset: int
    apex: int
    offset: int
    score: float
    kind: Kind


def distinct(found: Iterable[Found]) -> list[Found]:
    """Each interval of a kind once, the one with the highest score, by onset."""
    best: dict[tuple[Kind, int, int], Found] = {}
    for each in sorted(found, key=lambda interval: -interval.score):
        best.setdefault((each.kind, each.onset, each.offset), each)
    return sorted(best.values(), key=lambda interval: (interval.onset, interval.offset, interval.kind))
