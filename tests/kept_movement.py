"""Measured movements that are kept: most videos of the tests show the same few faces, whose movements are the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import pytest
from numpy.typing import NDArray

from merlab.frames import Float32Array, Image
from merlab.optical_flow import Gray
from merlab.spotting import motion
from merlab.spotting.motion import FaceMotion, KeyFrame

# A frame takes 16 kB, a movement 1.5 kB.
MOST_FRAMES, MOST_MOVEMENTS = 3000, 20_000

Digest = tuple[object, ...]


class Kept:
    """The last arrays that were computed, by the digest of what they were computed from."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._arrays: OrderedDict[Digest, NDArray[Any]] = OrderedDict()

    def get(self, digest: Digest, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array of this digest, which cannot be changed."""
        if digest not in self._arrays:
            array = compute()
            array.flags.writeable = False
            self._arrays[digest] = array
            if len(self._arrays) > self._most:
                self._arrays.popitem(last=False)
        return self._arrays[digest]


def digest_of(image: NDArray[Any]) -> Digest:
    return image.shape, image.dtype.str, blake2b(image.tobytes()).digest()


def keep_movements(patch: pytest.MonkeyPatch) -> None:
    """Let this process prepare each frame, and measure the movement from one frame to another, once."""
    even_gray, measure = motion.even_gray, FaceMotion._moved
    frames, movements = Kept(MOST_FRAMES), Kept(MOST_MOVEMENTS)

    def prepared(frame: Image, *size: int) -> Gray:
        return frames.get((*digest_of(frame), *size), lambda: even_gray(frame, *size))

    def moved(follower: FaceMotion, key: KeyFrame, gray: Gray) -> Float32Array:
        return movements.get((digest_of(key.gray), digest_of(gray)), lambda: measure(follower, key, gray))

    patch.setattr(motion, "even_gray", prepared)
    patch.setattr(FaceMotion, "_moved", moved)
