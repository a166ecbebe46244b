"""A spotted interval of any comparison method."""

from __future__ import annotations

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
