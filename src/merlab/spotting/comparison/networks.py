"""Spotting with a network that scores every sample: pseudo-labels, training, smoothing, peaks.

As in SOFTNet (Liong et al. 2021): a sample whose window of k samples overlaps a true interval has the label 1, any
other 0; the network learns the label by the mean squared error; its score is averaged over 2 k samples; peaks above
mean + p (max - mean), k samples apart, stand for intervals from k before to k after them. k is half of the mean
duration of the training events.

Assumed: p is chosen on the training recordings, as for every method of this package, although the network has seen
them; one network for each kind of movement, the last epoch is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from merlab.databases.long_video import Kind
from merlab.errors import MerlabError
from merlab.evaluation.metrics import Float64Array
from merlab.spotting.comparison.flow_images import onset_k_flow
from merlab.spotting.comparison.found import Found
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.sampling import Feature
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.comparison.threshold import best_p, peaks
from merlab.spotting.comparison.training import NetworkTraining

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class NetworkSpotter:
    """A method with a network: that of its name in ``torch_networks.NETWORKS``.

    Attributes:
        name, title, paper: as in Spotter.
        training: how it learns.
        flow_seconds: the distance of the two samples of an image, s; None for k.

    """

    name: str
    title: str
    paper: str
    training: NetworkTraining
    flow_seconds: float | None = None
    fits: str = "network, threshold"
    needs_training: bool = True
    places: bool = False
    sees_frames: bool = True

    def kinds(self, wanted: Sequence[Kind]) -> Sequence[Kind]:
        """All: each has its own network."""
        return wanted

    def feature(self, target: Target, rate: float) -> Feature:
        """The images."""
        seconds = self.flow_seconds
        return onset_k_flow(target.half(rate) if seconds is None else max(1, round(seconds * rate)))

    def features(self, target: Target, rate: float) -> Sequence[Feature]:
        """One feature."""
        return [self.feature(target, rate)]

    def least_samples(self, target: Target, rate: float) -> int:
        """Those that give three scores, of which one can be a peak."""
        feature = self.feature(target, rate)
        return feature.before + feature.after + 3

    def fit(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> FittedNetwork:
        """Train the network, and choose p; raises MerlabError if no training recording has such an event."""
        from merlab.spotting.comparison.torch_networks import NETWORKS, trained

        images, labels = self._examples(training, target, seed)
        if not labels.any():
            raise MerlabError(
                f"{self.name} learns from {target.kind}-expressions, and the training recordings have none; give "
                "recordings with some (--train)"
            )
        network = trained(NETWORKS[self.name], images, labels, self.training, seed)
        fitted = FittedNetwork(self, target, network, 0.0)
        spotted = [partial(peaks, fitted.curve(each), half=target.half(each.rate)) for each in training]
        p = best_p(spotted, [each.intervals(target.kind) for each in training])
        return fitted.with_p(p)

    def _examples(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> tuple[Tensor, Tensor]:
        """Images and labels: every sample with a movement, and a random choice of the others."""
        import torch

        random = np.random.default_rng(seed)
        images, labels = [], []
        for material in training:
            values = material.values(self.feature(target, material.rate))
            label = pseudo_labels(len(values), material.intervals(target.kind), target.half(material.rate))
            known = np.flatnonzero(~np.isnan(values).any(axis=tuple(range(1, values.ndim))))
            kept = known[_chosen(label[known], self.training.negatives, random)]
            images.append(values[kept])
            labels.append(label[kept])
        shaped = [each for each in images if each.ndim == 4]
        if not shaped:
            return torch.zeros(0, 3, 1, 1), torch.zeros(0)
        return torch.from_numpy(np.concatenate(shaped)), torch.from_numpy(np.concatenate(labels))


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A method with its trained network and its p."""

    spotter: NetworkSpotter
    target: Target
    network: nn.Module
    p: float

    @property
    def facts(self) -> Mapping[str, float]:
        """The chosen p, and half of the duration of an interval, s."""
        return {"p": self.p, "k_s": round(self.target.mean_seconds / 2, 4)}

    def with_p(self, p: float) -> FittedNetwork:
        """The same with another p."""
        return replace(self, p=p)

    def curve(self, material: MeasuredRecording) -> Float64Array:
        """The smoothed score of every sample, (n,)."""
        from merlab.spotting.comparison.torch_networks import scores

        values = material.values(self.spotter.feature(self.target, material.rate))
        return smoothed(scores(self.network, values), 2 * self.target.half(material.rate))

    def spot(self, material: MeasuredRecording) -> list[Found]:
        """The intervals in frames."""
        found = peaks(self.curve(material), self.p, self.target.half(material.rate))
        return [material.found(peak, self.target.kind) for peak in found]


def pseudo_labels(count: int, intervals: NDArray[np.int_], k: int) -> NDArray[np.float32]:
    """Whether the window of ``k`` samples from each sample on overlaps an interval (n, 2), both ends included: 0, 1."""
    begin = np.arange(count)[:, None]
    overlaps = (begin <= intervals[:, 1]) & (begin + k - 1 >= intervals[:, 0])
    return np.asarray(overlaps.any(axis=1), np.float32)


def smoothed(curve: Float64Array, length: int) -> Float64Array:
    """The mean over ``length`` samples around each; of fewer at the ends."""
    kernel = np.ones(length)
    if not len(curve):
        return curve
    sums, counts = (np.convolve(each, kernel)[length // 2 :][: len(curve)] for each in (curve, np.ones(len(curve))))
    return np.asarray(sums / counts)


def _chosen(labels: NDArray[np.float32], negatives: float, random: np.random.Generator) -> NDArray[np.int_]:
    """The positions of all samples with a movement, and of ``negatives`` times as many others, in order."""
    with_movement, without = np.flatnonzero(labels > 0), np.flatnonzero(labels == 0)
    count = min(len(without), round(negatives * max(1, len(with_movement))))
    return np.sort(np.concatenate([with_movement, random.permutation(without)[:count]]))
