"""The random content of a clip: combinations, timing, envelopes, disturbances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.synthesis import PRESETS, plan_clip
from merlab.synthesis.action_units import ACTION_UNITS, CLASSES, COMBINATIONS, parse_combination
from merlab.synthesis.canvas_layout import random_stream
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.poses import smooth_noise
from merlab.synthesis.sampling import ActiveUnit, ClipTiming, envelope, sample_timing

IDENTITY = sample_identity(0, 0)
SEEDS = st.integers(0, 2**32)


class TestTiming:
    @given(SEEDS)
    def test_rise_fall_and_length_are_within_the_limits_of_a_micro_expression(self, seed):
        timing = sample_timing(random_stream(seed), (6, 12))
        rise, fall = timing.apex - timing.onset, timing.offset - timing.apex
        assert 9 <= rise <= 60
        assert 10 <= fall <= 75
        assert rise + fall <= 99
        assert 6 <= timing.onset <= 12
        assert 6 <= timing.length - 1 - timing.offset <= 12

    def test_rises_and_falls_have_the_specified_medians(self):
        timings = [sample_timing(random_stream(seed), (6, 12)) for seed in range(800)]
        assert np.median([timing.apex - timing.onset for timing in timings]) == pytest.approx(28, abs=2)
        assert np.median([timing.offset - timing.apex for timing in timings]) == pytest.approx(34, abs=2)

    @pytest.mark.parametrize("clip", range(5))
    def test_the_timing_does_not_depend_on_the_class(self, clip):
        timings = {plan_clip(IDENTITY, clip, emotion, PRESETS["default"]).timing for emotion in CLASSES}
        assert len(timings) == 1


class TestEnvelope:
    TIMING = ClipTiming(onset=8, apex=36, offset=70, length=80)

    @given(st.integers(-14, 14), st.floats(0, 0.2), st.floats(0.85, 1.3), st.floats(0.8, 1.2))
    def test_a_unit_does_not_move_before_the_onset_and_keeps_its_residual_after_the_offset(
        self, lag, residual, rise, fall
    ):
        values = envelope(self.TIMING, lag, residual, rise, fall)
        assert np.all(values[: self.TIMING.onset + 1] == 0)
        assert values[self.TIMING.offset :] == pytest.approx(residual, abs=1e-9)
        assert values.max() == pytest.approx(1)

    def test_without_lag_it_is_one_half_in_the_middle_of_the_rise_and_peaks_at_the_apex(self):
        values = envelope(self.TIMING, 0, 0.1, 1.0, 1.0)
        assert np.argmax(values) == self.TIMING.apex
        assert values[(self.TIMING.onset + self.TIMING.apex) // 2] == pytest.approx(0.5)


class TestMovement:
    @pytest.mark.parametrize("emotion", CLASSES)
    def test_a_clip_shows_a_combination_of_its_class(self, emotion):
        for clip in range(20):
            units = plan_clip(IDENTITY, clip, emotion, PRESETS["default"]).action_units
            assert "+".join(str(unit.number) for unit in units) in COMBINATIONS["casme2"][emotion]

    def test_the_median_intensity_is_that_of_the_preset_times_the_factors_of_the_subject(self):
        plans = [plan_clip(IDENTITY, clip, "happiness", PRESETS["default"]) for clip in range(300)]
        smiles = [unit.intensity for plan in plans for unit in plan.action_units if unit.number == 12]
        expected = 0.6 * IDENTITY.expressivity * IDENTITY.au_gain[12]
        assert np.median(smiles) == pytest.approx(expected, rel=0.1)

    def test_a_movement_of_one_side_is_coded_as_in_casme2(self):
        assert ActiveUnit(10, "L", 1.0).code == "L10"
        assert ActiveUnit(4, "B", 1.0).code == "4"

    def test_an_annotated_side_moves_nine_times_as_far_as_the_other(self):
        plans = [
            plan_clip(IDENTITY, clip, "happiness", PRESETS["default"].model_copy(update={"jitter": 0.0}))
            for clip in range(60)
        ]
        left = next(plan for plan in plans if [unit.code for unit in plan.action_units] == ["L12"])
        apex = left.timing.apex
        assert left.activity["12l"][apex] / left.activity["12r"][apex] == pytest.approx(1.1 / 0.12)

    def test_a_unit_moves_from_the_onset_to_the_apex_and_none_peaks_later(self):
        still = PRESETS["default"].model_copy(update={"jitter": 0.0})
        for clip in range(40):
            plan = plan_clip(IDENTITY, clip, "disgust", still)
            onset, apex = plan.timing.onset, plan.timing.apex
            moving = [values for values in plan.activity.values() if values.any()]
            assert any(values[onset + 1] > 0 and values.argmax() == apex for values in moving)
            assert all(values.argmax() <= apex for values in moving)

    def test_no_action_unit_of_the_null_preset_moves(self):
        still = PRESETS["null"].model_copy(update={"jitter": 0.0})
        for clip, emotion in enumerate(CLASSES):
            plan = plan_clip(IDENTITY, clip, emotion, still)
            assert all(unit.intensity == 0 for unit in plan.action_units)
            assert not any(values.any() for values in plan.activity.values())

    def test_jitter_moves_four_units_that_leave_the_lips_closed(self):
        null = PRESETS["null"]
        for clip in range(30):
            activity = plan_clip(IDENTITY, clip, "others", null).activity
            moving = {int(key[:-1]) for key, values in activity.items() if values.any()}
            assert len(moving) == 4
            assert not any(ACTION_UNITS[number].parts_lips for number in moving)

    def test_every_prototypical_combination_occurs_in_a_single_class(self):
        table = COMBINATIONS["prototypical"]
        combinations = [frozenset(parse_combination(text)) for weights in table.values() for text in weights]
        assert len(combinations) == len(set(combinations))


class TestDisturbances:
    @pytest.mark.parametrize(("probability", "expected"), [(0.0, 0), (1.0, 40)])
    def test_blinks_have_the_probability_of_the_preset(self, probability, expected):
        preset = PRESETS["default"].model_copy(update={"blink_probability": probability})
        plans = [plan_clip(IDENTITY, clip, "others", preset) for clip in range(40)]
        assert sum(plan.blink is not None for plan in plans) == expected

    @pytest.mark.parametrize(("probability", "expected"), [(0.0, 0), (1.0, 40)])
    def test_shifts_of_gaze_have_the_probability_of_the_preset(self, probability, expected):
        preset = PRESETS["default"].model_copy(update={"gaze_probability": probability})
        plans = [plan_clip(IDENTITY, clip, "others", preset) for clip in range(40)]
        assert sum(plan.gaze.any() for plan in plans) == expected

    def test_the_lids_move_exactly_within_the_stated_blink(self):
        preset = PRESETS["default"].model_copy(update={"blink_probability": 1.0})
        for clip in range(20):
            plan = plan_clip(IDENTITY, clip, "others", preset)
            frames = np.arange(plan.timing.length)
            assert plan.blink is not None
            inside = (frames > plan.blink[0]) & (frames < plan.blink[1])
            assert np.array_equal(plan.closure > 1e-12, inside)

    def test_without_drift_flicker_and_gaze_only_the_action_units_change(self):
        quiet = PRESETS["easy"].model_copy(update={"drift": 0.0, "flicker": 0.0})
        plan = plan_clip(IDENTITY, 0, "disgust", quiet)
        assert not plan.head.any()
        assert not plan.gaze.any()
        assert np.ptp(plan.gain) == 0

    @given(SEEDS, st.floats(3, 20))
    def test_smooth_noise_has_the_requested_length_and_is_finite(self, seed, sigma):
        values = smooth_noise(random_stream(seed), 77, sigma)
        assert values.shape == (77,)
        assert np.isfinite(values).all()

    def test_smooth_noise_has_unit_variance(self):
        assert smooth_noise(random_stream(0), 50_000, 5).std() == pytest.approx(1, rel=0.05)
