"""The regions are the paper's, and the outlines lie where the facial points are."""

import numpy as np
import pytest

from merlab.faces.alignment import ClipAlignment
from merlab.faces.detection import make_detector
from merlab.faces.geometry import bounding_box
from merlab.faces.landmarks import FaceMesh
from merlab.faces.regions import (
    LAYOUT_HEIGHT,
    LAYOUT_WIDTH,
    REGIONS,
    face_mask,
    region_mask,
    regions_from_landmarks,
)
from merlab.faces.tracking import FaceTracker

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


@pytest.fixture(scope="module")
def mesh_layout(heads, face_mesh):
    """The mesh of synthetic heads on the layout, and the true positions of their landmarks on the layout."""
    found = []
    for frame, truth in heads:
        alignment = ClipAlignment(frame, FaceTracker(make_detector(), FaceMesh(face_mesh)))
        truth_on_layout = {name: alignment.transform([point])[0] for name, point in truth.items()}
        found.append((alignment.transform(alignment.onset.landmarks.points), truth_on_layout))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("landmark", "name"),
    [
        ("eye_r", "eyes and brows"),
        ("eye_l", "eyes and brows"),
        ("brow_inner_r", "eyes and brows"),
        ("brow_middle_l", "eyes and brows"),
        ("nose_tip", "nose"),
        ("upper_lip", "mouth"),
        ("mouth_corner_r", "mouth"),
        ("mouth_corner_l", "mouth"),
        ("chin_boss", "chin"),
        ("cheek_r", "cheeks"),
        ("cheek_l", "cheeks"),
    ],
)
def test_with_outlines_from_the_mesh_a_landmark_lies_in_its_region_and_in_no_other(mesh_layout, landmark, name):
    for points, truth in mesh_layout:
        x, y = truth[landmark].round().astype(int)
        regions = regions_from_landmarks(points).values()
        assert [r.name for r in regions if region_mask(r, LAYOUT_WIDTH, LAYOUT_HEIGHT)[y, x]] == [name]


@pytest.mark.slow
def test_outlines_from_landmarks_mirror_each_other_and_do_not_overlap(mesh_layout):
    for points, _ in mesh_layout:
        masks = [region_mask(region, LAYOUT_WIDTH, LAYOUT_HEIGHT) for region in regions_from_landmarks(points).values()]
        assert (np.sum(masks, axis=0) > 1).mean() < 0.02
        for mask in masks:
            assert (mask & mask[:, ::-1]).sum() / (mask | mask[:, ::-1]).sum() > 0.75


def test_outlines_from_landmarks_have_the_parts_and_action_units_of_the_template(mesh_layout):
    regions = regions_from_landmarks(mesh_layout[0][0])
    assert list(regions) == list(REGIONS)
    for name, region in regions.items():
        assert len(region.polygons) == len(REGIONS[name].polygons)
        assert region.action_units == REGIONS[name].action_units
        for own, template in zip(region.polygons, REGIONS[name].polygons, strict=True):
            middle, expected = (np.mean(bounding_box(outline)[::2]) for outline in (own, template))
            assert middle == pytest.approx(expected, abs=15)


def test_a_bounding_box_is_left_top_right_bottom():
    assert bounding_box(((1, 5), (4, 2), (3, 9))) == (1, 2, 4, 9)


def test_outlines_end_at_the_edge_of_the_layout():
    far = np.random.default_rng(0).uniform(-300, 600, (468, 2))
    for region in regions_from_landmarks(far).values():
        left, top, right, bottom = bounding_box(tuple(point for polygon in region.polygons for point in polygon))
        assert left >= 0
        assert top >= 0
        assert right <= LAYOUT_WIDTH - 1
        assert bottom <= LAYOUT_HEIGHT - 1
