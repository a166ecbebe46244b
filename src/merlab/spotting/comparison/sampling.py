"""Features of samples: every n-th frame of a recording, gray and small, one reading for all features.

Below 100 frames per second every frame is a sample; from 100 on not every frame is used, and samples are 50 to 100 per
second (merlab's choice; the papers use every frame, at 30 and 200 frames per second). Sizes and crops follow merlab's
aligned faces, not those of the papers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array, Image
from merlab.optical_flow import Gray, dis
from merlab.spotting.motion import HEIGHT, WIDTH

LEAST_RATE = 50.0

OfSample = Callable[[Gray], NDArray[np.generic]]


def step_of(fps: float) -> int:
    """How many frames lie from one sample to the next: 4 at 200 frames per second, 1 below 100."""
    return max(1, int(fps // LEAST_RATE))


def small_gray(image: Image) -> Gray:
    """An aligned face (H, W, 3) BGR as gray, (HEIGHT, WIDTH)."""
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


class Around:
    """Samples around one of them, by their distance to it.

    What is computed of one sample is kept as long as the sample. Optical flow is kept until the next sample is added:
    one field is 131 kB, and hardly any is used again later.
    """

    def __init__(self) -> None:
        self._grays: dict[int, Gray] = {}
        self._flows: dict[tuple[int, int], Float32Array] = {}
        self._of_samples: dict[int, dict[OfSample, NDArray[np.generic]]] = {}
        self._at = 0

    def of_sample(self, compute: OfSample, distance: int) -> NDArray[np.generic]:
        """What ``compute`` gives for the sample at this distance, computed once."""
        position = self._at + distance
        known = self._of_samples.setdefault(position, {})
        if compute not in known:
            known[compute] = compute(self._grays[position])
        return known[compute]

    def flow(self, begin: int, end: int) -> Float32Array:
        """DIS flow (HEIGHT, WIDTH, 2) from the sample at one distance to that at another, px of the small image.

        Samples that are equal have no flow, which takes no time.
        """
        pair = self._at + begin, self._at + end
        if pair not in self._flows:
            one, other = (self._grays[position] for position in pair)
            alike = np.array_equal(one, other)
            self._flows[pair] = np.zeros((*one.shape, 2), np.float32) if alike else dis(one, other)
        return self._flows[pair]

    def add(self, position: int, gray: Gray, reach: int) -> None:
        """Add the next sample, and forget those more than ``reach`` before it."""
        self._grays[position] = gray
        for of_samples in (self._grays, self._of_samples):
            of_samples.pop(position - reach - 1, None)
        self._flows.clear()

    def at(self, position: int) -> Around:
        """The same samples, around another one."""
        self._at = position
        return self


@dataclass(frozen=True)
class Feature:
    """One array of numbers for each sample that has ``before`` samples before it and ``after`` samples after it.

    ``key`` names the feature and everything that determines it, for kept files. The first value belongs to sample
    ``before``, counted from 0. ``of`` computes it with ``k``, a distance in samples; it is a function of a module, so
    that it travels to worker processes.
    """

    key: str
    before: int
    after: int
    of: Callable[[Around, int], NDArray[np.generic]]
    k: int

    def __call__(self, around: Around) -> NDArray[np.generic]:
        """The value of the sample in the middle."""
        return self.of(around, self.k)


class Measuring:
    """Computes features while samples arrive.

    ``known`` are the first values of features, by key, from an earlier command: they are not computed again.
    """

    def __init__(
        self, features: Sequence[Feature], known: Mapping[str, Iterable[NDArray[np.generic]]] | None = None
    ) -> None:
        self._features = list(features)
        self._known = {key: iter(values) for key, values in (known or {}).items()}
        self._reach = max((each.before + each.after for each in features), default=0)
        self._around = Around()
        self._count = 0

    def add(self, gray: Gray) -> dict[str, NDArray[np.generic]]:
        """Add the next sample; returns the next value of each feature that has one by now, by key."""
        newest, self._count = self._count, self._count + 1
        self._around.add(newest, gray, self._reach)
        return {
            each.key: self._value(each, newest - each.after)
            for each in self._features
            if newest - each.after >= each.before
        }

    def _value(self, feature: Feature, position: int) -> NDArray[np.generic]:
        known = next(self._known.get(feature.key, iter(())), None)
        return feature(self._around.at(position)) if known is None else known
