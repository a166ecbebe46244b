import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.repeats import PassingSteps, Repeats, Stall, steps_of


def places(camera: float, recorder: float, seconds: float = 4.0, copies: float = 0.0) -> np.ndarray:
    """Blocks that jitter by .1 px in each frame of the camera; a recorder repeats them, wrong by ``copies`` px."""
    random = np.random.default_rng(7)
    count = round(seconds * recorder)
    source = np.floor(np.arange(count) * camera / recorder + 1e-9).astype(int)
    of_camera = random.normal(0, 0.1, (source[-1] + 1, 14, 12, 2))
    return np.asarray(of_camera[source] + random.normal(0, copies, (count, 14, 12, 2)), np.float32)


@pytest.mark.parametrize(
    ("camera", "recorder"), [(30, 60), (24, 60), (15, 60), (50, 60), (25, 30), (100, 120), (25, 200), (59.94, 200)]
)
def test_a_recorder_that_is_faster_than_the_camera_shows_its_rate(camera, recorder):
    clock = Clock.constant(recorder, round(4 * recorder))
    for copies in (0.0, 0.01):
        found = Repeats.of(steps_of(places(camera, recorder, copies=copies)), clock)
        assert found.seen_rate(recorder) == pytest.approx(camera, rel=0.03)


def test_the_warning_names_the_rate_of_the_camera():
    (warning,) = Repeats(frames=100, repeated=50).caveats(Clock.constant(60, 101))
    assert warning.startswith("50 % of the frames repeat the one before: the picture changes only about 30 times a sec")


@pytest.mark.parametrize("fps", [25, 60, 200])
def test_a_face_that_moves_in_every_frame_or_in_none_repeats_none(fps):
    clock = Clock.constant(fps, 4 * fps)
    still, rest = np.zeros((4 * fps, 14, 12, 2), np.float32), places(fps, fps)
    rest[fps : 2 * fps] = rest[fps]
    for moved in (places(fps, fps), still, rest):
        found = Repeats.of(steps_of(moved), clock)
        assert found.seen_rate(fps) == fps
        assert [each for each in found.caveats(clock) if "repeat" in each] == []


@pytest.mark.parametrize(("fps", "every"), [(60, 12), (60, 15), (200, 25)])
def test_key_frames_of_compression_do_not_make_the_others_repeated(fps, every):
    """At each, the picture becomes another one by more than it does between them."""
    way = steps_of(places(fps, fps))
    way[every - 1 :: every] *= 8
    assert Repeats.of(way, Clock.constant(fps, 4 * fps)).share == 0


def test_bursts_of_movement_do_not_make_the_frames_beside_them_repeated():
    way = steps_of(places(60, 60))
    for begin in range(0, len(way), 20):
        way[begin : begin + 6] *= 8
    assert Repeats.of(way, Clock.constant(60, 240)).share == 0


def test_steps_of_a_varying_rate_are_not_compared():
    clock = Clock.of_stamps(np.cumsum(np.tile([0.01, 0.03], 60)))
    assert clock.varies
    assert Repeats.of(np.tile([0.1, 1.0], 60)[1:], clock) == Repeats()


def test_a_source_without_two_frames_has_no_steps():
    assert Repeats.of([], Clock.constant(25, 1)) == Repeats()


def test_a_face_of_a_few_frames_repeats_none():
    assert Repeats.of([0.1, 1.0, 0.1], Clock.constant(60, 4)) == Repeats(frames=3)


def test_repeats_add_up():
    stall, other = Stall(first=1, last=30), Stall(first=2, last=30)
    both = Repeats(frames=10, repeated=4, stalls=(stall,)) + Repeats(frames=5, repeated=1, stalls=(other,))
    assert both == Repeats(frames=15, repeated=5, stalls=(stall, other))


def test_a_step_across_a_gap_is_left_out():
    whole, passing = places(60, 60), PassingSteps(gaps=[31, 61])
    assert len(list(passing.of(whole))) == 240
    assert np.flatnonzero(np.isnan(passing.steps)).tolist() == [29, 59]
    assert np.array_equal(np.delete(passing.steps, [29, 59]), np.delete(steps_of(whole), [29, 59]))
    found = Repeats.of(passing.steps, Clock.constant(60, 240))
    assert (found.frames, found.repeated, found.stalls) == (237, 0, ())


def test_steps_of_passing_places_are_those_of_all_places():
    whole, passing = places(30, 60), PassingSteps()
    assert np.array_equal(np.stack(list(passing.of(whole))), whole)
    assert np.array_equal(passing.steps, steps_of(whole))
