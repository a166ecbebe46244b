import numpy as np
import pytest

from merlab.alignment_record import RECORD
from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import ClipError
from merlab.inputs import load_inputs, mirror_of, parse_recipe
from merlab.inputs.flow_orders import orders_of
from merlab.inputs.soft_masks import PARTS, masks_from_landmarks, template_masks
from merlab.json_files import write_json
from merlab.optical_flow import strain
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.making import made
from tests.inputs.mirroring import mirrored_both_ways


@pytest.fixture
def clip(tmp_path):
    return make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 3, -4), texture(1)]))


def test_a_linear_field_has_constant_derivatives():
    y, x = np.mgrid[:6, :8].astype(np.float32)
    # u = .1 x + .2 y, v = .3 x - .4 y
    flow = np.stack([0.1 * x + 0.2 * y, 0.3 * x - 0.4 * y], axis=-1)
    u, v, magnitude, exx, eyy, exy = orders_of(flow)
    assert np.array_equal(np.stack([u, v], axis=-1), flow)
    assert magnitude == pytest.approx(np.sqrt(u**2 + v**2))
    assert [exx.mean(), eyy.mean(), exy.mean()] == pytest.approx([0.1, -0.4, 0.25], abs=1e-6)
    # The same derivatives give the optical strain of the input ``flow``.
    assert np.sqrt(exx**2 + eyy**2 + 2 * exy**2) == pytest.approx(strain(flow), abs=1e-6)


def test_a_shifted_face_moves_and_is_not_strained(clip):
    planes = made(clip, "flow-orders:masks=none,scale=raw,size=58x70")
    inside = np.median(planes[:, 10:-10, 10:-10], axis=(1, 2))
    assert inside == pytest.approx([3, -4, 5, 0, 0, 0], abs=0.05)


def test_with_masks_there_are_sixteen_channels(clip):
    both = made(clip, "flow-orders:size=58x70")
    assert both.shape == (16, 70, 58)
    assert (both.min(), both.max()) == (0, 1)
    assert np.array_equal(both[6:], template_masks(58, 70))
    assert np.array_equal(both[:6], made(clip, "flow-orders:masks=none,size=58x70"))


def test_the_masks_are_soft_and_at_the_parts_of_the_layout():
    masks = dict(zip(PARTS, template_masks(LAYOUT_WIDTH, LAYOUT_HEIGHT), strict=True))
    # The layout: eyes at y 73, nose above y 164, mouth at y 190, and the skin around all.
    for part, x, y in (("left eye", 66, 75), ("right eye", 164, 75), ("nose", 115, 140), ("lower lip", 115, 201)):
        assert masks[part][y, x] > 0.8
        assert masks[part][20, 10] < 0.01
        assert masks["skin"][y, x] > 0.99
    edge = masks["nose"][100]
    assert ((edge > 0.1) & (edge < 0.9)).any()


def test_the_template_is_symmetric():
    masks = dict(zip(PARTS, template_masks(LAYOUT_WIDTH, LAYOUT_HEIGHT), strict=True))
    for left, right in (("left eye", "right eye"), ("left brow", "right brow"), ("skin", "skin"), ("mouth", "mouth")):
        assert np.abs(masks[left][:, ::-1] - masks[right]).mean() < 0.005


def test_masks_from_landmarks_follow_the_face(clip):
    points = np.random.default_rng(0).uniform([40, 60], [190, 230], (468, 2)).round(2)
    with pytest.raises(MerlabError, match=RECORD):
        made(clip, "flow-orders:masks=landmarks,size=58x70")
    write_json(clip.source / RECORD, {"landmark_source": "mesh", "landmarks": {"1": points.tolist()}})
    planes = made(clip, "flow-orders:masks=landmarks,size=58x70")
    assert np.array_equal(planes[6:], masks_from_landmarks(points, 58, 70))


def test_other_landmarks_are_another_entry_of_the_cache(clip, tmp_path):
    table, recipe = ClipTable((clip,)), parse_recipe("flow-orders:masks=landmarks,size=32x40")
    entries = []
    for seed in (0, 0, 1):
        points = np.random.default_rng(seed).uniform([40, 60], [190, 230], (468, 2)).round(2)
        write_json(clip.source / RECORD, {"landmark_source": "mesh", "landmarks": {"1": points.tolist()}})
        entries.append(load_inputs(table, recipe, tmp_path / "cache"))
    assert np.array_equal(entries[0], entries[1])
    assert not np.array_equal(entries[0], entries[2])


@pytest.mark.parametrize("scale", ["raw", "minmax"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, scale):
    apex = texture(1)
    apex[141:] = moved(apex, 1.5, -0.5)[141:]
    images = [texture(1), apex, texture(1)]
    one, other = mirrored_both_ways(tmp_path, images, f"flow-orders:masks=none,scale={scale},size=58x70")
    for first, second in zip(one, other, strict=True):
        assert np.abs(first - second).mean() < 0.06 * np.ptp(first)


def test_left_and_right_masks_change_places_so_the_input_with_masks_has_no_mirror():
    assert mirror_of(parse_recipe("flow-orders")) is None


def test_regions_are_refused_because_the_masks_are_the_regions():
    with pytest.raises(MerlabError, match="no neutral value"):
        parse_recipe("flow-orders:regions=mask")


def test_a_damaged_frame_is_named(clip):
    (clip.source / "img2.png").write_bytes(b"")
    with pytest.raises(ClipError, match=r"img2\.png is empty"):
        made(clip, "flow-orders")
