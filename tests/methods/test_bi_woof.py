"""Bi-WOOF against histograms computed by hand, and the inputs that it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.errors import MerlabError
from merlab.methods import find_method
from merlab.methods.bi_woof import bi_woof
from merlab.methods.method import Task


def still(side: int = 10) -> np.ndarray:
    """A clip of u, v, strain (1, 3, side, side) without motion; 10 pixels make blocks of 2 x 2."""
    return np.zeros((1, 3, side, side), np.float32)


@pytest.mark.parametrize("eighth", range(8))
def test_motion_in_one_direction_fills_one_bin(eighth):
    angle = np.deg2rad(-180 + 45 * eighth + 22.5)
    flow = still()
    flow[0, :, 0, 0] = np.cos(angle), np.sin(angle), 1
    assert np.flatnonzero(bi_woof(flow)[0]).tolist() == [eighth]


def test_magnitude_weighs_within_a_block_and_strain_between_blocks():
    flow = still()
    flow[0, :2, 0, 0] = 0.3, 0.1  # block 0, bin 4 (0..45 degrees), magnitude sqrt(0.1)
    flow[0, :2, 1, 1] = -0.9, 0.3  # block 0, bin 7, three times as fast
    flow[0, :2, 9, 9] = 0.1, 0.05  # block 24, bin 4, the only motion there: its magnitude does not matter
    flow[0, 2, :2, :2] = 0.5  # strain 2 in block 0
    flow[0, 2, 9, 8] = 1.0  # strain 1 in block 24
    expected = np.zeros(200)
    expected[[4, 7, 24 * 8 + 4]] = 2 * 0.25, 2 * 0.75, 1
    assert bi_woof(flow)[0] == pytest.approx(expected / np.linalg.norm(expected))


def test_a_clip_without_motion_is_all_zero():
    assert not bi_woof(still()).any()


@pytest.mark.slow
@given(seed=st.integers(0, 100), motion=st.floats(0.1, 10), strain=st.floats(0.1, 10))
def test_the_length_is_one_and_does_not_depend_on_the_overall_strength_of_motion(seed, motion, strain):
    flow = np.random.default_rng(seed).normal(size=(2, 3, 23, 17)).astype(np.float32)
    flow[:, 2] = np.abs(flow[:, 2])
    described = bi_woof(flow)
    assert described.shape == (2, 200)
    assert np.linalg.norm(described, axis=1) == pytest.approx(np.ones(2))
    stronger = flow * np.array([motion, motion, strain], np.float32)[:, None, None]
    assert bi_woof(stronger) == pytest.approx(described, abs=1e-5)


def fit(flow: np.ndarray):
    method = find_method("bi-woof")
    classifier = method.build(Task(2, 3, *flow.shape[2:]), method.preset("paper"))
    classifier.fit(flow, np.arange(len(flow)) % 2, ["s"] * len(flow), seed=0)
    return classifier


def test_it_distinguishes_directions():
    flow = np.random.default_rng(0).normal(0, 0.3, (40, 3, 20, 20)).astype(np.float32)
    flow[:, 2] = 1
    flow[1::2, 0] += 0.5
    flow[::2, 0] -= 0.5
    assert (fit(flow[:20]).predict_proba(flow[20:]).argmax(axis=1) == np.arange(20) % 2).all()


def test_flow_scaled_to_0_1_is_refused_with_the_reason():
    with pytest.raises(MerlabError, match="no pixel of these clips moves left or up.*use frames .* and scale=raw"):
        fit(np.random.default_rng(0).random((6, 3, 20, 20)).astype(np.float32))


def test_clips_that_are_all_still_are_named_and_a_few_are_not():
    flow = np.random.default_rng(0).normal(size=(6, 3, 20, 20)).astype(np.float32)
    flow[:, 2] = 1
    flow[:2] = 0
    fit(flow)
    with pytest.raises(MerlabError, match=r"no pixel moves.*check the frames"):
        fit(np.zeros_like(flow))


def test_flow_whose_channels_are_centered_apart_is_refused_with_the_reason():
    flow = np.random.default_rng(0).normal(size=(6, 3, 20, 20)).astype(np.float32)
    with pytest.raises(MerlabError, match="strain, which is never negative.*scale=centered.*use frames"):
        fit(flow)


def test_other_channels_are_refused_with_the_remedy():
    with pytest.raises(MerlabError, match="2 channels; use a recipe with channels=uvs"):
        find_method("bi-woof").build(Task(2, 2, 20, 20), find_method("bi-woof").preset("paper"))
