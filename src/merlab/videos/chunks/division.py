"""How a video is divided into chunks that can be processed one by one, in any order, by any number of processes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_SECONDS = 30.0


@dataclass(frozen=True)
class Span:
    """A chunk: the frames that it is responsible for (``owned``), and with a margin those that it reads."""

    index: int
    owned: range
    covered: range


@dataclass(frozen=True)
class Division:
    """The chunks of a video; numbers are frame numbers.

    Attributes:
        first: the number of the first frame.
        promised: the number of frames that the container states. If there are fewer, the last chunks are empty; if
            there are more, further chunks follow, without a margin before them.
        length: frames of a chunk, more than ``margin``; the last promised one has 0.5 to 1.5 times as many.
        margin: how many frames before and after a chunk influence what is found in it.

    """

    first: int
    promised: int
    length: int
    margin: int

    @property
    def expected(self) -> int:
        """The number of chunks of the promised frames."""
        return max(1, round(self.promised / self.length))

    def spans(self) -> Iterator[Span]:
        """Every chunk, ascending, without end."""
        return map(self.span, itertools.count())

    def span(self, index: int) -> Span:
        """The chunk of this index, from 0."""
        expected, end = self.expected, self.first + self.promised
        if index < expected:
            begin = self.first + index * self.length
            stop = end if index == expected - 1 else begin + self.length
            before = max(self.first, begin - self.margin)
        else:
            before = begin = end + (index - expected) * self.length
            stop = begin + self.length
        return Span(index, range(begin, stop), range(before, stop + self.margin))
