"""Glasses that slip down the nose and are pushed up again."""

from __future__ import annotations

import numpy as np

from merlab.synthesis.distractions.distraction import Distraction, swing
from merlab.synthesis.identity import Identity


def sample_slip(rng: np.random.Generator, identity: Identity) -> Distraction:
    """The glasses slip by 3 to 8 px within 0.1 to 0.6 s, a little askew, stay there, and are pushed up quickly."""
    slip, stay, push = (int(value) for value in rng.integers([20, 60, 25], [121, 401, 61]))
    down, askew = float(rng.uniform(3, 8)), float(rng.uniform(-0.03, 0.03))
    course = swing(slip + stay + push, slip, push)
    return Distraction("glasses", len(course), f"slip by {down:.1f} px", glasses=np.outer(course, [down, askew]))
