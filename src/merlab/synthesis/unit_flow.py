"""The movement of each single action unit on a head of average proportions."""

from __future__ import annotations

from functools import cache

import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.canvas_layout import SIDES
from merlab.synthesis.identity import mean_identity
from merlab.synthesis.poses import FrameSequence
from merlab.synthesis.presets import PRESETS
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.texture import paint_face
from merlab.synthesis.truth import forward_flow


@cache
def unit_flows() -> dict[str, Float32Array]:
    """The flow of each action unit at intensity 1, from a face at rest.

    The keys are number and side (``12l``: the subject's left, ``17c``: no sides). The values (282, 231, 2) are the
    displacements (x right, y down) in px of each pixel, including lids and lips. They follow from the tables of the
    generator (``action_units``) and are not measured on people.
    """
    preset, identity = PRESETS["default"], mean_identity()
    renderer = FaceRenderer(identity, paint_face(identity, preset.blur), preset)
    keys = [f"{number}{side}" for number, unit in ACTION_UNITS.items() for side in (SIDES if unit.paired else "c")]
    return {key: forward_flow(renderer, _rest_and_unit(key), 0, 1) for key in keys}


def _rest_and_unit(key: str) -> FrameSequence:
    """Two frames: a face at rest, and one with an action unit at intensity 1."""
    still = np.zeros(2)
    return FrameSequence(
        activity={key: np.array([0.0, 1.0])},
        closure=still,
        gaze=np.zeros((2, 2)),
        head=np.zeros((2, 6)),
        gain=np.ones(2),
        side_light=still,
        noise_seed=0,
    )
