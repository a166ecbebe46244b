"""Light that changes: slowly, as when a cloud passes, or suddenly, as when a lamp is switched."""

from __future__ import annotations

import numpy as np

from merlab.synthesis.distractions.distraction import Distraction, swing
from merlab.synthesis.identity import Identity
from merlab.vocabulary import DistractionKind


def sample_slow_light(rng: np.random.Generator, identity: Identity) -> Distraction:
    """The light changes by 8 to 25 % within 1 to 3 s, or moves to one side, and comes back."""
    rise, hold, fall = (int(value) for value in rng.integers([200, 50, 200], [601, 401, 601]))
    return _light(rng, "slow light", (rise, hold, fall), (0.08, 0.25))


def sample_sudden_light(rng: np.random.Generator, identity: Identity) -> Distraction:
    """The light changes by 10 to 35 % within 10 to 60 ms, and as suddenly changes back after 0.5 to 4 s."""
    rise, hold, fall = (int(value) for value in rng.integers([2, 100, 2], [13, 801, 13]))
    return _light(rng, "sudden light", (rise, hold, fall), (0.10, 0.35))


def _light(
    rng: np.random.Generator, kind: DistractionKind, course: tuple[int, int, int], sizes: tuple[float, float]
) -> Distraction:
    rise, hold, fall = course
    change = swing(rise + hold + fall, rise, fall)
    size = float(rng.uniform(*sizes) * rng.choice([-1, 1]))
    slope = float(rng.uniform(-0.12, 0.12))
    side = "right" if slope > 0 else "left"
    details = f"{100 * size:+.0f} %, {100 * abs(slope):.0f} % more on the {side} of the image"
    return Distraction(kind, len(change), details, gain=1 + size * change, side_light=slope * change)
