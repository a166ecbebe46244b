"""One training step of a method's preset on random inputs, for networks that a test cannot train."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.methods import find_method
from merlab.methods.method import Task


def after_one_step(name: str, task: Task, preset: str = "paper") -> NDArray[np.float64]:
    """The class probabilities (2, classes) of two random clips after one step on them with the preset's settings."""
    method = find_method(name)
    chosen = method.preset(preset)
    assert chosen.training is not None
    # Two clips give batches of two for every published batch size; augmentation is tested elsewhere.
    once = chosen.training.model_copy(update={"epochs": 1, "mirror": False, "device": "cpu"})
    classifier = method.build(task, chosen.model_copy(update={"training": once}))
    clips = np.random.default_rng(0).uniform(size=(2, *task.shape)).astype(np.float32)
    classifier.fit(clips, np.array([0, 1]), ["s1", "s2"], seed=0)
    probabilities = classifier.predict_proba(clips)
    assert np.allclose(probabilities.sum(axis=1), 1)
    return probabilities
