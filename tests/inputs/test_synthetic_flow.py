"""Synthetic flow as inputs: the place of the crop, its variation, and the recipes it serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.faces.album import Album
from merlab.inputs import input_of, parse_recipe
from merlab.inputs.synthetic_flow import synthetic_inputs
from merlab.optical_flow import dis, strain
from merlab.synthesis import PRESETS, FlowClips, make_renderer, plan_clip
from merlab.synthesis.varied_flow import KEPT_HEIGHT, KEPT_WIDTH, WINDOW

CLIPS = 300
RAW = parse_recipe("flow:channels=uv,scale=raw,size=28x28")
CENTERED = parse_recipe("flow:channels=uvs,scale=centered,size=28x28")


def flow_clips(planes: np.ndarray) -> FlowClips:
    count = len(planes)
    names = tuple(f"clip{number:03d}" for number in range(count))
    intensities = np.zeros((count, 28), np.float32)
    return FlowClips(planes.astype(np.float16), ("happiness",) * count, ("sub001",) * count, names, intensities, "x")


def some(flow: FlowClips, chosen: slice) -> FlowClips:
    return replace(
        flow,
        planes=flow.planes[chosen],
        emotions=flow.emotions[chosen],
        subjects=flow.subjects[chosen],
        names=flow.names[chosen],
        intensities=flow.intensities[chosen],
    )


@pytest.fixture(scope="module")
def places() -> FlowClips:
    """Clips whose u and v are the x and y, in px of the crop, of the place that a pixel shows."""
    x = WINDOW.left + 3 * np.arange(KEPT_WIDTH) + 1.0
    y = WINDOW.top + 3 * np.arange(KEPT_HEIGHT) + 1.0
    u, v = np.meshgrid(x, y)
    return flow_clips(np.tile(np.stack([u, v, u]), (CLIPS, 1, 1, 1)))


@pytest.fixture(scope="module")
def random_flow() -> FlowClips:
    noise = np.random.default_rng(0).normal(0, 1, (6, KEPT_HEIGHT, KEPT_WIDTH, 3)).astype(np.float32)
    return flow_clips(np.stack([cv2.GaussianBlur(image, (0, 0), 4).transpose(2, 0, 1) for image in noise]))


class TestTheCrop:
    @pytest.mark.parametrize(("width", "height"), [(28, 28), (14, 14), (60, 40), (231, 282)])
    def test_shows_the_places_of_the_crop_of_231_x_282(self, places, width, height):
        recipe = parse_recipe(f"flow:channels=uv,scale=raw,size={width}x{height}")
        u, v = synthetic_inputs(some(places, slice(1)), recipe, vary=False)[0]
        assert u[height // 2] == pytest.approx((np.arange(width) + 0.5) * 231 / width - 0.5, abs=0.15)
        assert v[:, width // 2] == pytest.approx((np.arange(height) + 0.5) * 282 / height - 0.5, abs=0.15)

    def test_gives_almost_the_input_of_the_cropped_frames(self):
        preset = PRESETS["easy"].model_copy(update={"noise": 0.3})
        wide = make_renderer(0, 0, preset, WINDOW)
        crop = make_renderer(0, 0, preset)
        plan = plan_clip(wide.identity, 1, "happiness", preset)
        album, moments = Album(), (plan.timing.onset, plan.timing.apex)
        for number, moment in enumerate(moments, start=1):
            album.add(number, crop.frame(plan, moment))
        clip = Clip("synthetic", "sub001", "clip001", 200, 1, 2, 2, "", "happiness", Path("in-memory"))
        gray = [np.asarray(cv2.cvtColor(wide.frame(plan, moment), cv2.COLOR_BGR2GRAY), np.uint8) for moment in moments]
        flow = dis(*gray)
        kept = cv2.resize(np.dstack([flow, strain(flow)]), (KEPT_WIDTH, KEPT_HEIGHT), interpolation=cv2.INTER_AREA)
        made = synthetic_inputs(flow_clips(kept.transpose(2, 0, 1)[None]), CENTERED, vary=False)[0]
        for found, expected in zip(made, input_of(clip, album, CENTERED), strict=True):
            assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95


class TestVariation:
    def test_moves_scales_and_turns_with_the_stated_deviations(self, places):
        u, v = synthetic_inputs(places, RAW).transpose(1, 0, 2, 3)
        shifts = u[:, 13:15, 13:15].mean((1, 2)) - 115, v[:, 13:15, 13:15].mean((1, 2)) - 140.5
        across = (u[:, 13:15, -3] - u[:, 13:15, 2]).mean(1) / (23 * 231 / 28)
        down = (v[:, -3, 13:15] - v[:, 2, 13:15]).mean(1) / (23 * 282 / 28)
        turn = np.rad2deg((v[:, 13:15, -3] - v[:, 13:15, 2]).mean(1) / (23 * 231 / 28))
        for values, deviation in [
            (shifts[0], 4),
            (shifts[1], 4),
            (np.log(across), 0.04),
            (np.log(down), 0.04),
            (turn, 2),
        ]:
            assert values.std() == pytest.approx(deviation, rel=0.15)
            assert abs(values.mean()) < 0.25 * deviation

    def test_of_a_clip_depends_on_the_seed_and_its_name_alone(self, random_flow):
        made = synthetic_inputs(random_flow, CENTERED, seed=4)
        assert np.array_equal(synthetic_inputs(random_flow, CENTERED, seed=4), made)
        assert np.array_equal(synthetic_inputs(some(random_flow, slice(2, 5)), CENTERED, seed=4), made[2:5])
        assert not np.isclose(synthetic_inputs(random_flow, CENTERED, seed=5), made).all((1, 2, 3)).any()


class TestRecipes:
    def test_channels_and_scales_are_those_of_flow(self, random_flow):
        u, v, _ = synthetic_inputs(random_flow, parse_recipe("flow:channels=uvs,scale=raw"))[0]
        u_alone, v_alone, m = synthetic_inputs(random_flow, parse_recipe("flow:channels=uvm,scale=raw"))[0]
        assert np.array_equal([u, v], [u_alone, v_alone])
        assert m == pytest.approx(np.hypot(u, v))
        stretched = synthetic_inputs(random_flow, parse_recipe("flow:channels=uvs,scale=minmax"))
        assert (stretched.min((2, 3)) == 0).all()
        assert (stretched.max((2, 3)) == 1).all()
        centered = synthetic_inputs(random_flow, CENTERED)
        assert np.median(centered, (2, 3)) == pytest.approx(0, abs=1e-5)
        assert centered.std((2, 3)) == pytest.approx(1, abs=1e-5)
        assert np.abs(synthetic_inputs(random_flow, parse_recipe("flow:channels=uv,scale=signed"))).max() <= 1

    def test_a_sample_of_released_flow_is_an_image_of_flow(self, random_flow):
        of_two_crops = parse_recipe("released-flow:crop=corrected")
        assert of_two_crops.samples == 2
        assert np.array_equal(synthetic_inputs(random_flow, of_two_crops), synthetic_inputs(random_flow, CENTERED))

    def test_a_local_view_keeps_the_regions(self, random_flow):
        both = synthetic_inputs(random_flow, parse_recipe("flow:channels=uvs,scale=centered,regions=mask"))
        assert both.shape == (6, 6, 28, 28)
        assert np.array_equal(both[:, :3], synthetic_inputs(random_flow, CENTERED))
        kept = both[:, 3:] != 0
        assert np.array_equal(both[:, 3:][kept], both[:, :3][kept])
        assert 0.3 < kept.mean() < 0.9

    def test_a_local_view_may_be_the_whole_face(self, random_flow):
        both = synthetic_inputs(random_flow, parse_recipe("flow:channels=uvs,scale=centered,regions=whole"))
        whole = synthetic_inputs(random_flow, CENTERED)
        assert np.array_equal(both, np.concatenate([whole, whole], axis=1))

    @pytest.mark.parametrize(
        ("recipe", "words"),
        [
            ("flow:magnify=linear4", "cannot be magnified; use magnify=none"),
            ("flow:regions=mask,outlines=landmarks", "has no landmarks; use outlines=template"),
            ("released-flow:as=channels", "has one image per clip; use as=views"),
            ("released-flow:out-direction=yes", "has no direction images; leave them out"),
            ("released-flow:ststnet=no,out=no,back=yes", "is from onset to apex; add ststnet=yes or out=yes"),
            ("apex", "gives only the inputs flow and released-flow"),
            ("lbp-top", "gives only the inputs flow and released-flow"),
        ],
    )
    def test_another_recipe_is_refused_with_what_is_possible(self, random_flow, recipe, words):
        with pytest.raises(MerlabError, match=words):
            synthetic_inputs(random_flow, parse_recipe(recipe))
