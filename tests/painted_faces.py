"""Painted faces that are kept: painting takes .7 s, most of the time of a short clip, and always gives the same."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache

import numpy as np
import pytest

from merlab.synthesis import clip_writing, flow_writing, recording_writing, rendering
from merlab.synthesis.distractions import second_person_picture
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture import FaceLayers, paint_face

PAINTERS = (clip_writing, flow_writing, recording_writing, rendering, second_person_picture)
# Each takes 16 MB.
MOST_KEPT = 8


def keeping() -> Callable[[Identity, float], FaceLayers]:
    """``paint_face`` that paints each subject once; what it gives cannot be changed."""

    @lru_cache(MOST_KEPT)
    def painted(values: bytes, blur: float) -> FaceLayers:
        layers = paint_face(Identity(*pickle.loads(values)), blur)
        for layer in vars(layers).values():
            if isinstance(layer, np.ndarray):
                layer.flags.writeable = False
        return layers

    def paint(identity: Identity, blur: float) -> FaceLayers:
        return painted(pickle.dumps([getattr(identity, field.name) for field in fields(identity)]), blur)

    return paint


def keep_painted_faces(patch: pytest.MonkeyPatch) -> None:
    """Let this process paint each subject once, whatever it then writes."""
    paint = keeping()
    for painter in PAINTERS:
        patch.setattr(painter, "paint_face", paint)
