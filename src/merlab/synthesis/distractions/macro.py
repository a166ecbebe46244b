"""Macro-expressions: the units of micro-expressions, but larger, for 0.5 to 4 s, with a rise, a hold and a fall."""

from __future__ import annotations

import numpy as np

from merlab.synthesis.action_units import COMBINATIONS
from merlab.synthesis.canvas_layout import FPS
from merlab.synthesis.distractions.distraction import swing
from merlab.synthesis.identity import Identity
from merlab.synthesis.movement import FADING, PlannedEvent
from merlab.synthesis.poses import FrameValues, smooth_noise
from merlab.synthesis.sampling import ActiveUnit, sample_combination, sample_sides

# People smile more than they show anything else.
EMOTIONS = {"happiness": 0.5, "surprise": 0.2, "disgust": 0.15, "others": 0.15}
SHORTEST, LONGEST = int(0.5 * FPS) + 1, int(4 * FPS)
RISE, FALL = (40, 121), (50, 181)
AMPLITUDE, AMPLITUDE_SIGMA, AMPLITUDE_LIMITS = 2.2, 0.3, (1.3, 3.6)
# Both lids narrow the eye in several units; more would turn it inside out.
MOST_OF_LID_UNIT = {5: 2.0, 6: 1.6, 7: 1.6}


def sample_macro(rng: np.random.Generator, identity: Identity) -> PlannedEvent:
    """A macro-expression with its onset at tick 0."""
    emotion = str(rng.choice(list(EMOTIONS), p=list(EMOTIONS.values())))
    numbers = sample_combination(rng, COMBINATIONS["casme2"][emotion])
    rise, fall = int(rng.integers(*RISE)), int(rng.integers(*FALL))
    hold = int(np.clip(rng.lognormal(np.log(140), 0.8), SHORTEST - rise - fall, LONGEST - rise - fall))
    hold = max(hold, 0)
    amplitude = float(np.clip(rng.lognormal(np.log(AMPLITUDE), AMPLITUDE_SIGMA), *AMPLITUDE_LIMITS))
    course = _course(rng, rise, hold, fall)
    units, activity = [], {}
    for number in numbers:
        intensity = amplitude * float(np.exp(rng.normal(0, 0.15)))
        intensity = min(intensity, MOST_OF_LID_UNIT.get(number, AMPLITUDE_LIMITS[1]))
        side, sides = sample_sides(rng, number, identity.laterality)
        units.append(ActiveUnit(number, side, intensity))
        activity.update({f"{number}{key}": share * intensity * course for key, share in sides.items()})
    apex = int(course.argmax()) - FADING
    return PlannedEvent(emotion, tuple(units), 0, apex, rise + hold + fall, activity, "macro")


def _course(rng: np.random.Generator, rise: int, hold: int, fall: int) -> FrameValues:
    """The share of the intensity in each tick, from ``FADING`` ticks before the onset to the offset."""
    length = rise + hold + fall
    unsteady = 1 - 0.06 * np.arange(length) / length + 0.03 * smooth_noise(rng, length, 60)
    course = swing(length, rise, fall) * unsteady
    return np.concatenate([np.zeros(FADING), course / course.max(), [0.0]])
