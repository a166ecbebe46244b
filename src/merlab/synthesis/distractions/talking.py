"""A talking mouth: irregular syllables, lips that spread, round and close, and a head that moves with them."""

from __future__ import annotations

import numpy as np

from merlab.synthesis.distractions.distraction import Distraction, cycles, swing
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import smooth_noise

SHORTEST, LONGEST = 300, 1200
# About five syllables per second.
SYLLABLE_TICKS, SYLLABLE_SIGMA = 40, 0.3
PAUSE_PROBABILITY = 0.15
JAW, LIPS, SPREADING, PRESSING = 3.0, 2.2, 1.3, 1.0


def sample_talking(rng: np.random.Generator, identity: Identity) -> Distraction:
    """Talking for 1.5 to 6 s, by the action units 10, 17, 20, 24, 25 and 26."""
    length = int(rng.integers(SHORTEST, LONGEST + 1))
    number, share = cycles(rng, length, SYLLABLE_TICKS, SYLLABLE_SIGMA)
    sizes = rng.uniform(0.25, 1.0, number[-1] + 1) * (rng.random(number[-1] + 1) >= PAUSE_PROBABILITY)
    closed = rng.random(number[-1] + 1) < 0.3
    fading = swing(length, 30, 30) * float(np.exp(rng.normal(0, 0.2))) * identity.expressivity
    opening = np.sin(np.pi * share) ** 2 * sizes[number]
    pressing = np.cos(np.pi * share) ** 4 * (closed & (sizes > 0))[number]
    spreading = smooth_noise(rng, length, 22)
    activity = {
        "26c": JAW * opening * fading,
        "25c": LIPS * opening * rng.uniform(0.7, 1.1) * fading,
        "24c": PRESSING * pressing * fading,
        "17c": 0.3 * smooth_noise(rng, length, 18) * fading,
    }
    for side in "lr":
        activity[f"20{side}"] = (SPREADING * spreading + 0.15 * smooth_noise(rng, length, 18)) * fading
        activity[f"10{side}"] = 0.4 * opening * fading
    head = np.stack(
        [0.6 * unit * smooth_noise(rng, length, 45) for unit in (1.2, 1.5, 0.008, 0.012, 0.02, 0.0)], axis=1
    )
    syllables = int(np.count_nonzero(sizes))
    return Distraction("talking", length, f"{syllables} syllables", activity=activity, head=head * fading[:, None])
