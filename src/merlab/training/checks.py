"""Checks of the clips of a fold, and its division into clips for training and for validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError

Fitted = TypeVar("Fitted")


def check_inputs(inputs: NDArray[np.float32]) -> None:
    """Raise MerlabError unless inputs are (N, [T,] C, H, W), N at least 1, with finite values."""
    if inputs.ndim not in (4, 5) or len(inputs) == 0:
        raise MerlabError(
            "inputs must be (clips, channels, height, width) or (clips, frames, channels, height, width) with at least "
            f"one clip, got {inputs.shape}"
        )
    unfit = np.flatnonzero(~np.isfinite(inputs).all(axis=tuple(range(1, inputs.ndim))))
    if len(unfit):
        raise MerlabError(
            f"{len(unfit)} of {len(inputs)} inputs contain NaN or infinity, the first is row {unfit[0]}; "
            "compute these inputs again, or leave the clips out"
        )


def check_labels(labels: NDArray[np.int64], groups: Sequence[str], clips: int, classes: int) -> None:
    """Raise MerlabError unless each clip has a label in 0..classes-1 and a subject."""
    if not len(labels) == len(groups) == clips:
        raise MerlabError(
            f"{clips} clips need {clips} labels and {clips} subjects, got {len(labels)} and {len(groups)}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise MerlabError(
            f"labels of {classes} classes must be in 0..{classes - 1}, got {labels.min()}..{labels.max()}"
        )


def check_units(intensities: NDArray[np.float32], other_side: NDArray[np.int64], clips: int) -> None:
    """Raise MerlabError unless each clip has an intensity of each action unit, and each unit has its other side."""
    units = len(other_side)
    if intensities.shape != (clips, units):
        raise MerlabError(
            f"{clips} clips and {units} action units need intensities ({clips}, {units}), got {intensities.shape}"
        )
    if sorted(other_side) != list(range(units)):
        raise MerlabError(f"other_side must contain each of the positions 0..{units - 1} once, got {list(other_side)}")


def hold_out_subjects(groups: Sequence[str], share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows for training and rows held out, without common subjects; raises MerlabError for fewer than 2 subjects."""
    from sklearn.model_selection import GroupShuffleSplit

    subjects = len(set(groups))
    if subjects < 2:
        raise MerlabError(
            f"selection=validation needs at least 2 subjects in the training fold, which has {subjects}; "
            "use selection=fixed, or a protocol with larger training folds"
        )
    held_out = min(max(1, round(share * subjects)), subjects - 1)
    splitter = GroupShuffleSplit(n_splits=1, test_size=held_out, random_state=seed)
    kept, judged = next(splitter.split(np.zeros(len(groups)), groups=list(groups)))
    return kept, judged


def trained(fitted: Fitted | None) -> Fitted:
    """What ``fit`` of a classifier made; raises MerlabError where it is None, which is before ``fit``."""
    if fitted is None:
        raise MerlabError("this classifier has not been trained yet; call fit before predict_proba")
    return fitted
