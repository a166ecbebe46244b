"""What training can use beside the clips of a fold: synthetic clips, and weights to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

# Below this largest change of a clip, its intensities are divided by it.
SMALLEST_CHANGE = 0.05


@dataclass(frozen=True, eq=False)
class SyntheticClips:
    """Synthetic clips as the input of a method.

    Attributes:
        inputs: (M, C, H, W) float32, in the form of the real clips.
        labels: (M,) int64, in 0..classes-1.
        intensities: (M, units) float32, the change of each action unit and side, relative to the largest of the clip
            (``relative_intensities``).
        other_side: (units,) int64, the position of the same unit on the other side of the face; a mirrored clip has
            ``intensities[:, other_side]``.
        subjects: M names of synthetic subjects.

    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]
    intensities: NDArray[np.float32]
    other_side: NDArray[np.int64]
    subjects: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Material:
    """What a method may use beside the training clips of a fold.

    Attributes:
        synthetic: clips that are mixed into batches of networks, and into the training samples of ``joint-svm``.
        starts: weights to start from, by the name of the method: the ``state_dict`` of one network or of several, whole
            or a part; the seed s starts from the number s modulo their count. They are of the method's network, which
            whoever plans the training checks once (``evaluation.start``).

    """

    synthetic: SyntheticClips | None = None
    starts: Mapping[str, tuple[Mapping[str, Tensor], ...]] = field(default_factory=dict)


def relative_intensities(changes: NDArray[np.floating]) -> NDArray[np.float32]:
    """Changes (M, units) of action units, each row divided by its largest absolute value, at least .05."""
    largest = np.abs(changes).max(axis=1, keepdims=True)
    return np.asarray(changes / np.maximum(largest, SMALLEST_CHANGE), np.float32)
