"""The flow of a varied clip, against known movements, and the intensities of its action units."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.synthesis import OTHER_SIDE, UNIT_KEYS, FaceRenderer, make_renderer
from merlab.synthesis.presets import PRESETS
from merlab.synthesis.sampling import plan_clip
from merlab.synthesis.truth import forward_flow
from merlab.synthesis.varied import FlowChoice, VariedClip
from merlab.synthesis.varied_flow import WINDOW, flow_by, render_flow, unit_changes
from tests.helpers import moved, texture

CHOICES = [
    FlowChoice(algorithm="dis"),
    FlowChoice(algorithm="dis", refinement=0, finest_scale=0),
    FlowChoice(algorithm="farneback", window=11),
]


@pytest.fixture(scope="module")
def wide() -> FaceRenderer:
    return make_renderer(0, 0, PRESETS["easy"].model_copy(update={"noise": 0.3}), WINDOW)


def clip_of(choice: FlowChoice, plan, **settings) -> VariedClip:
    drawn = {"jpeg_quality": 98, "shrunk_to": 1.0, "onset": plan.timing.onset, "apex": plan.timing.apex, **settings}
    return VariedClip(
        subject="sub001",
        clip="clip01",
        emotion="happiness",
        combinations="casme2",
        action_units=(),
        amplitude=1,
        drift=0,
        jitter=0,
        true_onset=plan.timing.onset,
        true_apex=plan.timing.apex,
        flow=choice,
        **drawn,
    )


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_each_algorithm_finds_a_known_shift(choice):
    image = texture(0)
    flow = flow_by(choice, image.astype(np.uint8), moved(image, 0.5, -0.3).astype(np.uint8))[20:-20, 20:-20]
    assert np.median(flow[..., 0]) == pytest.approx(0.5, abs=0.1)
    assert np.median(flow[..., 1]) == pytest.approx(-0.3, abs=0.1)


def test_flow_without_drawn_settings_is_the_medium_preset_of_opencv():
    # OpenCV's documentation: the medium preset has 5 refinement iterations and the finest scale 1.
    first, second = (texture(seed, 96, 96).astype(np.uint8) for seed in (0, 1))
    medium = flow_by(FlowChoice(algorithm="dis"), first, second)
    assert (flow_by(FlowChoice(algorithm="dis", refinement=5, finest_scale=1), first, second) == medium).all()


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_flow_of_a_clip_is_the_true_movement_at_a_third_of_the_size(wide, choice):
    plan = plan_clip(wide.identity, 1, "happiness", wide.preset)
    planes = render_flow(wide, clip_of(choice, plan), plan).astype(np.float32)
    assert planes.shape == (3, 120, 97)
    truth = cv2.resize(
        forward_flow(wide, plan, plan.timing.onset, plan.timing.apex), (97, 120), interpolation=cv2.INTER_AREA
    )
    lower_face = np.s_[70:110, 15:82]
    for axis in (0, 1):
        found, true = planes[axis][lower_face], truth[..., axis][lower_face]
        assert np.corrcoef(found.ravel(), true.ravel())[0, 1] > 0.9
        assert np.abs(found - true).mean() < 0.2


def test_a_smaller_compressed_image_gives_noisier_flow_of_the_same_movement(wide):
    plan = plan_clip(wide.identity, 1, "happiness", wide.preset)
    choice = FlowChoice(algorithm="dis")
    clear = render_flow(wide, clip_of(choice, plan), plan).astype(float)
    poor = render_flow(wide, clip_of(choice, plan, jpeg_quality=60, shrunk_to=0.5), plan).astype(float)
    assert clear.shape == poor.shape
    assert 0.3 < np.corrcoef(clear[1].ravel(), poor[1].ravel())[0, 1] < 0.99


def test_there_is_one_key_for_each_unit_and_side_in_the_order_of_the_table():
    assert len(UNIT_KEYS) == 28
    assert UNIT_KEYS[:4] == ("1l", "1r", "2l", "2r")
    assert UNIT_KEYS[-3:] == ("24c", "25c", "26c")


def test_the_other_side_of_a_unit_is_the_same_unit():
    for position, other in enumerate(OTHER_SIDE):
        assert OTHER_SIDE[other] == position
        assert UNIT_KEYS[other][:-1] == UNIT_KEYS[position][:-1]
        assert (other == position) == (UNIT_KEYS[position][-1] == "c")


def test_intensities_are_the_change_of_activity_between_the_frames_that_are_used(wide):
    plan = plan_clip(wide.identity, 1, "happiness", wide.preset)
    between = clip_of(CHOICES[0], plan, onset=plan.timing.onset + 3, apex=plan.timing.apex - 1)
    changes = dict(zip(UNIT_KEYS, unit_changes(between, plan), strict=True))
    for key, values in plan.activity.items():
        assert changes.pop(key) == pytest.approx(values[between.apex] - values[between.onset], abs=3e-4)
    assert set(changes.values()) == {0}
    back = between.model_copy(update={"onset": between.apex, "apex": between.onset})
    assert unit_changes(back, plan) == pytest.approx(-unit_changes(between, plan))
