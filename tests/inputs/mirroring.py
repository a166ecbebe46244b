"""Compare a mirrored input with the input of the mirrored face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from merlab.clips import ClipTable
from merlab.frames import Float32Array
from merlab.inputs import make_input, mirror_of, parse_recipe
from tests.helpers import make_clip, write_frames


def mirrored_both_ways(folder: Path, images: Sequence[Float32Array], text: str) -> tuple[Float32Array, Float32Array]:
    """The mirrored input of a clip of these images (onset first, offset last), and the input of the mirrored images."""
    clips = []
    for name, flip in (("plain", 1), ("mirrored", -1)):
        flipped = [np.ascontiguousarray(image[:, ::flip]) for image in images]
        clips.append(make_clip(write_frames(folder / name, flipped), name=name, offset=len(images)))
    recipe = parse_recipe(text)
    mirror = mirror_of(recipe)
    assert mirror is not None
    plain, of_mirrored_face = (make_input(ClipTable(tuple(clips)), clip, recipe) for clip in clips)
    return mirror(torch.from_numpy(plain)[None])[0].numpy(), of_mirrored_face
