"""flow-patches: HTNet's four patches of the flow, at the eyes and the corners of the mouth."""

import numpy as np
import pytest

from merlab.alignment_record import RECORD
from merlab.errors import MerlabError
from merlab.frames import ClipError
from merlab.inputs import parse_recipe, soft_masks
from merlab.inputs.flow_patches import MESH, TEMPLATE, centers, four_patches
from merlab.json_files import write_json
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def clip(tmp_path):
    return make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1, 0.5), texture(1)]))


def write_mesh(clip, places):
    """A face mesh of which all points but those of the four places are at the chin."""
    mesh = np.full((468, 2), 270.0)
    for points, place in zip(MESH, places, strict=True):
        mesh[list(points)] = place
    write_json(clip.source / RECORD, {"landmark_source": "mesh", "landmarks": {str(clip.onset): mesh.tolist()}})


def test_centers_are_at_most_a_quarter_of_the_image_from_its_border():
    # Published: 7..21 of 28 pixels. Eyes of the layout are at 6.5 and 21.5 of 28, mouth corners at 8.1 and 19.9.
    assert centers(np.array(TEMPLATE), 28, 28).tolist() == [[7, 7], [21, 7], [8, 19], [20, 19]]


def test_the_places_on_the_mesh_are_the_corners_of_its_outlines():
    """The outlines of KFC-MER's masks list the points of MediaPipe's mesh from corner to corner."""
    left, right, lip = (soft_masks.MESH[part] for part in ("left eye", "right eye", "upper lip"))
    assert ((left[0], left[8]), (right[8], right[0]), (lip[0],), (lip[10],)) == MESH


def test_two_eyes_are_above_two_corners_of_the_mouth():
    image = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    patches = four_patches(image, np.array([[2, 2], [6, 2], [2, 6], [5, 6]]))
    assert np.array_equal(patches[0, :, :4], image[0, :, :4])
    assert np.array_equal(patches[0, :4, 4:], image[0, :4, 4:])
    assert np.array_equal(patches[0, 4:, 4:], image[0, 4:, 3:7])


def test_patches_are_cut_from_the_flow_of_the_same_options(clip):
    flow = made(clip, "flow:channels=uv,scale=raw")
    patches = made(clip, "flow-patches:channels=uv,scale=raw")
    assert patches.shape == (2, 28, 28)
    assert np.array_equal(patches[:, :14, :14], flow[:, :14, :14])
    assert np.array_equal(patches[:, 14:, 14:], flow[:, 12:26, 13:27])


def test_with_landmarks_the_patches_follow_the_face(clip):
    write_mesh(clip, [(53.5, 73.0), (176.5, 73.0), (66.0, 150.0), (164.0, 190.0)])
    flow = made(clip, "flow:scale=raw")
    patches = made(clip, "flow-patches:scale=raw,places=landmarks")
    # y 150 of 282 is 15 of 28 pixels.
    assert np.array_equal(patches[:, 14:, :14], flow[:, 8:22, 1:15])


def test_changed_landmarks_change_the_files_that_decide_the_array(clip):
    recipe = parse_recipe("flow-patches:places=landmarks")
    assert recipe.kind.files is not None
    assert recipe.kind.files(clip, recipe) == []
    write_mesh(clip, TEMPLATE)
    assert recipe.kind.files(clip, recipe) == [clip.source / RECORD]


def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path):
    images = [texture(1), moved(texture(1), 1.5, -0.5), texture(1)]
    one, other = mirrored_both_ways(tmp_path, images, "flow-patches:channels=uv,scale=raw")
    assert np.abs(one - other).mean() < 0.05 * np.ptp(one)


def test_what_it_cannot_make_is_refused_with_the_remedy(clip):
    with pytest.raises(ClipError, match="use a size that is a multiple of 4"):
        made(clip, "flow-patches:size=30x30")
    with pytest.raises(MerlabError, match="no landmarks are known"):
        made(clip, "flow-patches:places=landmarks")


def test_a_damaged_frame_is_named(clip):
    (clip.source / "img2.png").write_bytes(b"")
    with pytest.raises(ClipError, match="img2.png is empty"):
        made(clip, "flow-patches")
