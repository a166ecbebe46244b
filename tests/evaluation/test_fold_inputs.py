"""What a method gets in a fold: corrected crops, every sample of a clip, and the mean over samples at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from merlab.databases import load
from merlab.databases.causalnet_flow import labels_for
from merlab.evaluation.fold_inputs import fold_inputs
from merlab.evaluation.study import Study
from merlab.evaluation.unit import Fit, Worker
from merlab.inputs import parse_recipe
from merlab.inputs.crop_correction import Placement
from merlab.inputs.crop_reference import strain_of_faces
from tests.databases.causalnet_release import write_causalnet_tree

TWO = parse_recipe("released-flow")
TRAIN, TEST = np.array([0, 2]), np.array([1])


def numbered(clips: int, samples: int) -> np.ndarray:
    """Arrays whose values are 10 x the clip + the sample."""
    numbers = 10 * np.arange(clips)[:, None] + np.arange(samples)
    return np.broadcast_to(numbers[:, :, None, None, None], (clips, samples, 3, 28, 28)).astype(np.float32)


def test_every_sample_of_a_clip_is_trained_on_with_the_label_of_the_clip():
    fold = fold_inputs(TWO, numbered(3, 2), ["smic"] * 3, TRAIN, TEST)
    assert fold.train.shape == (4, 3, 28, 28)
    assert fold.train[:, 0, 0, 0].tolist() == [0, 1, 20, 21]
    assert fold.of_samples(np.array([7, 9])).tolist() == [7, 7, 9, 9]


def test_the_probabilities_of_a_clip_are_the_mean_over_its_samples():
    fold = fold_inputs(TWO, numbered(3, 2), ["smic"] * 3, TRAIN, TEST)
    assert fold.test[:, 0, 0, 0].tolist() == [10, 11]
    assert fold.of_clips(np.array([[0.2, 0.8], [0.6, 0.4]])) == pytest.approx(np.array([[0.4, 0.6]]))


def test_one_sample_is_given_as_it_is():
    inputs = numbered(3, 1)[:, 0]
    fold = fold_inputs(parse_recipe("flow"), inputs, ["smic"] * 3, TRAIN, TEST)
    assert np.array_equal(fold.train, inputs[TRAIN])
    assert fold.of_clips(np.array([[0.2, 0.8]])).tolist() == [[0.2, 0.8]]


def test_the_correction_of_crops_depends_on_training_clips_alone():
    """Two training clips are displaced by 2 px; the test clip, displaced by 3 px, is moved back by their 2."""
    recipe = parse_recipe("flow:scale=centered,crop=corrected")
    inputs = np.repeat(strain_of_faces()[None, None], 3, axis=1).repeat(3, axis=0)
    for row, down in enumerate((2.0, 3.0, 2.0)):
        inputs[row] = np.stack([Placement(down).applied(plane) for plane in inputs[row]])
    fold = fold_inputs(recipe, inputs, ["smic"] * 3, TRAIN, TEST)
    assert int(np.argmax(fold.train[0, 0].mean(axis=1))) == int(np.argmax(strain_of_faces().mean(axis=1)))
    assert int(np.argmax(fold.test[0, 0].mean(axis=1))) == 1 + int(np.argmax(strain_of_faces().mean(axis=1)))
    without_test_clip = fold_inputs(recipe, inputs[TRAIN], ["smic"] * 2, np.array([0, 1]), np.array([0]))
    assert np.array_equal(fold.train, without_test_clip.train)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear-svm", "joint-svm", "flow-cnn", "flow-ensemble"])
def test_a_study_of_two_crops_predicts_each_clip_once_without_its_label(name, tmp_path):
    labels_for.cache_clear()
    clips = load("causalnet-flow", write_causalnet_tree(tmp_path))
    options: dict[str, Any] = {"scheme": "megc2019", "protocol": "loso", "seeds": 1, "training": {"epochs": 1}}
    plan = Study.of(clips, [name], input="released-flow:crop=corrected", **options).plan()
    other = plan.labeled.labels.copy()
    other[list(plan.splits[0].test)] = (other[list(plan.splits[0].test)] + 1) % 3
    relabeled = replace(plan, labeled=replace(plan.labeled, labels=other))
    first, second = (Worker(each, tmp_path / "cache").run(Fit(0, 0, 0, "key")) for each in (plan, relabeled))
    assert len(first) == len(plan.splits[0].test)
    columns = ["p_negative", "p_positive", "p_surprise"]
    pd.testing.assert_frame_equal(first[columns], second[columns])
