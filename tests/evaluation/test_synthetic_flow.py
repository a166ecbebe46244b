"""Synthetic flow in a run: its labels follow the scheme, its input the recipe, its intensities are relative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.evaluation import synthetic_flow
from merlab.evaluation.synthetic_flow import SyntheticFlow, as_training_clips, require_recipe, require_scheme
from merlab.inputs import parse_recipe
from merlab.schemes import Scheme, find_scheme
from tests.training_material import CENTERED, hand_made_flow

MEGC2019 = find_scheme("megc2019")
RECIPE = parse_recipe(CENTERED)


def test_labels_are_the_classes_of_the_scheme():
    clips = as_training_clips(hand_made_flow(subjects=2), RECIPE, MEGC2019)
    assert clips.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert clips.inputs.shape == (6, 3, 28, 28)
    assert clips.subjects == ("sub001",) * 3 + ("sub002",) * 3


def test_intensities_are_divided_by_the_largest_of_the_clip_which_is_at_least_a_twentieth():
    flow = hand_made_flow(subjects=1)
    changes = np.zeros((3, 28), np.float32)
    changes[0, :2], changes[1, :2], changes[2, :2] = (0.4, -0.8), (0.01, -0.025), (0, 0)
    found = as_training_clips(replace(flow, intensities=changes), RECIPE, MEGC2019).intensities
    assert found[:, :2] == pytest.approx(np.array([[0.5, -1], [0.2, -0.5], [0, 0]], np.float32))


def test_a_scheme_that_does_not_map_a_label_is_refused_with_the_labels():
    flow = hand_made_flow(emotions=("negative", "happiness", "surprise", "sadness"))
    with pytest.raises(
        MerlabError, match=r"--synthetic has clips with the labels negative, sadness.*casme2-5.*megc2019"
    ):
        require_scheme(flow, find_scheme("casme2-5"))


def test_every_class_of_the_scheme_must_occur():
    require_scheme(hand_made_flow(), MEGC2019)
    with pytest.raises(MerlabError, match="--synthetic has no clip of class surprise"):
        require_scheme(hand_made_flow(emotions=("disgust", "happiness")), MEGC2019)


def test_a_scheme_of_your_own_may_order_the_classes_otherwise():
    own = Scheme("mine", "", ("b", "a"), {"disgust": "a", "happiness": "b", "surprise": "a"})
    require_scheme(hand_made_flow(), own)
    assert as_training_clips(hand_made_flow(subjects=1), RECIPE, own).labels.tolist() == [1, 0, 1]


def test_a_recipe_that_no_synthetic_flow_has_is_refused():
    require_recipe(hand_made_flow(), RECIPE)
    for recipe in ("apex:size=28x28", f"{CENTERED},magnify=linear2"):
        with pytest.raises(MerlabError, match=recipe.split(":")[0]):
            require_recipe(hand_made_flow(), parse_recipe(recipe))


def test_a_folder_whose_content_has_changed_since_the_start_of_the_run_is_refused(monkeypatch, tmp_path):
    flow = hand_made_flow()
    used = SyntheticFlow.of(tmp_path / "flow-clips", flow)
    assert (used.facts().name, used.subjects, used.clips) == ("flow-clips", 4, 12)
    monkeypatch.setattr(synthetic_flow, "read_flow", lambda folder: replace(flow, digest="other"))
    with pytest.raises(MerlabError, match="has changed since the run began"):
        used.clips_as(RECIPE, MEGC2019)
