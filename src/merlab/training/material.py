"""What training can use beside the clips of a fold: synthetic clips, and weights to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from merlab.errors import MerlabError

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
        starts: weights to start from, by the name of the method: the ``state_dict`` of one network or of several; the
            seed s starts from the number s modulo their count.

    """

    synthetic: SyntheticClips | None = None
    starts: Mapping[str, tuple[Mapping[str, Tensor], ...]] = field(default_factory=dict)


def load_start(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give a network the weights to start from; raises MerlabError naming the first tensor that differs."""
    wanted, given = ({name: tuple(each.shape) for name, each in of.items()} for of in (module.state_dict(), tensors))
    for name in sorted(wanted.keys() | given.keys()):
        if wanted.get(name) != given.get(name):
            raise MerlabError(
                f"the weights to start from are of another network: tensor {name} is {given.get(name, 'absent')} in "
                f"them and {wanted.get(name, 'absent')} in this network; train them with the same method, network "
                "options, input and classes"
            )
    module.load_state_dict(tensors)


def relative_intensities(changes: NDArray[np.floating]) -> NDArray[np.float32]:
    """Changes (M, units) of action units, each row divided by its largest absolute value, at least .05."""
    largest = np.abs(changes).max(axis=1, keepdims=True)
    return np.asarray(changes / np.maximum(largest, SMALLEST_CHANGE), np.float32)
