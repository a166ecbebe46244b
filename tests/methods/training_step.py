"""One training step of a method's preset on random inputs, for networks that a test cannot train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.training import NeuralClassifier, seeded


def unmoved_after_one_step(name: str, task: Task, preset: str = "paper") -> list[str]:
    """The weights that one step on two random clips with the preset's settings leaves as they were.

    Asserts that all weights and the class probabilities (2, classes) are finite.
    """
    method = find_method(name)
    chosen = method.preset(preset)
    assert chosen.training is not None
    # Two clips give batches of two for every published batch size; augmentation is tested elsewhere.
    steps = 1 if chosen.training.steps else None
    once = chosen.training.model_copy(update={"epochs": 1, "steps": steps, "mirror": False, "device": "cpu"})
    classifier = NeuralClassifier(lambda: method.module(task, chosen), task.classes, once)
    clips = np.random.default_rng(0).uniform(size=(2, *task.shape)).astype(np.float32)
    classifier.fit(clips, np.array([0, 1]), ["s1", "s2"], seed=0)
    probabilities = classifier.predict_proba(clips)
    assert probabilities.shape == (2, task.classes)
    assert np.allclose(probabilities.sum(axis=1), 1)
    with seeded(0, torch.device("cpu")):
        before = dict(method.module(task, chosen).named_parameters())
    after = dict(classifier.module.named_parameters())
    assert all(weights.isfinite().all() for weights in after.values())
    return [label for label, weights in after.items() if torch.equal(weights, before[label])]


def available_memory() -> float:
    """The memory in bytes that new work can use; infinite where the system does not state it."""
    file = Path("/proc/meminfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    stated = [1024 * float(line.split()[1]) for line in lines if line.startswith("MemAvailable")]
    return stated[0] if stated else float("inf")
