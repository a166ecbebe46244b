"""A method of your own whose answer for a clip depends on the other test clips is told."""

from __future__ import annotations

import random
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from merlab.evaluation.company import half_of, warn_of_company
from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
from merlab.evaluation.unit import Fit, Worker
from merlab.methods import METHODS
from tests.helpers import flow_plan, write_flow_tree


class Sound:
    """The first class is as probable as the clip's first value is above that of the training clips."""

    def fit(self, inputs, labels):
        self.mean = inputs[:, 0].mean()

    def predict_proba(self, inputs):
        return self.of(inputs[:, 0].mean((1, 2)) - self.mean)

    def of(self, values):
        first = 1 / (1 + np.exp(-values))
        return np.stack([first, 1 - first, np.zeros(len(first))], axis=1)


class NormalizedByTheTestClips(Sound):
    def predict_proba(self, inputs):
        values = inputs[:, 0].mean((1, 2))
        return self.of((values - values.mean()) / (values.std() or 1))


class NormalizedInPlace(NormalizedByTheTestClips):
    def predict_proba(self, inputs):
        values = super().predict_proba(inputs)
        inputs[:] = inputs[::-1].copy()
        return values


class Random(Sound):
    """Draws others each time that it is asked."""

    name = "draws"

    def fit(self, inputs, labels, seed=0):
        self.generator = np.random.default_rng(seed)

    def predict_proba(self, inputs):
        return self.generator.dirichlet([1, 1, 1], len(inputs))


class FromGlobalGenerators(Sound):
    """Draws one class per clip, so that two answers may agree by chance where there are few clips."""

    def predict_proba(self, inputs):
        drawn = random.random() + torch.rand(len(inputs)).numpy() + np.random.rand(len(inputs))  # noqa: NPY002
        return np.eye(3)[(3 * drawn).astype(int) % 3]


class SeededRandom(Sound):
    """As scikit-learn's DummyClassifier with a random_state."""

    def predict_proba(self, inputs):
        return np.random.default_rng(0).multinomial(1, [0.3, 0.3, 0.4], len(inputs)).astype(float)


def run(tmp_path, method):
    plan = flow_plan(write_flow_tree(tmp_path / "flow"), [method], seeds=1)
    return run_plan(plan, tmp_path / "run", cache=tmp_path / "cache", engine=LocalEngine(1))[1]


@pytest.mark.parametrize("method", [NormalizedByTheTestClips, NormalizedInPlace])
def test_a_method_that_needs_the_other_test_clips_is_told(tmp_path, method):
    told = "the probabilities that method [a-z-]+ gives a test clip depend on the other test clips"
    with pytest.warns(UserWarning, match=told):
        run(tmp_path, method())


@pytest.mark.parametrize("method", [Sound(), Random(), SeededRandom(), replace(METHODS["random"], name="chance")])
def test_a_method_that_does_not_is_not_warned_of(tmp_path, method):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(tmp_path, method)


def test_a_method_that_draws_from_the_global_generators_is_not_warned_of_by_chance(tmp_path):
    root = write_flow_tree(tmp_path / "flow", ("sub01", "s03"), each=1)
    worker = Worker(flow_plan(root, [FromGlobalGenerators]), None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Among these seeds is one whose first repetition is another one, and whose second is the same.
        for seed in range(14, 20):
            worker.run(Fit(0, 0, seed, "key"))


def test_the_turns_set_any_two_clips_apart():
    for clips in range(1, 9):
        halves = [half_of(np.arange(clips), turn) for turn in range(3)]
        assert all(any(half[one] != half[other] for half in halves) for one in range(clips) for other in range(one))


def test_the_inputs_of_a_clip_stay_together():
    assert half_of(np.repeat(np.arange(4), 2), 0).tolist() == [False] * 2 + [True] * 2 + [False] * 2 + [True] * 2


def later_ones_averaged(first):
    """Each from the second on is the mean of those from there to it."""
    return np.concatenate([first[:1], np.cumsum(first[1:]) / np.arange(1, len(first))])


def last_two_averaged(first):
    return np.concatenate([first[:-2], np.repeat(first[-2:].mean(), 2)])


def fifth_and_seventh_averaged(first):
    return np.where(np.arange(len(first)) == 4, (first[4] + first[6]) / 2, first)


def tells(mixed, clips, turn, asked=None):
    """Whether a method is told of that predicts so many clips from 0 to 1, mixed."""

    def predict_proba(inputs):
        if asked is not None:
            asked.append(len(inputs))
        first = mixed(inputs[:, 0])
        return np.stack([first, 1 - first], axis=1)

    test = np.linspace(0, 1, clips, dtype=np.float32)[:, None]
    given = predict_proba(test.copy())
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        warn_of_company("mine", predict_proba, test, half_of(np.arange(clips), turn), given)
    return bool(found)


@pytest.mark.parametrize("mixed", [later_ones_averaged, last_two_averaged])
@pytest.mark.parametrize("clips", [3, 8, 9])
def test_a_method_that_mixes_only_later_clips_is_told(mixed, clips):
    assert tells(mixed, clips, turn=0)


def test_clips_far_apart_that_are_mixed_are_told_at_the_turn_that_sets_them_apart():
    assert [tells(fifth_and_seventh_averaged, 8, turn) for turn in range(4)] == [False, True, False, False]


def test_a_sound_method_is_asked_twice_more_and_a_single_clip_has_no_company():
    for clips, times in ((8, 3), (1, 1)):
        asked: list[int] = []
        assert not tells(lambda first: first, clips, turn=0, asked=asked)
        assert asked == [clips] * times
