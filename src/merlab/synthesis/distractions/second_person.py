"""A second person beside the subject, smaller, in the camera view only; ``second_person_picture`` shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlab.synthesis.distractions.distraction import Distraction
from merlab.synthesis.identity import Identity

# Ticks in which the person comes in from the edge of the picture, and leaves.
COMING = (150, 301)


@dataclass(frozen=True, eq=False, kw_only=True)
class SecondPerson(Distraction):
    """Another person in the camera view.

    Attributes:
        side: the edge of the picture at which the person is: ``left`` or ``right``.
        size: the scale of the person; 1 is as large as the subject.
        center: the place of the face from that edge, px of the camera view.
        coming: ticks in which the person comes and goes.

    """

    side: str
    size: float
    center: float
    coming: int

    def inside(self, tick: float) -> float:
        """The share of the way from outside the picture to its place at a moment, 0 to 1."""
        from_end = min(tick - self.onset, self.offset - 1 - tick)
        return float(np.sin(0.5 * np.pi * np.clip(from_end / self.coming, 0, 1)) ** 2)


def sample_second_person(rng: np.random.Generator, identity: Identity) -> SecondPerson:
    """A person comes into the camera view, talks there for 4 to 12 s, and leaves."""
    side, coming = str(rng.choice(["left", "right"])), int(rng.integers(*COMING))
    size = float(rng.uniform(0.34, 0.46))
    return SecondPerson(
        kind="second person",
        length=2 * coming + int(rng.integers(800, 2401)),
        details=f"at the {side}, {100 * size:.0f} % of the subject's size (raw view only)",
        side=side,
        size=size,
        center=float(rng.uniform(62, 80)),
        coming=coming,
    )
