"""The input of two images in memory, an onset and an apex, as an exported network takes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.frames import ClipError, Float32Array, Image
from merlab.frames.frame import FramesByNumber
from merlab.inputs.extraction import input_of
from merlab.inputs.recipe import BUILT_IN, Recipe, parse

# With frames between them that are not there, so that an input that reads these is refused.
ONSET, APEX, OFFSET = 1, 3, 5


class TwoFrames(FramesByNumber):
    """An onset and an apex as frames with the numbers ONSET and APEX."""

    def __init__(self, onset: Image, apex: Image) -> None:
        self._images = {ONSET: onset, APEX: apex}

    @property
    def numbers(self) -> Sequence[int]:
        """Both numbers."""
        return list(self._images)

    def read(self, number: int) -> Image:
        """One of them, (H, W, 3) BGR; raises ClipError for any other number."""
        if number not in self._images:
            raise ClipError("this input needs more frames than an onset and an apex")
        return self._images[number]


def from_frames(onset: Image, apex: Image, recipe: str | Recipe) -> Float32Array:
    """The input of a network for one movement, from its onset and its apex: float32 (1, *recipe.shape).

    Args:
        onset: an aligned face at the onset, (H, W, 3) uint8 BGR as OpenCV reads it, such as onset.png of a recognized
            event (231 x 282 px); ``docs/howto/export.md`` tells how to align others.
        apex: the same face at the apex.
        recipe: that of the network, or its text, as it is in the metadata of an exported file. ``crop=corrected`` does
            nothing here: aligned faces have the right crop.

    Raises:
        MerlabError: for images of another kind or of two sizes, for a recipe that is wrong, and for one that needs more
            than two frames or the landmarks of the face.

    """
    recipe = recipe if isinstance(recipe, Recipe) else parse(recipe, BUILT_IN)
    for image in (onset, apex):
        is_array = isinstance(image, np.ndarray)
        if not is_array or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            found = f"{image.dtype} {image.shape}" if is_array else type(image).__name__
            raise MerlabError(f"onset and apex must be arrays of uint8 (height, width, 3) in BGR order, got {found}")
    if recipe.outlines == "landmarks":
        raise MerlabError(f"{recipe} needs the landmarks of the face; two frames do not have them")
    clip = Clip("images", "face", "movement", 1.0, ONSET, APEX, OFFSET, "", "", Path())
    frames = TwoFrames(onset, apex)
    more = set(recipe.kind.frames_needed(clip, recipe)) - set(frames.numbers)
    if more:
        raise MerlabError(f"{recipe} needs more frames than an onset and an apex; compute it with load_inputs")
    return input_of(clip, frames, recipe)[None]
