"""Inputs that are images: the apex frame, onset and apex frames stacked, and their difference."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Literal

import cv2
import numpy as np

from merlab.clips import Clip
from merlab.frames import ClipError, Float32Array, Frames, Image
from merlab.inputs.magnification import MAGNIFICATIONS, needs_every_frame
from merlab.inputs.recipe import APEX_CHOICES, Extract, InputKind, Recipe

PAPER_SIZE = "231x282"
COLORS = {"bgr": 3, "gray": 1}


def key_frames(clip: Clip) -> list[int]:
    """[onset, apex]; raises ClipError if one is unknown."""
    return annotated_frames(clip, "onset", "apex")


def annotated_frames(clip: Clip, *moments: Literal["onset", "apex", "offset"]) -> list[int]:
    """The frame numbers of these moments; raises ClipError with the first one that is unknown."""
    numbers = []
    for moment in moments:
        number = getattr(clip, moment)
        if number is None:
            raise ClipError(
                f"{clip.subject} {clip.name} ({clip.database}) has no {moment} frame, but this input needs one; "
                "add it to the coding table or leave the clip out"
            )
        numbers.append(number)
    return numbers


def frames_to_apex(clip: Clip, magnify: str) -> list[int]:
    """The frames to read for onset and apex: both, and all between them if the magnification filters over time."""
    onset, apex = key_frames(clip)
    return list(range(onset, apex + 1)) if needs_every_frame(magnify) else [onset, apex]


def read_key_frames(clip: Clip, frames: Frames | None, magnify: str = "none") -> tuple[Image, Image]:
    """The onset and apex frames, (H, W, 3) uint8 BGR; raises ClipError if they are absent or differ in size."""
    frames = require_frames(clip, frames)
    images = read_frames(clip, frames, frames_to_apex(clip, magnify), magnify)
    onset = next(images)
    later = deque(images, maxlen=1)
    return onset, later.pop() if later else onset


def require_frames(clip: Clip, frames: Frames | None) -> Frames:
    """The frames; raises ClipError for a clip that is stored as a flow image and has no frames."""
    if frames is None:
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) is stored as an optical-flow image, because its frames are "
            "not part of the release; only flow at the stored size can be computed from it, such as "
            "flow:channels=uvs,scale=minmax,size=28x28"
        )
    return frames


def read_frames(clip: Clip, frames: Frames, numbers: Sequence[int], magnify: str = "none") -> Iterator[Image]:
    """These frames of a clip, magnified, (H, W, 3) uint8 BGR, one by one: whole heads are large.

    Raises ClipError, when they are read, if they are absent or differ in size.
    """
    return MAGNIFICATIONS[magnify](_of_one_size(clip, frames, numbers))


def _of_one_size(clip: Clip, frames: Frames, numbers: Sequence[int]) -> Iterator[Image]:
    first: Image | None = None
    for number in numbers:
        image = frames.read(number)
        first = image if first is None else first
        if image.shape != first.shape:
            raise ClipError(
                f"{clip.subject} {clip.name} ({clip.database}): frame {numbers[0]} is {describe_size(first)}, "
                f"frame {number} is {describe_size(image)}; all frames of a clip must have the same size"
            )
        yield image


def describe_size(image: Image) -> str:
    """The size as text, width first, such as ``231x282``."""
    return f"{image.shape[1]}x{image.shape[0]}"


def resize(image: Float32Array, width: int, height: int) -> Float32Array:
    """Resize (H, W) or (H, W, C): area averages to reduce, linear interpolation to enlarge."""
    shrinking = image.shape[1] > width or image.shape[0] > height
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.float32)


def planes_of(image: Image, recipe: Recipe, color: str) -> Float32Array:
    """An image as (C, H, W) in [0, 1] at the size of the recipe; ``color`` is ``bgr`` or ``gray``."""
    if color == "gray":
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    scaled = resize(np.divide(image, 255, dtype=np.float32), recipe.width, recipe.height)
    return np.ascontiguousarray(np.atleast_3d(scaled).transpose(2, 0, 1))


def _key_planes(clip: Clip, frames: Frames | None, recipe: Recipe) -> list[Float32Array]:
    return [planes_of(image, recipe, recipe["color"]) for image in read_key_frames(clip, frames, recipe["magnify"])]


def _apex(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    return _key_planes(clip, frames, recipe)[1]


def _onset_apex(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    return np.concatenate(_key_planes(clip, frames, recipe))


def _difference(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    onset, apex = _key_planes(clip, frames, recipe)
    return apex - onset


def zeros(view: Float32Array, recipe: Recipe) -> Float32Array:
    """The neutral value 0 of an image: black, or no difference; (C, 1, 1)."""
    return np.zeros((len(view), 1, 1), np.float32)


def medians(view: Float32Array, recipe: Recipe) -> Float32Array:
    """The neutral value if stretching has lost the zero level: the median of each channel, (C, 1, 1).

    Most of a face does not move, so the median is close to no motion.
    """
    return np.median(view, axis=(1, 2), keepdims=True).astype(np.float32)


def plain_mirror(recipe: Recipe) -> tuple[list[float], list[float]]:
    """A mirrored image is the flipped image without any change of its values."""
    return [1.0] * recipe.channels, [0.0] * recipe.channels


def _image_kind(name: str, title: str, images: int, extract: Extract) -> InputKind:
    return InputKind(
        name=name,
        title=title,
        version=1,
        size=PAPER_SIZE,
        choices={"color": tuple(COLORS), "magnify": tuple(MAGNIFICATIONS), **APEX_CHOICES},
        channels=lambda recipe: images * COLORS[recipe["color"]],
        frames_needed=lambda clip, recipe: frames_to_apex(clip, recipe["magnify"]),
        extract=extract,
        neutral=zeros,
        mirror=plain_mirror,
    )


APEX = _image_kind("apex", "the apex frame, [0, 1]", 1, _apex)
ONSET_APEX = _image_kind("onset-apex", "onset and apex frames stacked, [0, 1]", 2, _onset_apex)
DIFFERENCE = _image_kind("difference", "apex minus onset, [-1, 1]", 1, _difference)
