"""Single pictures of synthetic heads, as a camera sees them, with the true places of their landmarks."""

from __future__ import annotations

from merlab.frames import Image
from merlab.synthesis import CAMERA, PRESETS, make_renderer, plan_clip
from merlab.synthesis.truth import landmarks

Head = tuple[Image, dict[str, tuple[float, float]]]


def synthetic_head(subject: int) -> Head:
    """The onset frame of a subject's clip, 640 x 480, and the positions of its landmarks."""
    renderer = make_renderer(0, subject, PRESETS["default"], CAMERA)
    plan = plan_clip(renderer.identity, 0, "happiness", PRESETS["default"])
    return renderer.frame(plan, plan.timing.onset), landmarks(renderer, plan, plan.timing.onset)
