"""Whether a method distinguishes synthetic classes: out-of-fold recall, compared with shuffled predictions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from merlab.evaluation.fit_arguments import fit_arguments
from merlab.evaluation.fold_inputs import FoldInputs
from merlab.evaluation.plan import make_entry
from merlab.inputs import load_inputs, mirror_of, parse_recipe
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.protocols import Labeled, stratified_group_kfold
from tests.methods.small_faces import with_small_frames

SHUFFLES = 1000
ROUNDING = 1e-9


def out_of_fold(
    name: str,
    labeled: Labeled,
    folder: Path,
    *,
    preset: str,
    text: str | None = None,
    small: bool = False,
    settings: Mapping[str, Any] | None = None,
    databases: int = 1,
    folds: int = 3,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """After each fold: the rows (N,) of the clips that were tested until now, and their predicted classes (N,).

    A clip is tested by a model that was trained on other subjects. ``text`` replaces the preset's recipe,
    ``settings`` its training settings; ``small`` halves width and height of the frames. With several ``databases``,
    the subjects count as subjects of that many databases. The clips are in ``folder``, where inputs are kept; one
    process makes those of a recipe.
    """
    labeled, cache = with_small_frames(labeled, folder) if small else labeled, folder / "inputs"
    method = find_method(name)
    entry = make_entry(method, preset, [0], parse_recipe(text) if text else None, settings)
    recipe = entry.recipe
    with FileLock(f"{cache}-{zlib.crc32(str(recipe).encode()):08x}.lock"):
        inputs = load_inputs(labeled.table, recipe, cache)
    groups, predicted = labeled.table.groups, np.empty_like(labeled.labels)
    tested: list[int] = []
    if databases > 1:
        groups = [f"database{sorted(set(groups)).index(group) % databases}/{group}" for group in groups]
    for split in stratified_group_kfold(labeled.labels, groups, folds):
        train, test = np.array(split.train), np.array(split.test)
        task = Task.of(len(labeled.scheme.classes), recipe)
        classifier = method.build(task, entry.preset, mirror=mirror_of(recipe))
        fold = FoldInputs(inputs[train], inputs[test], samples=1)
        given: dict[str, Any] = {**fit_arguments(entry, labeled.table, fold, split.train)}
        classifier.fit(inputs[train], labeled.labels[train], [groups[row] for row in train], 0, **given)
        predicted[test] = classifier.predict_proba(inputs[test]).argmax(axis=1)
        tested += split.test
        yield np.array(tested), predicted[tested]


def share_of_shuffles_reaching(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> tuple[float, float]:
    """(UAR, p): the mean recall of the classes, and the share of shuffles of the same predictions that reach it."""
    counts = np.bincount(labels)
    weights = 1 / (counts[labels] * np.count_nonzero(counts))
    reached = float((predicted == labels) @ weights)
    shuffled = np.random.default_rng(0).permuted(np.tile(predicted, (SHUFFLES, 1)), axis=1)
    return reached, float(np.mean((shuffled == labels) @ weights >= reached - ROUNDING))
