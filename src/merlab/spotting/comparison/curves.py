"""Methods that compare each sample with those before and after it: one curve, one threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from merlab.databases.long_video import Kind
from merlab.evaluation.metrics import Float64Array
from merlab.spotting.comparison.found import Found
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.sampling import Feature
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.comparison.threshold import Peak, best_p


@dataclass(frozen=True)
class CurveSpotter:
    """A method without training but for its threshold.

    Attributes:
        name, title, paper: as in Spotter.
        seconds: the distance k to the samples before and after, s, for each kind.
        feature: the feature, for a distance of k samples.
        curve: the curve from its values, for k; it lacks equally many samples at the begin and at the end.
        intervals: the intervals of a curve, for p and k.
        least: how many samples a recording must have to hold an interval, for k.

    """

    name: str
    title: str
    paper: str
    seconds: Mapping[Kind, float]
    feature: Callable[[int], Feature]
    curve: Callable[[NDArray[np.generic], int], Float64Array]
    intervals: Callable[[Float64Array, float, int], list[Peak]]
    least: Callable[[int], int]
    fits: str = "threshold"
    needs_training: bool = False
    places: bool = False
    sees_frames: bool = True

    def kinds(self, wanted: Sequence[Kind]) -> Sequence[Kind]:
        """All: each has its own distance k."""
        return wanted

    def distance(self, kind: Kind, rate: float) -> int:
        """The distance k in samples, at least 1."""
        return max(1, round(self.seconds[kind] * rate))

    def features(self, target: Target, rate: float) -> Sequence[Feature]:
        """One feature."""
        return [self.feature(self.distance(target.kind, rate))]

    def least_samples(self, target: Target, rate: float) -> int:
        """Those that the feature and then the contrast compare."""
        return self.least(self.distance(target.kind, rate))

    def fit(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> FittedCurve:
        """The p that is best on the training recordings; DEFAULT_P without any."""
        spotted = [self.intervals_in(material, target.kind) for material in training]
        return FittedCurve(self, target.kind, best_p(spotted, [each.intervals(target.kind) for each in training]))

    def intervals_in(self, material: MeasuredRecording, kind: Kind) -> Callable[[float], list[Peak]]:
        """The intervals of a recording in samples, for a p; its curve is computed once."""
        k = self.distance(kind, material.rate)
        curve = material.curve(self.feature(k), k, self.curve)
        first = (material.samples - len(curve)) // 2

        def intervals(p: float) -> list[Peak]:
            found = self.intervals(curve, p, k)
            return [Peak(each.onset + first, each.apex + first, each.offset + first, each.score) for each in found]

        return intervals


@dataclass(frozen=True)
class FittedCurve:
    """A method with its p."""

    spotter: CurveSpotter
    kind: Kind
    p: float

    @property
    def facts(self) -> Mapping[str, float]:
        """The chosen p."""
        return {"p": self.p}

    def with_p(self, p: float) -> FittedCurve:
        """The same with another p."""
        return replace(self, p=p)

    def spot(self, material: MeasuredRecording) -> list[Found]:
        """The intervals in frames."""
        peaks = self.spotter.intervals_in(material, self.kind)(self.p)
        return [material.found(peak, self.kind) for peak in peaks]
