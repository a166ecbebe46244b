"""Recognizers that average several networks, which can be taken apart again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlab.inputs import parse_recipe
from merlab.models.members import joined_members, single
from merlab.models.recognizer import Recognizer
from tests.videos.recognizers import small_recognizer

CENTERED = str(parse_recipe("flow:channels=uvs,scale=centered,size=28x28"))


@pytest.fixture
def networks():
    """Two networks of different weights."""
    made = [small_recognizer(method="flow-cnn", recipe=CENTERED, seed=seed, content_digest="0" * 64) for seed in (0, 1)]
    with torch.no_grad():
        for parameter in made[1].module.parameters():
            parameter.add_(0.05)
    return made


def inputs():
    return np.random.default_rng(0).normal(size=(4, 3, 28, 28)).astype(np.float32)


def test_two_joined_networks_give_the_mean_of_their_probabilities(networks):
    both = joined_members(networks, {"members": 2}, seed=7)
    means = np.mean([network.predict_proba(inputs()) for network in networks], axis=0)
    assert both.predict_proba(inputs()) == pytest.approx(means, abs=1e-6)
    assert (dict(both.card.network), both.card.seed, both.verified) == ({"members": 2}, 7, False)


def test_one_joined_network_stays_as_it_is(networks):
    assert np.array_equal(joined_members(networks[:1], {}, 0).logits(inputs()), networks[0].logits(inputs()))


def test_networks_that_were_joined_are_found_again(networks, tmp_path):
    saved = joined_members(networks, {"members": 2, "mirrored": True}, seed=0).save(tmp_path / "both.safetensors")
    apart: list[Recognizer] = single(saved)
    for found, network in zip(apart, networks, strict=True):
        assert np.array_equal(found.logits(inputs()), network.logits(inputs()))
        assert (dict(found.card.network), found.digest) == ({}, saved.digest)
        assert found.card.build().state_dict().keys() == found.module.state_dict().keys()


def test_a_single_network_is_its_only_member(networks):
    assert single(networks[0]) == [networks[0]]
