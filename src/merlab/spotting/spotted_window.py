"""What was found in successive frames, window by window: every movement once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from merlab.frames import Float32Array
from merlab.spotting.event import SpottedEvent, are_one


@dataclass(frozen=True)
class SpottedWindow:
    """What was found in n successive frames; ``first`` is the number of the first, from 1.

    ``total`` (n,) and ``lids`` (n,) are those of Scores; ``weak`` has the candidates below the threshold; ``dropped``
    counts movements above it that are too short, or too long and no macro-expression.
    """

    first: int
    total: Float32Array
    lids: Float32Array
    threshold: float
    events: tuple[SpottedEvent, ...]
    dropped: int
    weak: tuple[SpottedEvent, ...] = ()

    def only(self, frames: range) -> SpottedWindow:
        """The window with the frames that are among ``frames``, and the movements whose peak is."""
        inside = slice(max(0, frames.start - self.first), max(0, frames.stop - self.first))
        return replace(
            self,
            first=max(self.first, frames.start),
            total=self.total[inside],
            lids=self.lids[inside],
            events=tuple(event for event in self.events if event.peak in frames),
            weak=tuple(event for event in self.weak if event.peak in frames),
        )


def each_once(windows: Iterable[SpottedWindow]) -> Iterator[SpottedWindow]:
    """Successive windows without what the one before reports: both may hold the peak of a movement on their border.

    A movement that is a weak candidate in the window before stays an event.
    """
    before: tuple[SpottedEvent, ...] = ()
    weak_before: tuple[SpottedEvent, ...] = ()
    for window in windows:
        before, weak_before = _without(window.events, before), _without(window.weak, (*before, *weak_before))
        yield replace(window, events=before, weak=weak_before)


def without_later_events(windows: Iterable[SpottedWindow]) -> Iterator[SpottedWindow]:
    """Successive windows, each without the weak candidates that are events in the next one; holds one window back."""
    before: SpottedWindow | None = None
    for window in windows:
        if before is not None:
            yield replace(before, weak=_without(before.weak, window.events))
        before = window
    if before is not None:
        yield before


def _without(events: Iterable[SpottedEvent], others: Sequence[SpottedEvent]) -> tuple[SpottedEvent, ...]:
    """The movements that are none of the others."""
    return tuple(event for event in events if not any(are_one(event, other) for other in others))
