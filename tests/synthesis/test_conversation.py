"""The preset ``conversation``: when its movements and distractions happen, and what the tables say about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.spotting.scoring.read_intervals import read_events
from merlab.spotting.scoring.video_lengths import read_lengths
from merlab.synthesis.conversation import ANYTIME, GAP, HOSTS
from merlab.synthesis.frame_rates import FrameRate
from merlab.synthesis.recording_set import RecordingSet
from merlab.synthesis.recording_truth import (
    describe_recording,
    distractions_beside,
    distractions_table,
    events_table,
    videos_table,
)
from merlab.vocabulary import DISTRACTION_KINDS, RECORDING_RATES

TICKS = 12_000
CONVERSATIONS = RecordingSet(Path("out"), 8, 1, 8, "conversation", 3, True, "mp4")


@pytest.fixture(scope="module")
def plans():
    return [CONVERSATIONS.plan(subject) for subject in range(CONVERSATIONS.subjects)]


class TestTimes:
    def test_all_micro_expressions_and_kinds_of_distractions_occur(self, plans):
        for subject, plan in enumerate(plans):
            shown = [event.emotion for event in plan.events if event.kind == "micro"]
            assert sorted(shown) == sorted(CONVERSATIONS.emotions[subject])
        assert {each.kind for plan in plans for each in plan.distractions} == set(DISTRACTION_KINDS)
        assert sum(event.kind == "macro" for plan in plans for event in plan.events) > 16

    def test_all_truth_lies_inside_the_recording(self, plans):
        for plan in plans:
            for each in (*plan.events, *plan.distractions):
                assert 0 < each.onset < each.offset <= TICKS

    def test_one_thing_happens_to_the_face_at_a_time(self, plans):
        for plan in plans:
            alone = [each for each in plan.distractions if each.kind not in ANYTIME]
            hosts = [each for each in alone if each.kind in HOSTS]
            guests = [
                event
                for event in plan.events
                if any(host.onset < event.onset and event.offset < host.offset for host in hosts)
            ]
            items = [*alone, *(event for event in plan.events if event not in guests)]
            intervals = sorted((each.onset, each.offset) for each in items)
            gaps = [later[0] - earlier[1] for earlier, later in zip(intervals, intervals[1:], strict=False)]
            # A cut is moved to the nearest frame of all rates.
            assert min(gaps) >= GAP - 20
            assert all(event.kind == "micro" for event in guests)

    def test_a_minority_of_micro_expressions_is_beside_talking_or_chewing_and_the_truth_states_it(self, plans):
        micros = [(event, plan) for plan in plans for event in plan.events if event.kind == "micro"]
        spoken = [event for event, plan in micros if set(distractions_beside(event, plan.distractions)) & set(HOSTS)]
        assert 0 < len(spoken) < 0.3 * len(micros)
        assert not any({"hand", "cut"} & set(distractions_beside(event, plan.distractions)) for event, plan in micros)

    def test_with_little_time_distractions_are_left_out_but_no_micro_expression(self):
        plan = replace(CONVERSATIONS, minutes=0.25, events=16).plan(0)
        assert len(plan.events) >= 4
        assert len(plan.distractions) < 4
        with pytest.raises(MerlabError, match="do not fit"):
            replace(CONVERSATIONS, minutes=0.25, events=60)

    def test_a_recording_is_the_same_every_time(self, plans):
        again, block = CONVERSATIONS.plan(2).block(4), plans[2].block(4)
        assert np.array_equal(again.head, block.head)
        assert again.activity.keys() == block.activity.keys()


class TestFrameRates:
    def test_the_same_seconds_at_every_rate(self):
        few = replace(CONVERSATIONS, subjects=2)
        tables = {fps: events_table(replace(few, fps=fps)) for fps in RECORDING_RATES}
        for fps, table in tables.items():
            for moment in ("onset", "apex", "offset"):
                assert table[f"{moment}_s"].equals(tables[200][f"{moment}_s"])
                assert np.abs((table[moment] - 1) / fps - table[f"{moment}_s"]).max() <= 0.5 / fps + 1e-9
            assert (table["onset"] < table["apex"]).all()
            assert (table["apex"] < table["offset"]).all()
            assert videos_table(replace(few, fps=fps))["seconds"].eq(60).all()

    @pytest.mark.parametrize("fps", [30, 60, 100])
    def test_the_states_are_those_of_the_same_moments(self, plans, fps):
        ticks, states = next(FrameRate(fps).blocks(plans[0], 240))
        every = plans[0].states(0, 1700, 0)
        assert ticks == pytest.approx(np.arange(240) * 200 / fps)
        for name in ("head", "gaze", "closure", "gain", "side_light"):
            now = np.stack(
                [np.interp(ticks, np.arange(1700), column) for column in np.atleast_2d(getattr(every, name).T)]
            )
            assert np.squeeze(now.T) == pytest.approx(getattr(states, name), abs=1e-9)
        for key, values in states.activity.items():
            assert np.interp(ticks, np.arange(1700), every.activity[key]) == pytest.approx(values, abs=1e-9)

    def test_frames_before_and_after_a_moment(self):
        rate = FrameRate(60)
        assert [rate.number(tick) for tick in (0, 1, 2, 10)] == [1, 1, 2, 4]
        assert [rate.first(tick) for tick in (0, 1, 10, 11)] == [1, 2, 4, 5]
        assert [rate.last(tick) for tick in (1, 10, 11)] == [1, 3, 4]


class TestTables:
    def test_the_scorer_reads_the_kinds_and_the_lengths(self):
        events = read_events(events_table(CONVERSATIONS))
        assert set(events["kind"]) == {"micro", "macro"}
        lengths = read_lengths(videos_table(CONVERSATIONS), None)
        assert lengths.minutes == 8
        assert set(lengths.fps.values()) == {200.0}

    def test_distractions_have_frames_seconds_and_details(self):
        table = distractions_table(CONVERSATIONS)
        assert list(table) == ["video", "subject", "kind", "onset", "offset", "onset_s", "offset_s", "details"]
        assert table["details"].str.len().min() > 0
        assert ((table["onset"] - 1) / 200).to_numpy() == pytest.approx(table["onset_s"].to_numpy())

    def test_shifts_of_gaze_and_blinks_are_stated_in_frames_with_their_targets(self):
        recordings = RecordingSet(Path("out"), 1, 0.5, 0, "default", 3, False, "mp4", fps=100)
        plan, stated = recordings.plan(0), describe_recording(recordings, 0)
        moments, across, down = np.transpose(stated.gaze_shifts)
        # A tick is 1/200 s, and frame 1 is at tick 0.
        np.testing.assert_allclose(moments, [1 + shift.moment / 2 for shift in plan.gaze_shifts], atol=0.006)
        np.testing.assert_allclose(
            np.column_stack([across, down]), [shift.target for shift in plan.gaze_shifts], atol=0.006
        )
        blinks = [(1 + blink.start / 2, 1 + blink.start / 2 + blink.half) for blink in plan.blinks]
        np.testing.assert_allclose(stated.blinks, blinks, atol=0.006)

    def test_mp4_files_have_1_to_8_megabits_unless_others_are_requested(self):
        megabits = videos_table(CONVERSATIONS)["megabits"]
        assert megabits.between(1, 8).all()
        assert megabits.nunique() > 4
        assert videos_table(replace(CONVERSATIONS, megabits=2.0))["megabits"].eq(2).all()
        assert videos_table(replace(CONVERSATIONS, video_format="frames"))["megabits"].isna().all()
