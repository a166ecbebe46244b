"""Each distraction changes the face or the picture in its own interval, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.synthesis import CAMERA, CROP, PRESETS
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.distractions import SAMPLERS, Cut, sample_distraction, sample_macro
from merlab.synthesis.distractions.distraction import cycles, swing
from merlab.synthesis.distractions.hand import Hand
from merlab.synthesis.distractions.hand_picture import HandPicture
from merlab.synthesis.frame_rates import FrameRate
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.movement import FADING
from merlab.synthesis.recorded_view import RecordedView
from merlab.synthesis.recording import plan_recording
from merlab.vocabulary import DISTRACTION_KINDS, RECORDING_RATES

IDENTITY = sample_identity(0, 0)
ONSET = 400
OF_THE_FACE = [kind for kind in DISTRACTION_KINDS if kind not in ("hand", "second person", "cut")]


@pytest.fixture(scope="module")
def quiet():
    """A recording of 20 s without events and sensor noise; its only distraction comes after its end."""
    plan = plan_recording(IDENTITY, PRESETS["null"].model_copy(update={"noise": 0.0}), 4000, [])
    return replace(plan, distractions=(sample_distraction(IDENTITY, "nod", 0).moved_to(4000),))


def with_one(plan, kind, number=0):
    """The recording with one distraction at ONSET."""
    distraction = sample_distraction(IDENTITY, kind, number).moved_to(ONSET)
    return replace(plan, distractions=(*plan.distractions, distraction)), distraction


def pictures(plan, layers, ticks, window=CROP):
    view = RecordedView(plan, layers, window, 200)
    return [next(view.frames(np.array([float(tick)]), plan.states(tick, tick + 1, 0))).astype(int) for tick in ticks]


def same_states(first, second, ticks):
    names = ("closure", "gaze", "head", "gain", "side_light")
    keys = {*first.activity, *second.activity}
    none = np.zeros(len(first))
    return all(np.array_equal(getattr(first, name)[ticks], getattr(second, name)[ticks]) for name in names) and all(
        np.array_equal(first.activity.get(key, none)[ticks], second.activity.get(key, none)[ticks]) for key in keys
    )


def test_every_kind_has_a_sampler():
    assert tuple(SAMPLERS) == DISTRACTION_KINDS


@pytest.mark.parametrize("kind", OF_THE_FACE)
def test_the_states_differ_from_the_undisturbed_ones_only_in_the_interval(quiet, kind):
    changed, distraction = with_one(quiet, kind)
    undisturbed, disturbed = quiet.states(0, 4000, 0), changed.states(0, 4000, 0)
    ticks = np.arange(4000)
    inside = (ticks >= distraction.onset) & (ticks < distraction.offset)
    assert same_states(undisturbed, disturbed, ~inside)
    slipped = disturbed.glasses is not None and bool(disturbed.glasses[inside].any())
    assert slipped if kind == "glasses" else not same_states(undisturbed, disturbed, inside)
    assert disturbed.glasses is not None
    assert not disturbed.glasses[~inside].any()


@pytest.mark.parametrize("kind", ["talking", "turn", "sudden light", "hand"])
def test_the_pictures_differ_from_the_undisturbed_ones_only_in_the_interval(quiet, renderer, kind):
    changed, distraction = with_one(quiet, kind)
    ticks = [ONSET - 1, ONSET + distraction.length // 2, distraction.offset]
    alone, together = pictures(quiet, renderer.layers, ticks), pictures(changed, renderer.layers, ticks)
    differences = [np.abs(one - other).mean() for one, other in zip(alone, together, strict=True)]
    assert differences[0] == differences[2] == 0
    assert differences[1] > 0.2


@pytest.mark.slow
def test_a_second_person_comes_into_the_camera_view_alone(quiet, renderer):
    changed, visit = with_one(quiet, "second person")
    ticks = [ONSET - 1, ONSET + visit.length // 2, visit.offset]
    differences = {
        window: [
            np.abs(one - other).max()
            for one, other in zip(
                pictures(quiet, renderer.layers, ticks, window),
                pictures(changed, renderer.layers, ticks, window),
                strict=True,
            )
        ]
        for window in (CROP, CAMERA)
    }
    assert differences[CROP] == [0, 0, 0]
    assert differences[CAMERA][0] == differences[CAMERA][2] == 0
    assert differences[CAMERA][1] > 20


@pytest.mark.slow
def test_a_hand_is_outside_of_both_views_at_its_onset_and_its_offset_and_before_the_face_between():
    hands = [sample_distraction(IDENTITY, "hand", number) for number in range(12)]
    apart = [hand.moved_to(1000 * number) for number, hand in enumerate(hands) if isinstance(hand, Hand)]
    picture = HandPicture(IDENTITY, apart, CAMERA, 200)
    black = [np.zeros((CAMERA.height, CAMERA.width), np.float32)] * 3
    for hand in apart:
        moments = (hand.onset, hand.onset + hand.length // 2, hand.offset - 1)
        shown = [picture.changed(black, tick, 1.0)[1] for tick in moments]
        assert shown[0].max() == shown[2].max() == 0
        assert 0.02 < (shown[1] > 0).mean() < 0.5


def test_a_cut_changes_everything_after_it_between_two_frames_of_every_rate(quiet):
    cut = sample_distraction(IDENTITY, "cut", 0).moved_to(1237)
    assert isinstance(cut, Cut)
    assert cut.onset == 1240
    changed = replace(quiet, distractions=(cut,))
    for fps in RECORDING_RATES:
        rate = FrameRate(fps)
        number = rate.first(cut.onset)
        assert (number - 1) * rate.step == pytest.approx(cut.onset)
        heads = [
            np.concatenate([states.head for _, states in rate.blocks(plan, 19 * fps)]) for plan in (quiet, changed)
        ]
        moved = np.abs(heads[1] - heads[0]).max(axis=1)
        assert np.flatnonzero(moved > 1e-9)[0] == number - 1
        assert moved[number - 1 :].min() == pytest.approx(moved.max())


def test_talking_and_chewing_never_close_the_lips_further_than_shut():
    for kind in ("talking", "chewing"):
        for number in range(20):
            activity = sample_distraction(IDENTITY, kind, number).activity
            opening = [values for key, values in activity.items() if ACTION_UNITS[int(key[:-1])].parts_lips]
            assert min(values.min() for values in opening) >= 0
            assert max(values.max() for values in opening) > 0.5


def test_macro_expressions_last_half_a_second_to_four_and_rise_hold_and_fall():
    for number in range(60):
        macro = sample_macro(np.random.default_rng(number), IDENTITY)
        assert 100 < macro.length <= 800
        assert 0 < macro.apex < macro.length
        curve = np.abs(next(iter(macro.activity.values())))
        assert curve[: FADING + 1].max() == curve[-1] == 0
        assert curve.argmax() == FADING + macro.apex
        assert 1 < max(unit.intensity for unit in macro.action_units) <= 3.6


def test_a_swing_starts_and_ends_at_zero_and_stays_at_one_between():
    curve = swing(100, 20, 30)
    assert (curve[0], curve[-1], curve[10]) == pytest.approx((0, 0, 0.5))
    assert curve[20:70].min() == 1


def test_cycles_are_complete_and_irregular():
    number, share = cycles(np.random.default_rng(0), 1000, 40, 0.3)
    assert len(number) == len(share) == 1000
    assert set(np.diff(number)) == {0, 1}
    assert share.min() >= 0
    assert share.max() < 1
    assert np.bincount(number).std() > 5
