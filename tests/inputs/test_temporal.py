import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.inputs.temporal import INTERPOLATIONS, RANK_POOLINGS, bilen, learnet, linear_weights, tim

lengths = st.integers(1, 60)


def tim_as_published(frames, wanted):
    """Zhou et al. 2011 step by step: center, decompose, map to the curves of the graph, read the curves, map back."""
    count = frames.shape[1]
    mean = frames.mean(axis=1, keepdims=True)
    left, values, right = np.linalg.svd(frames - mean, full_matrices=False)
    left, embedded = left[:, :-1], values[:-1, None] * right[:-1]

    laplacian = np.diag([1, *[2] * (count - 2), 1]) - np.eye(count, k=1) - np.eye(count, k=-1)
    curves = np.linalg.eigh(laplacian)[1][:, 1:]
    order = np.arange(1, count)

    def at(time):
        return np.sin(np.pi * order * time + np.pi * (count - order) / (2 * count))

    # The sign and length of an eigenvector are arbitrary: each is scaled to its curve at the first frame.
    curves = curves * at(1 / count) / curves[0]
    to_curves = np.linalg.solve(embedded @ embedded.T, embedded @ curves)
    times = np.linspace(1 / count, 1, wanted)
    return np.stack([left @ np.linalg.solve(to_curves.T, at(time)) for time in times], axis=1) + mean


@pytest.mark.parametrize(("count", "wanted"), [(3, 10), (7, 10), (12, 5), (25, 10), (9, 9)])
def test_tim_gives_the_numbers_of_the_published_computation(count, wanted):
    frames = np.random.default_rng(count).random((60, count))
    assert frames @ tim(count, wanted).T == pytest.approx(tim_as_published(frames, wanted), abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERPOLATIONS)
@given(count=lengths)
def test_interpolation_to_the_same_number_of_frames_gives_these_frames(name, count):
    assert INTERPOLATIONS[name](count, count) == pytest.approx(np.eye(count), abs=1e-9)


@pytest.mark.parametrize("name", INTERPOLATIONS)
@given(count=lengths, wanted=st.integers(2, 60))
def test_the_first_and_the_last_frame_are_kept_and_a_still_clip_stays_still(name, count, wanted):
    weights = INTERPOLATIONS[name](count, wanted)
    assert weights[0] == pytest.approx(np.eye(count)[0], abs=1e-9)
    assert weights[-1] == pytest.approx(np.eye(count)[-1], abs=1e-9)
    assert weights.sum(axis=1) == pytest.approx(np.ones(wanted))


def test_tim_follows_a_cosine_through_the_clip_exactly_and_a_line_closely():
    at_frames, read_at = np.arange(1, 21) / 20, np.linspace(1 / 20, 1, 50)
    cosine = np.cos(3 * np.pi * (read_at - 1 / 40))
    assert tim(20, 50) @ np.cos(3 * np.pi * (at_frames - 1 / 40)) == pytest.approx(cosine)
    assert tim(20, 50) @ at_frames == pytest.approx(read_at, abs=0.01)


def test_linear_interpolation_reads_between_neighbors():
    assert linear_weights(3, 5) @ np.array([0.0, 10.0, 40.0]) == pytest.approx([0, 5, 10, 25, 40])


def test_rank_pooling_weights_of_few_frames_follow_the_papers_formula():
    # Bilen et al.: 2(n - t + 1) - (n + 1)(H_n - H_(t-1)).
    # n = 2: H = 0, 1, 3/2; 4 - 3 * 3/2 and 2 - 3 * 1/2
    assert bilen(2) == pytest.approx([-1 / 2, 1 / 2])
    # n = 3: H = 0, 1, 3/2, 11/6; 6 - 4 * 11/6, 4 - 4 * 5/6, 2 - 4 * 1/3
    assert bilen(3) == pytest.approx([-4 / 3, 2 / 3, 2 / 3])
    # n = 4: H_4 = 25/12; 8 - 5 * 25/12, 6 - 5 * 13/12, 4 - 5 * 7/12, 2 - 5/4
    assert bilen(4) == pytest.approx([-29 / 12, 7 / 12, 13 / 12, 3 / 4])


def test_learnets_weights_of_few_frames_follow_the_released_code():
    # n = 3: the terms (2i - 3) / i are -1, 1/2, 1; each weight is the sum from i = 1, 2 or 3 on
    assert learnet(3) == pytest.approx([1 / 2, 3 / 2, 1])


@pytest.mark.parametrize(("name", "total"), [("bilen", 0), ("learnet", 1)])
@given(count=lengths)
def test_a_still_clip_is_pooled_to_zero_or_to_n_times_its_frame(name, total, count):
    assert RANK_POOLINGS[name](count).sum() == pytest.approx(total * count, abs=1e-8)
