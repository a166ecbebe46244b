"""The pictures of a recording are whole, however far its head drifts."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.synthesis import CROP, PRESETS
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.recorded_view import RecordedView
from merlab.synthesis.recording import plan_recording
from merlab.synthesis.rendering import FaceRenderer


@pytest.mark.parametrize("place", [(10.0, 0.0), (-9.0, 6.0)])
def test_eyes_are_not_cut_off_where_the_head_drifts_far(renderer, place):
    plan = plan_recording(sample_identity(0, 0), PRESETS["default"], 800, [])
    states = plan.states(0, 1, 0)
    states.head[0, :2] = place
    (shown,) = RecordedView(plan, renderer.layers, CROP, 200).frames(np.zeros(1), states)
    wide = FaceRenderer(plan.identity, renderer.layers, plan.preset, far=40)
    assert np.array_equal(shown, wide.frame(states, 0))
