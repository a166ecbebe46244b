"""Clips of a release with an unexpected property, and what merlab does about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

QuirkKind = Literal[
    "no apex", "apex is onset", "apex is offset", "frame range", "wrong frame", "odd name", "no row", "no folder",
    "dropped frames",
]  # fmt: skip
KeyFrames = tuple[int | None, int | None, int | None]


def in_order(frames: KeyFrames) -> bool:
    """Whether onset, apex and offset follow each other, and the movement has more than one frame."""
    known = [number for number in frames if number is not None]
    return known == sorted(known) and known[0] < known[-1]


@dataclass(frozen=True)
class Quirk:
    """One clip of a release with an unexpected property.

    Attributes:
        clip: ``sub04 EP12_01f``; ``spNO.149 d@112`` with its onset in the table, 0 where it is unknown; or ``row 42``,
            its line in the sheet, if only the line is publicly known.
        kind: the kind of the quirk. ``frame range``: the folder of the clip may lack the frames of the table.
            ``wrong frame``: a number in the table is a mistake, independent of the folder.
        handling: what merlab does and why.
        frames: onset, apex and offset that replace those of the table; None keeps the number of the table. A ``frame
            range`` is replaced only if the folder has these frames, and those of the table are absent or out of order.
        coded: the numbers by which a ``wrong frame`` is recognized; None matches any number. So a table that was
            already corrected is not changed.

    """

    clip: str
    kind: QuirkKind
    handling: str
    frames: KeyFrames | None = None
    coded: KeyFrames | None = None

    def corrected(self, coded: KeyFrames) -> KeyFrames | None:
        """Onset, apex and offset without the mistakes of a ``wrong frame``; None if this row does not have them."""
        if self.frames is None or self.coded is None:
            return None
        if any(wrong not in {None, number} for wrong, number in zip(self.coded, coded, strict=True)):
            return None
        return self.replaced(coded)

    def replaced(self, coded: KeyFrames) -> KeyFrames:
        """Onset, apex and offset with the ``frames`` in their place."""
        onset, apex, offset = (right or number for right, number in zip(self.frames or coded, coded, strict=True))
        return onset, apex, offset

    def replaces(self, coded: KeyFrames, numbers: Sequence[int]) -> bool:
        """Whether a ``frame range`` is that of a folder with frames of these numbers, and ``coded`` is not."""
        coded_there, documented_there = ({*frames} - {None} <= {*numbers} for frames in (coded, self.replaced(coded)))
        return documented_there and not (coded_there and in_order(coded))


QuirksOfClip = Mapping[QuirkKind, Quirk]
