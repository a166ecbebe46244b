"""A method of your own whose answer for a clip depends on the other test clips is told."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
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
    name = "draws"

    def predict_proba(self, inputs):
        return np.random.default_rng().dirichlet([1, 1, 1], len(inputs))


class SeededRandom(Random):
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
