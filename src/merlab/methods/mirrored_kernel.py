"""RBF kernels of clips and their mirror images, with synthetic clips whose distances are computed once per process.

All distances are squared. Mirroring both of two clips does not change their distance, so half of them are enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from merlab.methods.svm import flattened
from merlab.training import Mirror, SyntheticClips

SYNTHETIC_SUBJECTS = 100
# Distances of this many subsets of synthetic clips are kept: an ensemble of five has five.
KEPT = 5

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Doubled:
    """Clips as vectors (N, numbers), and their mirror images (N, numbers)."""

    values: Values
    mirrored: Values

    @classmethod
    def of(cls, inputs: NDArray[np.float32], mirror: Mirror) -> Doubled:
        """From inputs (N, ...)."""
        mirrored = mirror(torch.from_numpy(np.ascontiguousarray(inputs))).numpy()
        return cls(flattened(inputs), flattened(np.asarray(mirrored, np.float32)))


@dataclass(frozen=True, eq=False)
class RealKernel:
    """exp(-gamma d) between clips and N training clips with their mirror images."""

    training: Doubled
    gamma: float

    def of_training(self) -> NDArray[np.float64]:
        """(2 N, 2 N): the clips, then their mirror images."""
        return self._to(np.concatenate([self.training.values, self.training.mirrored]))

    def of(self, clips: Doubled) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """M clips as they are (M, 2 N), and mirrored (M, 2 N)."""
        return self._to(clips.values), self._to(clips.mirrored)

    def _to(self, values: Values) -> NDArray[np.float64]:
        training = np.concatenate([self.training.values, self.training.mirrored])
        from sklearn.metrics.pairwise import rbf_kernel

        return np.asarray(rbf_kernel(values.astype(np.float64), training, self.gamma), np.float64)


@dataclass(frozen=True)
class Subset:
    """The clips of 100 random synthetic subjects (of all, if there are fewer); equal for the same clips and seed."""

    synthetic: SyntheticClips
    seed: int
    mirror: Mirror = field(compare=False)

    def rows(self) -> NDArray[np.int64]:
        """The rows of its clips."""
        subjects = np.asarray(self.synthetic.subjects)
        drawn = np.random.default_rng(self.seed).permutation(np.unique(subjects))[:SYNTHETIC_SUBJECTS]
        return np.flatnonzero(np.isin(subjects, drawn))

    def labels(self) -> NDArray[np.int64]:
        """Of its clips and of their mirror images."""
        return np.tile(self.synthetic.labels[self.rows()], 2)


@lru_cache(maxsize=KEPT)
def clips_of(subset: Subset) -> tuple[Doubled, Callable[[], Values]]:
    """The clips of a subset, and a function that gives the distances (2 M, 2 M) among them, which are computed once."""
    clips = Doubled.of(subset.synthetic.inputs[subset.rows()], subset.mirror)
    halves = _halves(clips, clips)
    return clips, lambda: _whole(*halves)


@dataclass(frozen=True, eq=False)
class JointKernel:
    """The same with the synthetic clips of a subset after the training clips, in single precision."""

    training: Doubled
    gamma: float
    subset: Subset

    def of_training(self) -> NDArray[np.float64]:
        """The training clips, their mirror images, the synthetic clips, their mirror images."""
        synthetic, distances = clips_of(self.subset)
        across = distances_between(self.training, synthetic)
        return self._from([[distances_between(self.training, self.training), across], [across.T, distances()]])

    def of(self, clips: Doubled) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """M clips as they are, and mirrored: one row for each."""
        synthetic, _ = clips_of(self.subset)
        both = self._from([[distances_between(clips, self.training), distances_between(clips, synthetic)]])
        return both[: len(clips.values)], both[len(clips.values) :]

    def _from(self, blocks: list[list[Values]]) -> NDArray[np.float64]:
        kernel = np.block(blocks)
        np.multiply(kernel, np.float32(-self.gamma), out=kernel)
        return np.asarray(np.exp(kernel, out=kernel), np.float64)


def distances_between(first: Doubled, second: Doubled) -> Values:
    """The distances (2 N, 2 M) of N clips and their mirror images to M clips and theirs."""
    return _whole(*_halves(first, second))


def _halves(first: Doubled, second: Doubled) -> tuple[Values, Values]:
    return _distances(first.values, second.values), _distances(first.values, second.mirrored)


def _whole(same: Values, across: Values) -> Values:
    return np.block([[same, across], [across, same]])


def _distances(first: Values, second: Values) -> Values:
    distances = first @ second.T
    distances *= -2
    distances += np.square(first).sum(axis=1)[:, None]
    distances += np.square(second).sum(axis=1)
    return np.asarray(np.maximum(distances, 0), np.float32)
