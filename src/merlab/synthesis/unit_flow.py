"""The movement of each action unit by itself, on a head of average proportions."""

from __future__ import annotations

from functools import cache

import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.canvas_layout import SIDES
from merlab.synthesis.identity import mean_identity
from merlab.synthesis.presets import PRESETS
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.texture import paint_face
from merlab.synthesis.tracks import Tracks
from merlab.synthesis.truth import forward_flow


@cache
def unit_flows() -> dict[str, Float32Array]:
    """What intensity 1 of each action unit does to each pixel of a face at rest.

    Keyed by number and side (``12l``: the subject's left, ``17c``: no sides); (282, 231, 2) displacement (x right, y
    down) px, lids and lips included. The figures are the generator's (``action_units``), measured on nobody.
    """
    preset, identity = PRESETS["default"], mean_identity()
    renderer = FaceRenderer(identity, paint_face(identity, preset.blur), preset)
    keys = [f"{number}{side}" for number, unit in ACTION_UNITS.items() for side in (SIDES if unit.paired else "c")]
    return {key: forward_flow(renderer, _rest_then(key), 0, 1) for key in keys}


def _rest_then(key: str) -> Tracks:
    """Two frames: a face at rest, and one with an action unit at intensity 1."""
    still = np.zeros(2)
    return Tracks(
        activity={key: np.array([0.0, 1.0])},
        closure=still,
        gaze=np.zeros((2, 2)),
        head=np.zeros((2, 6)),
        gain=np.ones(2),
        side_light=still,
        noise_seed=0,
    )
