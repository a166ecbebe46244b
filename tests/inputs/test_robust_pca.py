import numpy as np
import pytest

from merlab.inputs.robust_pca import robust_pca, shrunk, with_shrunk_singular_values


def test_a_low_rank_and_a_sparse_matrix_are_recovered_from_their_sum():
    random = np.random.default_rng(0)
    low_rank = random.normal(size=(400, 3)) @ random.normal(size=(3, 60))
    sparse = np.where(random.random((400, 60)) < 0.05, random.normal(0, 10, (400, 60)), 0)
    found = robust_pca(low_rank + sparse)
    # Candès et al. prove that the recovery is exact for such matrices.
    assert found[0] == pytest.approx(low_rank, abs=1e-3)
    assert found[1] == pytest.approx(sparse, abs=1e-3)


def test_the_spot_that_moves_over_a_still_face_is_the_sparse_part():
    face = np.random.default_rng(1).uniform(0.3, 0.7, 900)
    clip = np.tile(face[:, None], (1, 10))
    clip[np.arange(10) * 31 + 200, np.arange(10)] += 0.2
    still, moving = robust_pca(clip)
    assert still == pytest.approx(np.tile(face[:, None], (1, 10)), abs=1e-3)
    assert np.count_nonzero(moving > 0.1) == 10


def test_a_single_value_is_sparse_because_its_weight_is_below_that_of_its_singular_value():
    """The weight is one by the root of the larger side: .58 of three rows."""
    single = np.zeros((3, 2))
    single[1, 0] = 5
    assert robust_pca(single)[1] == pytest.approx(single, abs=1e-5)


def test_nothing_is_a_sum_of_nothing():
    low_rank, sparse = robust_pca(np.zeros((6, 3)))
    assert not low_rank.any()
    assert not sparse.any()


def test_shrinking_moves_values_and_singular_values_towards_zero():
    assert shrunk(np.array([[-3.0, 0.5, 2.0]]), 1).tolist() == [[-2, 0, 1]]
    matrix = np.diag([5.0, 2.0, 0.5])
    assert with_shrunk_singular_values(matrix, 1) == pytest.approx(np.diag([4, 1, 0]))
