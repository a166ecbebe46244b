"""Whether a method tells synthetic classes apart: out-of-fold recall against what shuffled answers reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import recall_score

from merlab.inputs import load_inputs, mirror_of, parse_recipe
from merlab.methods import find_method
from merlab.methods.base import Task
from merlab.protocols import Labelled, stratified_group_kfold

FOLDS, SHUFFLES = 3, 1000


def out_of_fold(
    name: str, preset_name: str, labelled: Labelled, cache: Path, text: str | None = None
) -> NDArray[np.int64]:
    """The answer for every clip by a model that saw none of its subject; ``text`` replaces the preset's recipe."""
    method = find_method(name)
    preset = method.preset(preset_name)
    recipe = parse_recipe(text or preset.input or method.input)
    inputs = load_inputs(labelled.table, recipe, cache)
    groups, answers = labelled.table.groups, np.empty_like(labelled.labels)
    for split in stratified_group_kfold(labelled.labels, groups, FOLDS):
        train, test = np.array(split.train), np.array(split.test)
        task = Task.of(len(labelled.scheme.classes), recipe)
        classifier = method.build(task, preset, mirror=mirror_of(recipe))
        classifier.fit(inputs[train], labelled.labels[train], [groups[row] for row in train], seed=0)
        answers[test] = classifier.predict_proba(inputs[test]).argmax(axis=1)
    return answers


def share_of_shuffles_reaching(labels: NDArray[np.int64], answers: NDArray[np.int64]) -> tuple[float, float]:
    """(UAR, p): the recall averaged over classes, and how often the same answers, shuffled over clips, reach it."""
    rng = np.random.default_rng(0)

    def uar(given: NDArray[np.int64]) -> float:
        return float(recall_score(labels, given, average="macro"))

    reached = uar(answers)
    return reached, float(np.mean([uar(rng.permutation(answers)) >= reached for _ in range(SHUFFLES)]))
