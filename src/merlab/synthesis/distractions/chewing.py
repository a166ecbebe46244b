"""A chewing mouth: a jaw that goes down, to one side and up again, behind closed lips."""

from __future__ import annotations

import numpy as np

from merlab.synthesis.distractions.distraction import Distraction, cycles, swing
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import smooth_noise

SHORTEST, LONGEST = 400, 1400
# About 1.4 bites per second.
BITE_TICKS, BITE_SIGMA = 140, 0.15
CHIN, PRESSING, CORNER = 2.2, 1.2, 1.2


def sample_chewing(rng: np.random.Generator, identity: Identity) -> Distraction:
    """Chewing for 2 to 7 s, by the action units 14, 17 (negative: the chin goes down), 24 and 26."""
    length = int(rng.integers(SHORTEST, LONGEST + 1))
    number, share = cycles(rng, length, BITE_TICKS, BITE_SIGMA)
    sizes = rng.uniform(0.5, 1.2, number[-1] + 1)
    towards = rng.choice([-1.0, 1.0], number[-1] + 1, p=[0.3, 0.7]) * rng.choice([-1.0, 1.0])
    fading = swing(length, 60, 60)
    jaw = np.sin(np.pi * share) ** 2 * sizes[number]
    aside = np.sin(np.pi * share) * np.sin(2 * np.pi * np.clip(share, 0, 0.75)) * towards[number]
    activity = {
        "17c": -CHIN * jaw * fading,
        "26c": jaw * fading,
        "24c": PRESSING * np.cos(np.pi * share) ** 2 * fading,
    }
    for side, sign in (("l", 1.0), ("r", -1.0)):
        corner = CORNER * np.clip(sign * aside, 0, None) + 0.1 * smooth_noise(rng, length, 30)
        activity[f"14{side}"] = corner * fading
    return Distraction("chewing", length, f"{number[-1] + 1} bites", activity=activity)
