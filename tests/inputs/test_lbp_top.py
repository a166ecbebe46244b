import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from skimage.feature import local_binary_pattern

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.frames import ClipError
from merlab.inputs import load_inputs, make_input, mirror_of, parse_recipe
from merlab.inputs.lbp_top import BINS, PLANES, codes, histograms, uniform_bins
from tests.helpers import make_clip, moved, texture, write_frames

VOLUME = np.random.default_rng(0).integers(0, 256, (20, 24, 22)).astype(np.float32)


def same_partition(ours, theirs):
    """Whether two labelings divide the pixels into the same sets."""
    pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("plane", PLANES)
def test_uniform_patterns_of_every_plane_are_equal_to_those_of_scikit_image(plane, radius):
    ours = uniform_bins()[codes(VOLUME, plane, (radius,) * 3)]
    across = ({0, 1, 2} - set(PLANES[plane])).pop()
    slices = np.moveaxis(VOLUME.astype(np.uint8), across, 0)
    theirs = np.stack([local_binary_pattern(image, 8, radius, method="nri_uniform") for image in slices])
    inside = (slice(radius, -radius),) * 3
    assert same_partition(np.moveaxis(ours, across, 0), theirs[inside])
    assert len(np.unique(ours)) > 50


@pytest.mark.parametrize("plane", PLANES)
def test_an_ellipse_reads_its_neighbors_as_scipy_interpolates(plane):
    radii = (4, 1, 2)
    first, second = PLANES[plane]
    centers = np.stack(
        np.meshgrid(*(np.arange(r, n - r) for r, n in zip(radii, VOLUME.shape, strict=True)), indexing="ij")
    )
    expected = np.zeros(centers.shape[1:], int)
    for neighbor in range(8):
        at = centers.astype(float)
        at[first] -= radii[first] * np.sin(np.pi * neighbor / 4)
        at[second] += radii[second] * np.cos(np.pi * neighbor / 4)
        read = map_coordinates(VOLUME.astype(np.float64), at, order=1, mode="nearest")
        expected += (read - VOLUME[tuple(centers)] > -1e-6).astype(int) << neighbor
    assert np.array_equal(codes(VOLUME, plane, radii), expected)


def test_58_codes_are_uniform_and_the_rest_share_a_bin():
    bins = uniform_bins()
    assert np.bincount(bins).tolist() == [1] * 58 + [256 - 58]


@given(value=st.floats(0, 1, width=32))
def test_in_a_constant_volume_every_bit_is_set(value):
    flat = np.full((5, 6, 6), value, np.float32)
    assert all((codes(flat, plane, (1, 2, 2)) == 255).all() for plane in PLANES)


def test_each_histogram_sums_to_one_and_counts_only_its_block():
    whole = histograms(VOLUME, (1, 2, 3), (1, 1, 1))
    assert whole.shape == (6, 3, BINS)
    assert whole.sum(axis=2) == pytest.approx(np.ones((6, 3)))
    changed = VOLUME.copy()
    changed[:, :3, :3] = 0
    elsewhere = histograms(changed, (1, 2, 3), (1, 1, 1))
    assert not np.array_equal(whole[0], elsewhere[0])
    assert np.array_equal(whole[1:], elsewhere[1:])


def test_a_volume_without_a_center_for_every_block_is_refused():
    with pytest.raises(MerlabError, match="larger size"):
        histograms(VOLUME, (1, 8, 21), (1, 1, 1))


def test_motion_changes_the_planes_of_time_more_than_the_plane_of_space(tmp_path):
    still = make_clip(write_frames(tmp_path / "still", [texture(1)] * 12), name="still", apex=6, offset=12)
    sliding = [moved(texture(1), 0.3 * step, 0) for step in range(12)]
    slid = make_clip(write_frames(tmp_path / "slid", sliding), name="slid", apex=6, offset=12)
    recipe = parse_recipe("lbp-top:blocks=5x5x1,radii=1x1x2,size=77x94")
    vectors = load_inputs(ClipTable((still, slid)), recipe, tmp_path / "cache")
    assert vectors.shape == (2, 4425, 1, 1)
    planes = vectors.reshape(2, 25, 3, BINS)
    # In a still clip, the neighbors before and after are equal to the center, so their two bits are always set.
    distance = np.abs(planes[0] - planes[1]).sum(axis=2).mean(axis=0)
    assert distance[0] < 0.5 * min(distance[1:])


def test_a_vector_cannot_be_mirrored():
    assert mirror_of(parse_recipe("lbp-top")) is None


def test_a_damaged_frame_is_named(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 5), offset=5)
    (clip.source / "img4.png").write_bytes(b"")
    with pytest.raises(ClipError, match="img4.png is empty"):
        make_input(ClipTable((clip,)), clip, parse_recipe("lbp-top"))
