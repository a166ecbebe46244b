import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.inputs import make_input, mirror_of, parse_recipe
from merlab.inputs.stlbp_iip import block_histograms, histogram_sizes, line_codes, projections, stlbp_iip
from tests.helpers import make_clip, moved, texture, write_frames


def test_projections_of_a_plane_are_its_analytic_means():
    # I(x, y) = 2 x + 3 y on 5 x 4 pixels: the mean over x is 2 * 2 + 3 y, the mean over y is 2 x + 3 * 1.5.
    rows, columns = np.mgrid[:4, :5]
    along_y, along_x = projections((2.0 * columns + 3 * rows)[None])
    assert along_y.tolist() == [[4, 7, 10, 13]]
    assert along_x.tolist() == [[4.5, 6.5, 8.5, 10.5, 12.5]]


@pytest.mark.parametrize(
    ("line", "mask", "expected"),
    [
        # A rising line: the neighbors to the right are above the center.
        ([0, 1, 2, 3, 4], 5, [0b1100]),
        ([4, 3, 2, 1, 0], 5, [0b0011]),
        # A peak has no neighbor above it, a still line has none below.
        ([0, 1, 9, 1, 0], 5, [0]),
        ([2, 2, 2, 2, 2], 5, [0b1111]),
        (list(range(10)), 9, [0b11110000, 0b11110000]),
    ],
)
def test_the_code_of_a_line_has_a_bit_for_each_neighbor_that_is_not_below(line, mask, expected):
    assert line_codes(np.array([line], float), mask).tolist() == [expected]


def test_a_block_gives_630_numbers_in_four_histograms_that_sum_to_1():
    block = np.random.default_rng(0).normal(size=(10, 20, 24))
    found = block_histograms(block, 9)
    assert histogram_sizes(9) == (256, 256, 59, 59)
    assert len(found) == 630
    assert [part.sum() for part in np.split(found, [256, 512, 571])] == pytest.approx([1, 1, 1, 1])


def test_blocks_are_in_rows_and_only_the_block_that_moves_changes():
    still = np.tile(np.random.default_rng(0).uniform(0.3, 0.7, (1, 40, 40)), (10, 1, 1)).astype(np.float32)
    moving = still.copy()
    # A bright spot wanders through the upper right block of two by two.
    for time in range(10):
        moving[time, 2 + time, 24 + time] += 0.3
    before, after = (stlbp_iip(volume, (2, 2), 9) for volume in (still, moving))
    changed = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
    assert changed == [False, True, False, False]


def test_a_block_smaller_than_the_mask_is_refused():
    with pytest.raises(MerlabError, match="needs blocks of at least 9 pixels"):
        stlbp_iip(np.zeros((10, 40, 40), np.float32), (5, 5), 9)


def test_the_input_stlbp_iip_is_a_vector_that_cannot_be_mirrored(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [moved(texture(1), 0.3 * step, 0) for step in range(8)]), offset=8)
    recipe = parse_recipe("stlbp-iip:blocks=4x4,mask=7,size=64x72")
    found = make_input(ClipTable((clip,)), clip, recipe)
    assert found.shape == recipe.shape == (16 * (64 + 64 + 59 + 59), 1, 1)
    assert found.reshape(16, -1).sum(axis=1) == pytest.approx(np.full(16, 4))
    assert mirror_of(recipe) is None
