import numpy as np
import pytest

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, face_mask, region_mask, region_of

# The paper, section IV.A, as printed.
PAPER = {
    "eyes and brows": {1, 2, 4, 5, 7},
    "mouth": {10, 12, 14, 15, 16, 25, 26},
    "chin": {17},
    "cheeks": {6},
    "nose": {9, 38},
}


def test_the_regions_and_their_action_units_are_those_the_paper_lists():
    assert {name: set(region.action_units) for name, region in REGIONS.items()} == PAPER


@pytest.mark.parametrize("action_unit", [18, 20, 24])
def test_action_units_that_the_paper_leaves_out_are_in_no_region(action_unit):
    assert region_of(action_unit) is None


@pytest.mark.parametrize(("action_unit", "name"), [(4, "eyes and brows"), (6, "cheeks"), (12, "mouth"), (17, "chin")])
def test_an_action_unit_finds_its_region(action_unit, name):
    assert region_of(action_unit) == name


@pytest.mark.parametrize("name", REGIONS)
def test_every_region_is_symmetric_about_the_midline(name):
    mask = region_mask(REGIONS[name], LAYOUT_WIDTH, LAYOUT_HEIGHT)
    differing = (mask != mask[:, ::-1]).mean()
    assert mask.any()
    assert differing < 0.01


# Mean positions of CASME II's crop layout, 231 x 282.
@pytest.mark.parametrize(
    ("x", "y", "name"),
    [
        (115 - 61, 73, "eyes and brows"),
        (115 + 61, 73, "eyes and brows"),
        (115 - 61, 36, "eyes and brows"),
        (115, 150, "nose"),
        (115, 190, "mouth"),
        (115 - 49, 190, "mouth"),
        (115, 262, "chin"),
        (115 - 70, 125, "cheeks"),
        (115 + 70, 125, "cheeks"),
    ],
)
def test_a_facial_point_lies_in_its_region_and_in_no_other(x, y, name):
    inside = [other for other, region in REGIONS.items() if region_mask(region, LAYOUT_WIDTH, LAYOUT_HEIGHT)[y, x]]
    assert inside == [name]


@pytest.mark.parametrize("size", [(28, 28), (64, 80), (231, 282)])
def test_the_mask_covers_the_same_share_of_a_face_at_every_size(size):
    share = face_mask(*size).mean()
    assert share == pytest.approx(face_mask(LAYOUT_WIDTH, LAYOUT_HEIGHT).mean(), abs=0.06)
    assert face_mask(*size).shape == size[::-1]


def test_regions_do_not_overlap_beyond_their_outlines():
    depth = np.sum([region_mask(region, LAYOUT_WIDTH, LAYOUT_HEIGHT) for region in REGIONS.values()], axis=0)
    assert (depth > 1).mean() < 0.01
