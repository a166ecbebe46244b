"""One view of a recording: the face, and what is before and beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from merlab.frames import Image
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.distractions import picture_changes
from merlab.synthesis.poses import FrameSequence, FrameValues
from merlab.synthesis.recording import RecordingPlan
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.texture import FaceLayers

# How much further than in clips the head moves, px: with turns, nods and cuts, and else by a drift of 1. The drift has
# a standard deviation of 4 px.
FAR, FAR_DRIFT = 24, 18


class RecordedView:
    """Renders a recording through one window at one frame rate."""

    def __init__(self, plan: RecordingPlan, layers: FaceLayers, window: Window, fps: float) -> None:
        far = FAR if plan.distractions else math.ceil(FAR_DRIFT * plan.preset.drift)
        self._renderer = FaceRenderer(plan.identity, layers, plan.preset, window, far=far)
        self._changes = list(picture_changes(plan.identity, plan.distractions, plan.preset, window, fps))

    def frames(self, ticks: FrameValues, states: FrameSequence) -> Iterator[Image]:
        """The frames (H, W, 3) uint8 BGR of these states, which are at ``ticks`` (n,)."""
        for number, tick in enumerate(ticks.tolist()):
            planes = self._renderer.lit(states, number)
            for change in self._changes:
                planes = change.changed(planes, tick, float(states.gain[number]))
            yield self._renderer.finished(planes, states, number)
