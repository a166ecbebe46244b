"""A method of your own that keeps something outside of its object is told, because the next fold finds it."""

from __future__ import annotations

import functools
import logging
import warnings

import numpy as np
import pytest

from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
from tests.helpers import flow_plan, write_flow_tree

SEEN: list[int] = []
LOG = logging.getLogger(__name__)


@functools.cache
def classes(count: int) -> np.ndarray:
    return np.arange(count)


class Sound:
    """Learns in its object; a cache of a pure function and a logger keep nothing that is learned."""

    def fit(self, inputs, labels):
        LOG.debug("%s clips", len(inputs))
        self.shares = np.bincount(labels, minlength=len(classes(3))) / len(labels)

    def predict_proba(self, inputs):
        return np.tile(self.shares, (len(inputs), 1))


class InAClass(Sound):
    counts = np.zeros(3)

    def fit(self, inputs, labels):
        self.counts += np.bincount(labels, minlength=3)
        self.shares = self.counts / self.counts.sum()


class InAGlobal(Sound):
    def fit(self, inputs, labels):
        super().fit(inputs, labels)
        SEEN.append(len(labels))


def run(tmp_path, method):
    plan = flow_plan(write_flow_tree(tmp_path / "flow"), [method], seeds=1)
    run_plan(plan, tmp_path / "run", cache=tmp_path / "cache", engine=LocalEngine(1))


@pytest.mark.parametrize("method", [InAClass(), InAClass, InAGlobal()])
def test_state_in_a_class_or_a_global_variable_is_told(tmp_path, method):
    with pytest.warns(UserWarning, match=r"in-a\w+ changed a class attribute or a global variable .* keep it in self"):
        run(tmp_path, method)


def test_a_sound_method_is_not_warned_of(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(tmp_path, Sound())
