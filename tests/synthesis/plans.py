"""Clips of two frames: the first at rest, the second with only the changes that a test requests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from merlab.synthesis import ClipPlan, FaceRenderer
from merlab.synthesis.sampling import ClipTiming

HEAD = ("x", "y", "roll", "yaw", "pitch", "scale")


def two_frames(
    activity: Mapping[str, float] | None = None,
    *,
    closure: float = 0.0,
    gaze: tuple[float, float] = (0.0, 0.0),
    gain: float = 1.0,
    **head: float,
) -> ClipPlan:
    """An onset at rest, and an apex with these intensities (by action unit and side: ``12l``), lids, gaze and head."""
    return ClipPlan(
        emotion="others",
        action_units=(),
        timing=ClipTiming(onset=0, apex=1, offset=1, length=2),
        activity={key: np.array([0, intensity]) for key, intensity in (activity or {}).items()},
        closure=np.array([0, closure]),
        gaze=np.array([(0.0, 0.0), gaze]),
        head=np.array([[0.0] * len(HEAD), [head.get(name, 0.0) for name in HEAD]]),
        gain=np.array([1.0, gain]),
        side_light=np.zeros(2),
        blink=None,
        noise_seed=0,
    )


def both(number: int, intensity: float = 1.0) -> dict[str, float]:
    """The activity of a paired action unit on both sides."""
    return {f"{number}l": intensity, f"{number}r": intensity}


def with_settings(renderer: FaceRenderer, **settings: float) -> FaceRenderer:
    """A renderer of the same painted face with other settings."""
    preset = renderer.preset.model_copy(update=settings)
    return FaceRenderer(renderer.identity, renderer.layers, preset, renderer.window)
