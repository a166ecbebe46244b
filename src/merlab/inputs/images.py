"""Inputs that are images: the apex frame, the onset-apex stack, and their difference."""

from __future__ import annotations

import cv2
import numpy as np

from merlab.clips import Clip, ClipError, Frames, Image
from merlab.inputs.recipe import APEX_CHOICES, Extract, FloatArray, InputKind, Recipe

PAPER_SIZE = "231x282"
COLOURS = {"bgr": 3, "grey": 1}


def key_frames(clip: Clip) -> list[int]:
    """[onset, apex]; raises ClipError where one is unknown."""
    if clip.onset is None or clip.apex is None:
        missing = "onset" if clip.onset is None else "apex"
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) has no {missing} frame, which this input needs; "
            "complete it in the coding table or leave the clip out"
        )
    return [clip.onset, clip.apex]


def read_key_frames(clip: Clip, frames: Frames | None) -> tuple[Image, Image]:
    """The onset and apex frames, (H, W, 3) uint8 BGR of one size; raises ClipError where that cannot be."""
    if frames is None:
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) is stored as an optical-flow image, its frames are not part "
            "of the release; use a flow recipe at the stored size, such as flow:channels=uvs,scale=minmax,size=28x28"
        )
    onset, apex = (frames.read(number) for number in key_frames(clip))
    if onset.shape != apex.shape:
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}): onset frame {clip.onset} is {describe_size(onset)}, "
            f"apex frame {clip.apex} is {describe_size(apex)}; frames of one clip must have one size"
        )
    return onset, apex


def describe_size(image: Image) -> str:
    """``231x282``."""
    return f"{image.shape[1]}x{image.shape[0]}"


def resize(image: FloatArray, width: int, height: int) -> FloatArray:
    """Resize (H, W) or (H, W, C): area averages when shrinking, linear interpolation when growing."""
    shrinking = image.shape[1] > width or image.shape[0] > height
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.float32)


def _planes(image: Image, recipe: Recipe) -> FloatArray:
    """(C, H, W) in [0, 1] at the recipe's size and colour."""
    if recipe["colour"] == "grey":
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    scaled = resize(np.divide(image, 255, dtype=np.float32), recipe.width, recipe.height)
    return np.ascontiguousarray(np.atleast_3d(scaled).transpose(2, 0, 1))


def _apex(clip: Clip, frames: Frames | None, recipe: Recipe) -> FloatArray:
    return _planes(read_key_frames(clip, frames)[1], recipe)


def _onset_apex(clip: Clip, frames: Frames | None, recipe: Recipe) -> FloatArray:
    return np.concatenate([_planes(image, recipe) for image in read_key_frames(clip, frames)])


def _difference(clip: Clip, frames: Frames | None, recipe: Recipe) -> FloatArray:
    onset, apex = (_planes(image, recipe) for image in read_key_frames(clip, frames))
    return apex - onset


def _black(view: FloatArray, recipe: Recipe) -> FloatArray:
    """Where a region is suppressed an image is 0: black, or no difference."""
    return np.zeros((len(view), 1, 1), np.float32)


def _plain_mirror(recipe: Recipe) -> tuple[list[float], list[float]]:
    return [1.0] * recipe.channels, [0.0] * recipe.channels


def _image_kind(name: str, title: str, images: int, extract: Extract) -> InputKind:
    return InputKind(
        name=name,
        title=title,
        version=1,
        size=PAPER_SIZE,
        choices={"colour": tuple(COLOURS), **APEX_CHOICES},
        channels=lambda recipe: images * COLOURS[recipe["colour"]],
        frames_needed=key_frames,
        extract=extract,
        neutral=_black,
        mirror=_plain_mirror,
    )


APEX = _image_kind("apex", "the apex frame, [0, 1]", 1, _apex)
ONSET_APEX = _image_kind("onset-apex", "onset and apex frames stacked, [0, 1]", 2, _onset_apex)
DIFFERENCE = _image_kind("difference", "apex minus onset, [-1, 1]", 1, _difference)
