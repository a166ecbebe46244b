"""The released flow images of a clip: STSTNet's image and the four of CausalNet, any of them, joined clip by clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.frames import ClipError, Float32Array, Frames
from merlab.inputs.flow import RELEASED_CHANNELS, SCALES, STORED_SCALES, read_flow_image
from merlab.inputs.recipe import InputKind, Recipe

# Order of the images in the array, and whether they are used unless the recipe states otherwise: the two crops.
IMAGES = {"ststnet": True, "out": True, "back": False, "out-direction": False, "back-direction": False}
CHANNELS = len(RELEASED_CHANNELS)
SIDE = 28


def images_in(recipe: Recipe) -> list[str]:
    """The images that a recipe uses, in the order of the array; raises MerlabError if it uses none."""
    chosen = [image for image in IMAGES if recipe[image] == "yes"]
    if not chosen:
        raise MerlabError(f"recipe {recipe.kind.name} uses no image; choose at least one of {', '.join(IMAGES)}")
    return chosen


def _files(clip: Clip, recipe: Recipe) -> list[Path]:
    # To load all databases takes time, and only these clips need theirs.
    from merlab.databases.causalnet_flow import image_of

    return [image_of(clip, image) for image in images_in(recipe)]


def _extract(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    """(samples, 3, 28, 28) with ``as=views`` and several images, otherwise (3 x images, 28, 28)."""
    if frames is not None:
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) has frames, but {recipe.kind.name} reads released flow "
            "images; use flow, or load the clips with the database causalnet-flow"
        )
    planes = []
    for path in _files(clip, recipe):
        image = read_flow_image(path)
        if image.shape != (CHANNELS, recipe.height, recipe.width):
            raise ClipError(
                f"{path} has {image.shape[2]}x{image.shape[1]} pixels; {recipe.kind.name} reads images at their size, "
                f"so use size={image.shape[2]}x{image.shape[1]}"
            )
        planes.append(image if recipe["scale"] == "minmax" else SCALES[recipe["scale"]](image, RELEASED_CHANNELS))
    return np.stack(planes) if recipe.samples > 1 else np.concatenate(planes)


def _samples(recipe: Recipe) -> int:
    return len(images_in(recipe)) if recipe["as"] == "views" else 1


def _channels(recipe: Recipe) -> int:
    return CHANNELS * len(images_in(recipe)) // _samples(recipe)


def _mirror(recipe: Recipe) -> tuple[list[float], list[float]] | None:
    """That of flow, for each image of a sample; None with a direction image, whose hue has no published meaning."""
    if _has_directions(recipe):
        return None
    images = _channels(recipe) // CHANNELS
    return [-1.0, 1.0, 1.0] * images, [1.0 if recipe["scale"] == "minmax" else 0.0, 0.0, 0.0] * images


def _strain(recipe: Recipe) -> list[int]:
    position = RELEASED_CHANNELS.index("s")
    return [] if _has_directions(recipe) else [CHANNELS * each + position for each in range(len(images_in(recipe)))]


def _has_directions(recipe: Recipe) -> bool:
    return any(image.endswith("-direction") for image in images_in(recipe))


RELEASED_FLOW = InputKind(
    name="released-flow",
    title="released flow images: STSTNet's and CausalNet's of the same clip, as samples or as channels",
    version=1,
    size=f"{SIDE}x{SIDE}",
    choices={
        **{image: ("yes", "no") if used else ("no", "yes") for image, used in IMAGES.items()},
        "as": ("views", "channels"),
        "scale": tuple(reversed(STORED_SCALES)),
    },
    channels=_channels,
    frames_needed=lambda clip, recipe: [],
    extract=_extract,
    mirror=_mirror,
    samples=_samples,
    strain=_strain,
    files=_files,
)
