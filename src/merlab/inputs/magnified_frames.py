"""Frames magnified by several factors: T frames of a movement, each with its movement made several times as large.

Wei, Zheng, Zong et al., "A Novel Micro-Expression Recognition Approach Using Attention-Based Magnification-Adaptive
Networks" (AMAN), ICASSP 2022, weights 11 frames and 9 factors of magnification. Their magnifier, a trained network for
two frames, is not included in merlab. Here, a factor f adds f - 1 times the difference to the onset frame
(``magnification.linear``). Assumed: the frames are at equal
times, and the factors are 2 to 10.
"""

from __future__ import annotations

from itertools import islice

import numpy as np

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.flow_sequence import frames_at_equal_times
from merlab.inputs.images import COLORS, plain_mirror, planes_of, read_frames, require_frames, zeros
from merlab.inputs.magnification import linear
from merlab.inputs.recipe import InputKind, Recipe

FACTORS = {"2to10": tuple(range(2, 11)), "1-2-4": (1, 2, 4), "2-5-8": (2, 5, 8)}


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    """Frames (T, factors x C, H, W); the channels of the first factor come first."""
    frames = require_frames(clip, frames)
    onset, *later = read_frames(clip, frames, frames_at_equal_times(clip, recipe.frames))
    magnified = [islice(linear([onset, *later], factor - 1), 1, None) for factor in FACTORS[recipe["factors"]]]
    return np.stack(
        [
            np.concatenate([planes_of(image, recipe, recipe["color"]) for image in same_time])
            for same_time in zip(*magnified, strict=True)
        ]
    )


MAGNIFIED_FRAMES = InputKind(
    name="magnified-frames",
    title="T frames, each magnified by several factors, [0, 1]",
    version=1,
    size="224x224",
    choices={"frames": ("11", "5", "3"), "factors": tuple(FACTORS), "color": tuple(COLORS)},
    channels=lambda recipe: len(FACTORS[recipe["factors"]]) * COLORS[recipe["color"]],
    frames_needed=lambda clip, recipe: sorted(set(frames_at_equal_times(clip, recipe.frames))),
    extract=_extract,
    neutral=zeros,
    mirror=plain_mirror,
    layout="sequence",
)
