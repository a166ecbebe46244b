"""One training step of a method's preset on random inputs, for networks that a test cannot train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.training import NeuralClassifier


def unmoved_after_one_step(name: str, task: Task, network: Mapping[str, Any]) -> list[str]:
    """The weights that one step on two random clips with the preset ``paper`` leaves as they were.

    ``network`` are options of the network that differ from those of the preset. Asserts that all weights and the class
    probabilities (2, classes) are finite.
    """
    method = find_method(name)
    chosen = method.preset_with("paper", network)
    assert chosen.training is not None
    # Two clips give batches of two for every published batch size; augmentation is tested elsewhere.
    steps = 1 if chosen.training.steps else None
    once = chosen.training.model_copy(update={"epochs": 1, "steps": steps, "mirror": False, "device": "cpu"})
    before: dict[str, torch.Tensor] = {}

    def make() -> torch.nn.Module:
        module = method.module(task, chosen)
        before.update({label: weights.detach().clone() for label, weights in module.named_parameters()})
        return module

    classifier = NeuralClassifier(make, task.classes, once)
    clips = np.random.default_rng(0).uniform(size=(2, *task.shape)).astype(np.float32)
    classifier.fit(clips, np.array([0, 1]), ["s1", "s2"], seed=0)
    probabilities = classifier.predict_proba(clips)
    assert probabilities.shape == (2, task.classes)
    assert np.allclose(probabilities.sum(axis=1), 1)
    after = dict(classifier.module.named_parameters())
    # A sum is finite only if all its terms are, and takes a tenth of the time of asking each.
    assert all(weights.sum().isfinite() for weights in after.values())
    return [label for label, weights in after.items() if torch.equal(weights, before[label])]
