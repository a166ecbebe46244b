"""The plan of a long recording, before any frame is rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.synthesis import PRESETS
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.movement import FADING
from merlab.synthesis.recording import BLOCK, NEUTRAL_GAP, Blink, GazeShift, plan_recording

IDENTITY = sample_identity(0, 0)
EMOTIONS = ["happiness", "disgust", "surprise", "repression", "others"]
FRAMES = 12_000


@pytest.fixture(scope="module")
def plan():
    return plan_recording(IDENTITY, PRESETS["default"], FRAMES, EMOTIONS)


class TestEvents:
    def test_every_emotion_is_shown_in_order(self, plan):
        assert [event.emotion for event in plan.events] == EMOTIONS

    def test_each_is_a_micro_expression(self, plan):
        for event in plan.events:
            assert event.onset < event.apex < event.offset
            assert event.offset - event.onset <= 99

    def test_there_are_neutral_gaps_before_between_and_after_them(self, plan):
        edges = [0, *(edge for event in plan.events for edge in (event.onset, event.offset)), FRAMES]
        assert min(np.diff(edges)[::2]) >= NEUTRAL_GAP

    def test_the_residual_at_the_offset_fades_out_before_the_next_event(self, plan):
        for event in plan.events:
            for values in event.activity.values():
                assert abs(values[: FADING + 1]).max() == 0
                assert abs(values[-1]) < 1e-3
                assert np.abs(np.diff(values[FADING + event.offset - event.onset :])).max() < 0.01

    def test_the_null_preset_has_disturbances_but_no_events(self):
        null = plan_recording(IDENTITY, PRESETS["null"], FRAMES, EMOTIONS)
        assert null.events == ()
        assert null.blinks
        assert null.gaze_shifts

    def test_too_many_events_are_refused(self):
        with pytest.raises(MerlabError, match="5 movements with 1.5 s of neutral face.* do not fit into 5.0 s"):
            plan_recording(IDENTITY, PRESETS["default"], 1000, EMOTIONS)

    def test_blinks_have_the_rate_of_the_preset(self):
        hour = plan_recording(IDENTITY, PRESETS["default"], 720_000, [])
        assert len(hour.blinks) == pytest.approx(0.25 * 3600, rel=0.12)
        assert len(hour.gaze_shifts) == pytest.approx(0.2 * 3600, rel=0.12)


class TestBlocks:
    def test_cover_every_frame_once(self, plan):
        assert [len(block) for block in plan.blocks()] == [BLOCK] * (FRAMES // BLOCK)
        odd = replace(plan, frames=BLOCK + 1)
        assert [len(block) for block in odd.blocks()] == [BLOCK, 1]

    def test_a_block_is_the_same_in_any_order_of_computation(self, plan):
        third, again = plan.block(3), list(plan.blocks())[3]
        assert np.array_equal(third.head, again.head)
        assert np.array_equal(third.gain, again.gain)
        assert third.noise_seed == again.noise_seed

    def test_there_are_no_jumps_between_blocks(self, plan):
        blocks = list(plan.blocks())
        for name in ("head", "side_light", "closure"):
            values = np.concatenate([getattr(block, name) for block in blocks])
            steps = np.abs(np.diff(values, axis=0))
            seams = steps[BLOCK - 1 :: BLOCK]
            assert np.all(seams.max(axis=0) <= np.quantile(steps, 0.999, axis=0) + 1e-9)

    def test_the_head_drifts_as_fast_as_in_clips_and_stays_within_a_few_pixels(self, plan):
        head = np.concatenate([block.head for block in plan.blocks()])
        assert np.abs(head[:, :2]).max() < 12
        speed = np.abs(np.diff(head[::100, 0])).mean()
        assert 0.1 < speed < 1.5

    def test_sensor_noise_differs_from_block_to_block(self, plan):
        assert len({block.noise_seed for block in plan.blocks()}) == FRAMES // BLOCK

    def test_lids_close_in_blinks_and_only_there(self, plan):
        blinking = replace(plan, blinks=(Blink(790.0, 20.0, 0.9),))
        closure = np.concatenate([block.closure for block in blinking.blocks()])
        assert closure[810] == pytest.approx(0.9)
        assert np.flatnonzero(closure > 1e-9).tolist() == list(range(791, 830))

    def test_the_gaze_keeps_the_target_of_the_last_shift(self, plan):
        looking = replace(plan, gaze_shifts=(GazeShift(100.0, (2.0, 1.0)), GazeShift(2000.0, (-3.0, 0.5))))
        gaze = np.concatenate([block.gaze for block in looking.blocks()])
        assert gaze[0] == pytest.approx([0, 0], abs=1e-6)
        assert gaze[1000] == pytest.approx([2, 1])
        assert gaze[2100] == pytest.approx([-3, 0.5])

    def test_another_subject_has_another_head_movement(self, plan):
        other = plan_recording(sample_identity(0, 1), PRESETS["default"], FRAMES, EMOTIONS)
        assert not np.array_equal(other.block(0).head, plan.block(0).head)
