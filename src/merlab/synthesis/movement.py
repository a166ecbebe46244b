"""The movements of a long recording that spotting should find, and how they are placed in time.

Times of recordings are in ticks, 1/200 s, whatever the frame rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from merlab.synthesis.canvas_layout import Stream, random_stream
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import FrameValues
from merlab.synthesis.presets import RenderPreset
from merlab.synthesis.sampling import ActiveUnit, sample_movement

# The residual of a micro-expression at its offset fades out over this many ticks, more slowly than any of them moves.
FADING = 200


@dataclass(frozen=True)
class PlannedEvent:
    """A micro- or macro-expression; ticks count from 0, and ``activity`` starts at tick ``onset - FADING``."""

    emotion: str
    action_units: tuple[ActiveUnit, ...]
    onset: int
    apex: int
    offset: int
    activity: dict[str, FrameValues]
    kind: Literal["micro", "macro"] = "micro"

    @property
    def length(self) -> int:
        """Ticks from onset to offset."""
        return self.offset - self.onset

    def moved_to(self, onset: int) -> PlannedEvent:
        """The same movement at another time."""
        later = onset - self.onset
        return replace(self, onset=onset, apex=self.apex + later, offset=self.offset + later)


def sample_micro(identity: Identity, emotion: str, preset: RenderPreset, number: int) -> PlannedEvent:
    """Micro-expression ``number`` (from 0) of a recording, distributed as in clips, with its onset at tick 0."""
    rng = random_stream(identity.seed, Stream.RECORDED_EVENT, identity.subject, number)
    timing, units, activity = sample_movement(rng, identity, emotion, preset, (FADING, FADING))
    faded = {key: _fade(values, timing.offset) for key, values in activity.items()}
    return PlannedEvent(emotion, units, 0, timing.apex - timing.onset, timing.offset - timing.onset, faded)


def _fade(values: FrameValues, offset: int) -> FrameValues:
    """The values; from the offset on, the residual fades out until the end."""
    after = np.clip(np.arange(len(values)) - offset, 0, FADING) / FADING
    return np.asarray(values * np.cos(0.5 * np.pi * after) ** 2)
