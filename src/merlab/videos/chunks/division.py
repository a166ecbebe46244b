"""How a video is divided into parts that can be worked on one by one, in any order, by any number of processes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_SECONDS = 30.0


@dataclass(frozen=True)
class Span:
    """A part: the frames whose movements it answers for, and those around that it has to see for it."""

    index: int
    owned: range
    covered: range


@dataclass(frozen=True)
class Division:
    """The parts of a video; numbers are frame numbers.

    Attributes:
        first: the number of the first frame.
        promised: how many frames there should be. Where there are fewer, parts are missing at the end; where there are
            more, parts follow that see nothing of what lies before them.
        length: frames of a part; the last one promised has from half as many to one and a half times as many.
        margin: how many frames before and after a part decide what is found in it.

    """

    first: int
    promised: int
    length: int
    margin: int

    @property
    def expected(self) -> int:
        """How many parts the promised frames make."""
        return max(1, round(self.promised / self.length))

    def spans(self) -> Iterator[Span]:
        """Every part, ascending, without end."""
        return map(self.span, itertools.count())

    def span(self, index: int) -> Span:
        """The part of this index, from 0."""
        expected, end = self.expected, self.first + self.promised
        if index < expected:
            begin = self.first + index * self.length
            stop = end if index == expected - 1 else begin + self.length
            before = max(self.first, begin - self.margin)
        else:
            before = begin = end + (index - expected) * self.length
            stop = begin + self.length
        return Span(index, range(begin, stop), range(before, stop + self.margin))
