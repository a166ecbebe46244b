"""released-flow: any of the released images of a clip, as samples or as channels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.databases.causalnet_flow import IMAGES_FOLDER, SUFFIXES, labels_for
from merlab.errors import MerlabError
from merlab.frames import ClipError, read_image
from merlab.inputs import load_inputs, make_input, mirror_of, parse_recipe
from merlab.inputs.flow import center
from merlab.inputs.released_flow import IMAGES
from tests.databases.causalnet_release import write_causalnet_tree
from tests.helpers import make_clip, texture, write_frames


@pytest.fixture
def root(tmp_path: Path) -> Path:
    labels_for.cache_clear()
    return write_causalnet_tree(tmp_path, ["sub01", "s03"])


@pytest.fixture
def clips(root: Path) -> ClipTable:
    return load("causalnet-flow", root)


def stored(root: Path, suffix: str, clip: str) -> np.ndarray:
    """A file's u, v, strain (3, 28, 28) in [0, 1], read with OpenCV alone."""
    image = read_image(root / IMAGES_FOLDER / f"{clip}{suffix} .png")
    return np.asarray(image[..., ::-1].transpose(2, 0, 1), np.float32) / 255


def test_the_images_are_those_of_both_releases():
    assert list(IMAGES) == ["ststnet", *SUFFIXES]


def test_two_crops_are_two_samples_of_a_clip(root, clips):
    recipe = parse_recipe("released-flow:scale=minmax")
    made = make_input(clips, clips[0], recipe)
    assert (recipe.samples, recipe.shape, recipe.sample_shape) == (2, (2, 3, 28, 28), (3, 28, 28))
    path = next((root.parent / "labels").glob(f"*/u_test/*/{clips[0].name} .png"))
    of_ststnet = np.asarray(read_image(path)[..., ::-1].transpose(2, 0, 1), np.float32) / 255
    assert made[0] == pytest.approx(of_ststnet)
    assert made[1] == pytest.approx(stored(root, "", clips[0].name))


def test_images_are_channels_in_their_order(root, clips):
    recipe = parse_recipe("released-flow:ststnet=no,out=yes,back=yes,back-direction=yes,as=channels,scale=minmax")
    made = make_input(clips, clips[1], recipe)
    expected = np.concatenate([stored(root, suffix, clips[1].name) for suffix in ("", "_1", "_3")])
    assert recipe.samples == 1
    assert made == pytest.approx(expected)


def test_images_are_centered_unless_the_recipe_states_otherwise(clips, root):
    made = make_input(clips, clips[0], parse_recipe("released-flow:ststnet=no"))
    assert np.array_equal(made, center(stored(root, "", clips[0].name), "uvs"))


def test_ststnets_image_alone_is_the_flow_of_that_release(clips, root):
    labels = load("ststnet-flow", root.parent / "labels")
    alone = make_input(clips, clips[0], parse_recipe("released-flow:out=no"))
    same = labels[clips[0].key]
    assert np.array_equal(alone, make_input(labels, same, parse_recipe("flow:scale=centered")))
    assert np.array_equal(alone, make_input(labels, same, parse_recipe("released-flow:out=no")))


@pytest.mark.parametrize("text", ["released-flow", "released-flow:as=channels,scale=minmax"])
def test_a_mirrored_array_is_the_array_of_mirrored_images(clips, root, text):
    recipe = parse_recipe(text)
    mirror = mirror_of(recipe)
    assert mirror is not None
    before = make_input(clips, clips[0], recipe)
    for path in [*(root / IMAGES_FOLDER).glob("*.png"), *(root.parent / "labels").rglob("*.png")]:
        image = read_image(path)[:, ::-1].copy()
        image[..., 2] = 255 - image[..., 2]  # OpenCV's last color is red, which holds u
        cv2.imwrite(str(path), image)
    after = make_input(clips, clips[0], recipe)
    assert mirror(torch.from_numpy(before)[None])[0].numpy() == pytest.approx(after, abs=1e-5)


def test_a_direction_image_cannot_be_mirrored_nor_corrected():
    assert mirror_of(parse_recipe("released-flow:out-direction=yes")) is None
    with pytest.raises(MerlabError, match="crop=corrected needs images of flow with the optical strain"):
        parse_recipe("released-flow:out-direction=yes,crop=corrected")


def test_a_changed_image_is_read_again_although_it_is_not_the_source_of_the_clip(clips, root, tmp_path):
    recipe = parse_recipe("released-flow:ststnet=no,back=yes,as=channels")
    before = load_inputs(clips, recipe, tmp_path / "cache")
    path = root / IMAGES_FOLDER / f"{clips[0].name}_1 .png"
    cv2.imwrite(str(path), read_image(path)[::-1].copy())
    after = load_inputs(clips, recipe, tmp_path / "cache")
    assert not np.array_equal(before[0], after[0])
    assert np.array_equal(before[1:], after[1:])


def test_no_image_at_all_is_an_error():
    with pytest.raises(MerlabError, match="uses no image; choose at least one of ststnet, out, back"):
        parse_recipe("released-flow:ststnet=no,out=no").shape  # noqa: B018


def test_clips_of_other_databases_are_refused_with_the_remedy(clips, root, tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3))
    with pytest.raises(ClipError, match="has frames, but released-flow reads released flow images; use flow, or load"):
        make_input(ClipTable((clip,)), clip, parse_recipe("released-flow"))
    stored_elsewhere = make_clip(tmp_path / "clip" / "img1.png", onset=None, apex=None, offset=None)
    for clip in (stored_elsewhere, load("ststnet-flow", root.parent / "labels").clips[0]):
        with pytest.raises(ClipError, match="not a clip of causalnet-flow.*load the clips with the database causalnet"):
            load_inputs(ClipTable((clip,)), parse_recipe("released-flow"), tmp_path / "cache")


def test_another_size_is_refused(clips):
    with pytest.raises(ClipError, match="reads images at their size, so use size=28x28"):
        make_input(clips, clips[0], parse_recipe("released-flow:size=56x56"))


def test_regions_are_refused_because_they_fit_another_crop():
    with pytest.raises(MerlabError, match="released-flow has no neutral value, so it has no regions"):
        parse_recipe("released-flow:regions=mask")
