"""What all distractions share: a kind, a time, and the curves by which they change the states of a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from merlab.synthesis.poses import FrameSequence, FrameValues
from merlab.vocabulary import DistractionKind

Some = TypeVar("Some", bound="Distraction")


@dataclass(frozen=True, eq=False)
class Distraction:
    """Something in a recording that is no micro-expression but changes the picture; times are ticks of 1/200 s.

    Attributes:
        kind: what it is.
        length: ticks from the onset to the offset; outside of them it changes nothing, except for a cut.
        details: what happens, in words for the table of distractions.
        onset: the tick (from 0) before which nothing changes.
        activity: by action unit and side, intensities (length,) that are added.
        head: (length, 6) that is added to the movement of the head, as in Pose.
        glasses: (length, 2) that is added to the slip of the glasses, as in Pose.
        gain: (length,) factors of the light.
        side_light: (length,) that is added to the slope of the light across the face.

    """

    kind: DistractionKind
    length: int
    details: str = ""
    onset: int = 0
    activity: Mapping[str, FrameValues] = field(default_factory=dict)
    head: FrameValues | None = None
    glasses: FrameValues | None = None
    gain: FrameValues | None = None
    side_light: FrameValues | None = None

    @property
    def offset(self) -> int:
        """The tick from which on nothing changes."""
        return self.onset + self.length

    def moved_to(self: Some, onset: int) -> Some:
        """The same distraction at another time."""
        return replace(self, onset=onset)

    def change(self, states: FrameSequence, ticks: NDArray[np.int_]) -> None:
        """Change the states of these successive ticks in place."""
        inside = (ticks >= self.onset) & (ticks < self.offset)
        if not inside.any():
            return
        now = ticks[inside] - self.onset
        for key, values in self.activity.items():
            states.activity.setdefault(key, np.zeros(len(ticks)))[inside] += values[now]
        if self.head is not None:
            states.head[inside] += self.head[now]
        if self.glasses is not None and states.glasses is not None:
            states.glasses[inside] += self.glasses[now]
        if self.gain is not None:
            states.gain[inside] *= self.gain[now]
        if self.side_light is not None:
            states.side_light[inside] += self.side_light[now]


def swing(length: int, rise: float, fall: float) -> FrameValues:
    """A curve (length,) that starts and ends at 0 and is 1 between; it rises and falls in so many ticks, as sin²."""
    ticks = np.arange(length)
    up, down = np.clip(ticks / rise, 0, 1), np.clip((length - 1 - ticks) / fall, 0, 1)
    return np.asarray(np.sin(0.5 * np.pi * np.minimum(up, down)) ** 2)


def cycles(rng: np.random.Generator, length: int, median: float, sigma: float) -> tuple[NDArray[np.int_], FrameValues]:
    """Divide ``length`` ticks into cycles of irregular duration, lognormal with this median (ticks) and sigma.

    Gives the number of the cycle of each tick (length,), from 0, and the share of the cycle that is over, 0 to 1.
    """
    count = int(length / median * np.exp(3 * sigma)) + 2
    limits = np.cumsum([0.0, *np.maximum(2.0, rng.lognormal(np.log(median), sigma, count))])
    limits = np.append(limits, max(limits[-1], length) + 1.0)
    ticks = np.arange(length)
    number = np.searchsorted(limits, ticks, side="right") - 1
    return number, np.asarray((ticks - limits[number]) / (limits[number + 1] - limits[number]))
