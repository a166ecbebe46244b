import cmath
import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from merlab.errors import MerlabError
from merlab.faces.geometry import Transform, fit_similarity, moved_image, translation, turned_about

coordinates = st.floats(-500, 500)


def similarity(scale, angle, x, y):
    return Transform.from_matrix(SimilarityTransform(scale=scale, rotation=angle, translation=(x, y)).params[:2])


@pytest.mark.parametrize("seed", range(3))
def test_the_fit_is_equal_to_that_of_scikit_image(seed):
    source, target = np.random.default_rng(seed).uniform(0, 300, (2, 7, 2))
    if hasattr(SimilarityTransform, "from_estimate"):
        expected = SimilarityTransform.from_estimate(source, target)
    else:  # scikit-image before 0.26, the newest for Python 3.10
        expected = SimilarityTransform()
        expected.estimate(source, target)
    assert fit_similarity(source, target).matrix == pytest.approx(expected.params[:2], abs=1e-8)


@given(st.floats(0.1, 5), st.floats(-3, 3), coordinates, coordinates)
def test_a_similarity_is_recovered_from_the_points_that_it_maps(scale, angle, x, y):
    points = np.array([[0, 0], [100, 10], [40, 90.0]])
    true = similarity(scale, angle, x, y)
    assert fit_similarity(points, true(points)).matrix == pytest.approx(true.matrix, abs=1e-6)


@pytest.mark.parametrize("points", [[[1, 1]], [[1, 1], [1, 1]], []])
def test_a_similarity_needs_two_distinct_points(points):
    with pytest.raises(MerlabError, match="similarity needs"):
        fit_similarity(np.reshape(points, (-1, 2)), np.reshape(points, (-1, 2)))


def test_a_transform_is_undone_by_its_inverse_and_is_read_back_exactly_from_json():
    transform = similarity(0.37, 0.2, 11, -5)
    assert transform.inverse.after(transform).matrix == pytest.approx(translation(0, 0).matrix, abs=1e-12)
    assert Transform.from_matrix(json.loads(json.dumps(transform.to_json()))) == transform
    assert transform.scale == pytest.approx(0.37)


@pytest.mark.parametrize("matrix", [[[1, 0, 0]], [[1, 0, np.nan], [0, 1, 0]]])
def test_a_transform_is_a_finite_matrix(matrix):
    with pytest.raises(MerlabError, match="2 x 3"):
        Transform.from_matrix(matrix)


@pytest.mark.parametrize(
    ("turn", "source"),
    [(complex(np.nan, 0), 0), (complex(np.inf, 0), 0), (complex(np.inf, 0), 1), (1, complex(0, np.inf))],
)
def test_a_similarity_is_of_finite_numbers(turn, source):
    with pytest.raises(MerlabError, match="a similarity is of finite numbers"):
        turned_about(turn, complex(source), 2)


def spot(width, height, where, sigma):
    x, y = where
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    bright = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return cv2.merge([bright.round().astype(np.uint8)] * 3)


def center_of_light(image):
    light = image[..., 0].astype(float)
    rows, columns = np.indices(light.shape)
    return (columns * light).sum() / light.sum(), (rows * light).sum() / light.sum()


@pytest.mark.parametrize("scale", [1.7, 1.0, 0.6, 0.3, 0.24, 0.11])
def test_an_image_is_moved_exactly_as_its_points(scale):
    transform = similarity(scale, 0.1, 7.3, -3.6)
    where = transform.inverse([(60.25, 49.5)])[0]
    image = spot(1301, 1003, where, 6 / scale)
    shown = moved_image(image, transform, (120, 100))
    assert center_of_light(shown) == pytest.approx((60.25, 49.5), abs=0.03)


@pytest.mark.parametrize(("scale", "alone"), [(0.4, True), (0.32, False)])
def test_an_image_is_interpolated_alone_unless_it_is_reduced_to_a_third(scale, alone):
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    transform = similarity(scale, 0.1, 3.3, -1.2)
    plain = cv2.warpAffine(image, transform.matrix, (30, 20), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    assert np.array_equal(moved_image(image, transform, (30, 20)), plain) == alone


@pytest.mark.parametrize("where", [(150.0, 110.0), (3.0, 2.0), (298.0, 120.0), (-400.0, 90.0), (150.0, 900.0)])
@pytest.mark.parametrize("interpolation", [cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_a_reduced_image_is_as_if_the_whole_frame_were_reduced(where, interpolation):
    frame = np.random.default_rng(4).integers(0, 256, (242, 301, 3), np.uint8)
    transform = turned_about(cmath.rect(1 / 4.3, 0.3), complex(*where), 12 + 9j)
    whole = cv2.resize(frame[:240, :300], (75, 60), interpolation=cv2.INTER_AREA)
    # Pixel (x, y) of the frame lies at ((x - 1.5) / 4, (y - 1.5) / 4) of its average over 4 x 4 pixels.
    from_whole = transform.matrix @ [[4, 0, 1.5], [0, 4, 1.5], [0, 0, 1]]
    expected = cv2.warpAffine(whole, from_whole, (24, 18), flags=interpolation, borderMode=cv2.BORDER_REPLICATE)
    np.testing.assert_array_equal(moved_image(frame, transform, (24, 18), interpolation), expected)


def test_fine_texture_is_averaged_if_an_image_is_much_reduced():
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 200
    shown = moved_image(stripes, similarity(0.24, 0, 0.3, 0.3), (150, 150))
    assert shown[10:-10, 10:-10].std() < 2
    assert shown[75, 75, 0] == pytest.approx(100, abs=2)
