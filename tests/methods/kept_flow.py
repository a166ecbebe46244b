"""Optical flow that is kept: many recipes differ only in what they make of the flow between the same two frames."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from merlab.frames import Float32Array
from merlab.optical_flow import ALGORITHMS, Gray, dis

# Each takes .7 MB.
MOST_FLOWS = 200


def keep_flow(patch: pytest.MonkeyPatch) -> None:
    """Let this process compute the flow from one frame to another once, also in several threads."""

    @lru_cache(MOST_FLOWS)
    def flow(shape: tuple[int, int], onset: bytes, apex: bytes) -> Float32Array:
        first, second = (np.frombuffer(image, np.uint8).reshape(shape) for image in (onset, apex))
        found = dis(first, second)
        found.flags.writeable = False
        return found

    def kept(onset: Gray, apex: Gray) -> Float32Array:
        return flow((onset.shape[0], onset.shape[1]), onset.tobytes(), apex.tobytes())

    patch.setitem(ALGORITHMS, "dis", kept)
