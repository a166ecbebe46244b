from dataclasses import replace

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.faces.regions import REGIONS, face_mask, region_mask
from merlab.inputs import make_input, parse_recipe
from merlab.inputs.local_view import FORMS, TILES, from_mosaic, mask, mosaic
from tests.helpers import make_clip, moved, texture, write_frames
from tests.inputs.mirroring import mirrored_both_ways

BLACK = np.zeros((1, 1, 1), np.float32)


def test_the_mask_keeps_the_regions_and_puts_the_neutral_value_elsewhere():
    view = np.ones((2, 80, 64), np.float32)
    neutral = np.array([0.25, 0.5], np.float32).reshape(2, 1, 1)
    kept = mask(view, neutral)
    inside = face_mask(64, 80)
    assert (kept[:, inside] == 1).all()
    assert (kept[0, ~inside] == 0.25).all()
    assert (kept[1, ~inside] == 0.5).all()


def test_the_tiles_are_symmetric_and_cover_the_mosaic_without_overlap():
    shown = np.zeros((len(TILES), 100, 100), int)
    for own, tiles in zip(shown, TILES.values(), strict=True):
        for left, top, right, bottom in (np.rint(100 * np.array(tile)).astype(int) for tile in tiles):
            own[top:bottom, left:right] += 1
    assert np.array_equal(shown, shown[:, :, ::-1])
    assert (shown.sum(axis=0) == 1).all()


@pytest.mark.parametrize("name", REGIONS)
def test_each_region_of_the_mosaic_shows_that_region(name):
    view = region_mask(REGIONS[name], 231, 282)[None].astype(np.float32)
    shown = mosaic(view, BLACK)
    for left, top, right, bottom in TILES[name]:
        rows, columns = slice(round(top * 282), round(bottom * 282)), slice(round(left * 231), round(right * 231))
        assert shown[0, rows, columns].mean() > 0.5


@pytest.mark.parametrize("name", REGIONS)
def test_the_tiles_of_a_mosaic_are_moved_back_to_their_regions(name):
    region = region_mask(REGIONS[name], 231, 282)
    back = from_mosaic(mosaic(region[None].astype(np.float32), BLACK)[0])
    assert back[region].mean() > 0.95
    assert back[~face_mask(231, 282)].mean() < 0.1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [(28, 28), (64, 80), (231, 282)])
def test_a_form_keeps_the_size_and_is_independent_of_the_pixels_between_the_regions(form, size):
    width, height = size
    view = np.random.default_rng(0).random((1, height, width), dtype=np.float32)
    corner = view.copy()
    corner[:, 0, 0] += 5
    assert FORMS[form](view, BLACK).shape == view.shape
    assert np.array_equal(FORMS[form](corner, BLACK), FORMS[form](view, BLACK))


@pytest.mark.parametrize("form", FORMS)
def test_a_clip_may_have_its_own_regions(form):
    box = ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0))
    moved_eyes = {name: replace(region, polygons=(box,) * len(region.polygons)) for name, region in REGIONS.items()}
    view = np.zeros((1, 282, 231), np.float32)
    view[:, 11:60, 11:60] = 1
    own, template = FORMS[form](view, BLACK, moved_eyes), FORMS[form](view, BLACK)
    assert own.sum() > template.sum()
    assert not np.array_equal(own, template)


def test_both_views_are_the_global_one_and_then_the_local_one(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1, 0), texture(1)]))
    table = ClipTable((clip,))
    both = make_input(table, clip, parse_recipe("flow:regions=mosaic,size=64x80"))
    assert np.array_equal(both[:3], make_input(table, clip, parse_recipe("flow:size=64x80")))
    assert np.array_equal(both[3:], make_input(table, clip, parse_recipe("flow:regions=mosaic,view=local,size=64x80")))


def test_the_image_goes_through_both_branches_if_the_recipe_states_so(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1, 0), texture(1)]))
    table = ClipTable((clip,))
    both = make_input(table, clip, parse_recipe("onset-apex:regions=whole,size=64x80").seen_by("both"))
    whole = make_input(table, clip, parse_recipe("onset-apex:size=64x80"))
    assert np.array_equal(both, np.concatenate([whole, whole]))


def test_under_minmax_suppressed_flow_is_the_median(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1, 0.5), texture(1)]))
    both = make_input(ClipTable((clip,)), clip, parse_recipe("flow:regions=mask,size=64x80"))
    outside = both[3:][:, ~face_mask(64, 80)]
    assert outside == pytest.approx(np.repeat(np.median(both[:3], axis=(1, 2))[:, None], outside.shape[1], axis=1))


@pytest.mark.parametrize("scale", ["raw", "minmax"])
def test_the_mirrored_input_is_the_input_of_the_mirrored_face(tmp_path, scale):
    images = [texture(1), moved(texture(1), 1.5, -0.5), texture(1)]
    one, other = mirrored_both_ways(tmp_path, images, f"flow:channels=uv,scale={scale},regions=mask,size=58x70")
    assert np.abs(one - other).mean() < 0.05 * np.ptp(one)
