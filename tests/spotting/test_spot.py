"""Onset, apex and offset of movements in a stream, whatever its length and frame rate."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from merlab.errors import MerlabError
from merlab.frames.clock import Clock
from merlab.spotting import spot as spot_module
from merlab.spotting.event import SpottedEvent, without_parts
from merlab.spotting.macro import MACRO_RANGES, MacroSettings
from merlab.spotting.motion import COLUMNS, ROWS
from merlab.spotting.motion_score import PARTS, SCORE_RANGES, score
from merlab.spotting.scoring import iou, match
from merlab.spotting.spot import RANGES, SpottingSettings, spot_places, spot_window, spotting_settings
from merlab.spotting.spotted_window import SpottedWindow, each_once, without_later_events
from merlab.spotting.stretches import block_places, spot_stretches
from merlab.synthesis import PRESETS, make_renderer
from merlab.synthesis.recording import plan_recording
from tests.videos.faces import moving_places, still_places, there_and_back

FPS = 200.0
# px of the layout.
RIGHT_BROW = (53.0, 40.0)
SETTINGS = SpottingSettings()
# What else must change where a setting is at one end of its range.
BESIDE: dict[tuple[str, float], dict[str, float]] = {("longest", 0): {"shortest": 0}, ("window", 1): {"longest": 0.5}}
NAMES = [*RANGES, *(f"score.{name}" for name in SCORE_RANGES), *(f"macro.{name}" for name in MACRO_RANGES)]
# In frames of 200 a second: onset, apex, offset.
MOVEMENTS = [(400, 430, 470), (1500, 1520, 1560), (3900, 3945, 3990), (4400, 4440, 4480), (6000, 6015, 6035)]


def spotted(places, fps=FPS, settings=SETTINGS):
    return [event for window in spot_places(places, fps, settings) for event in window.events]


@cache
def five_movements(frames=7000):
    course = sum((there_and_back(frames, *movement) for movement in MOVEMENTS), np.zeros(frames))
    places = moving_places(course)
    places.flags.writeable = False
    return places


@cache
def the_five():
    return spotted(five_movements())


class TestEvents:
    def test_every_movement_is_found_and_nothing_else(self):
        found = the_five()
        truth = [(onset + 1, offset + 1) for onset, _, offset in MOVEMENTS]
        overlaps = iou(truth, [(event.onset, event.offset) for event in found])
        assert overlaps.shape == (5, 5)
        assert np.diag(overlaps).min() > 0.8

    def test_the_apex_is_found_to_a_few_frames(self):
        apexes = [event.apex - 1 for event in the_five()]
        assert apexes == pytest.approx([apex for _, apex, _ in MOVEMENTS], abs=3)

    @pytest.mark.parametrize(("rise", "fall"), [(20, 60), (40, 40), (60, 20)])
    @pytest.mark.parametrize("seed", range(3))
    def test_the_apex_is_found_where_rise_and_fall_are_not_equally_fast(self, rise, fall, seed):
        course = there_and_back(4000, 2000, 2000 + rise, 2000 + rise + fall)
        (event,) = spotted(moving_places(course, seed=seed))
        assert event.apex - 1 == pytest.approx(2000 + rise, abs=2)
        assert event.onset <= event.apex <= event.offset

    def test_the_part_that_moves_is_reported(self):
        assert {event.part for event in the_five()} == {"mouth, left"}
        assert "mouth, left" in PARTS

    @pytest.mark.parametrize("every", [2, 4, 6])
    def test_times_do_not_depend_on_the_frame_rate(self, every):
        found = spotted(five_movements()[::every], FPS / every)
        seconds = [(event.apex - 1) * every / FPS for event in found]
        assert seconds == pytest.approx([apex / FPS for _, apex, _ in MOVEMENTS], abs=0.03)

    def test_noise_alone_holds_nothing(self):
        assert spotted(still_places(8000)) == []

    @pytest.mark.slow
    @pytest.mark.parametrize("seconds", [1.5, 2, 3, 5])
    def test_what_blocks_do_together_is_seldom_a_movement_in_a_short_video(self, seconds):
        """With the filters and the threshold of a long video, 28, 26, 18 and 8 movements are found in 40 videos."""
        found = [spotted(moving_together(round(seconds * FPS), seed)) for seed in range(40)]
        assert sum(map(len, found)) <= 7

    @pytest.mark.parametrize("bounds", [{"shortest": 0.35}, {"longest": 0.25, "macro": MacroSettings(px=2.0)}])
    def test_what_is_too_short_or_too_long_is_dropped_and_counted(self, bounds):
        places = moving_places(there_and_back(4000, 1000, 1030, 1060))
        windows = list(spot_places(places, FPS, replace(SETTINGS, **bounds)))
        assert [event for window in windows for event in window.events] == []
        assert sum(window.dropped for window in windows) == 1

    @pytest.mark.slow
    def test_a_higher_floor_keeps_only_the_stronger(self):
        course = there_and_back(4000, 1000, 1030, 1060) + 0.3 * there_and_back(4000, 2500, 2530, 2560)
        settings = [replace(SETTINGS, floor=floor) for floor in (5, 25)]
        assert [len(spotted(moving_places(course), FPS, each)) for each in settings] == [2, 1]

    def test_a_movement_below_the_threshold_is_a_weak_candidate(self):
        course = there_and_back(4000, 1000, 1030, 1060) + 0.3 * there_and_back(4000, 2500, 2530, 2560)
        (window,) = spot_places(moving_places(course), FPS, replace(SETTINGS, floor=18))
        assert window.threshold == 18
        assert [event.apex for event in window.events] == pytest.approx([1031], abs=3)
        assert [event.apex for event in window.weak] == pytest.approx([2531], abs=3)
        assert SETTINGS.weak * 18 < window.weak[0].score < 18

    @pytest.mark.slow
    def test_the_threshold_follows_from_what_the_face_does_all_the_time(self):
        """The same movement in a calm face, and in one whose mouth never rests."""
        movement = 0.3 * there_and_back(8000, 4020, 4050, 4080)
        restless = gaussian_filter1d(np.random.default_rng(0).normal(0, 1.5, 8000), 12)
        calm, moving = (
            next(spot_places(moving_places(course), FPS, SETTINGS)) for course in (movement, movement + restless)
        )
        assert [len(window.events) for window in (calm, moving)] == [1, 0]

    def test_the_threshold_is_a_multiple_of_the_calm_quarter_but_not_below_the_floor(self):
        scores = np.linspace(0, 10, 101, dtype=np.float32)
        assert SETTINGS.threshold(scores) == pytest.approx(2.5 * SETTINGS.background)
        assert SETTINGS.threshold(np.float32(0.1) * scores) == SETTINGS.floor

    @pytest.mark.parametrize(("frames", "threshold"), [(400, 5.9), (1200, 5.7)])
    def test_the_threshold_is_up_to_a_fifth_higher_where_less_than_20_seconds_were_seen(self, frames, threshold):
        (window,) = spot_places(still_places(frames), FPS, SETTINGS)
        assert window.threshold == pytest.approx(threshold)

    @pytest.mark.slow
    def test_a_few_movements_do_not_change_the_background(self):
        still, moved = (
            next(spot_places(places, FPS, SETTINGS)) for places in (still_places(8000), five_movements(8000))
        )
        assert moved.threshold == pytest.approx(still.threshold, rel=0.15)

    def test_a_step_that_stays_is_no_movement(self):
        step = np.clip((np.arange(4000) - 2000) / 20, 0, 1)
        (window,) = spot_places(moving_places(step, size=6.0), FPS, SETTINGS)
        assert window.events == ()


def moving_together(frames, seed):
    """A restless face, (frames, ROWS, COLUMNS, 2) px: 20 patterns of many blocks, each with a smooth course."""
    random = np.random.default_rng(seed)
    patterns = gaussian_filter(random.normal(size=(20, ROWS, COLUMNS, 2)), (0, 2, 2, 0))
    courses = gaussian_filter1d(random.normal(size=(frames, 20)), 16, axis=0)
    together = np.einsum("nk,krcd->nrcd", courses, patterns)
    noise = random.normal(0, 0.02, together.shape)
    return np.asarray(0.1 * together / together.std() + noise, np.float32)


def there_and_held(frames, onset, rise, hold):
    """From 0 to 1 within ``rise`` frames, still for ``hold`` frames, and back."""
    time = np.arange(frames) - onset
    return np.interp(time, [0, rise, rise + hold, 2 * rise + hold], [0, 1, 1, 0])


class TestKinds:
    @pytest.mark.parametrize(("rise", "hold"), [(60, 40), (80, 140), (150, 300)], ids=["0.8 s", "1.5 s", "3 s"])
    def test_a_movement_that_lasts_longer_and_returns_is_a_macro_expression(self, rise, hold):
        onset, offset = 2001, 2001 + 2 * rise + hold
        (event,) = spotted(moving_places(there_and_held(4000, onset - 1, rise, hold), size=3.0))
        assert (event.kind, event.part) == ("macro", "mouth, left")
        assert iou([(onset, offset)], [(event.onset, event.offset)]).item() > 0.7

    def test_a_micro_expression_before_a_macro_expression_is_another_movement(self):
        course = there_and_back(5000, 1200, 1230, 1260) + there_and_held(5000, 2000, 100, 200)
        assert [event.kind for event in spotted(moving_places(course))] == ["micro", "macro"]

    def test_a_step_in_the_rise_or_fall_of_a_macro_expression_is_a_part_of_it(self):
        macro = SpottedEvent(449, 633, 678, 600, 43.7, "mouth, left", kind="macro")
        rise = SpottedEvent(467, 483, 497, 483, 6.4, "cheeks, left")
        later = replace(rise, onset=670, apex=680, offset=690)
        part = replace(rise, kind="other", why_other="part of a longer movement")
        assert without_parts([rise, later], [macro]) == [part, later]
        assert without_parts([rise], [replace(macro, kind="other")]) == [rise]
        # Two clear movements may look like the rise and the fall of a weak one.
        clear = replace(rise, score=50.0)
        assert without_parts([clear], [macro]) == [clear]

    @pytest.mark.slow
    @pytest.mark.parametrize(("center", "kind"), [((66, 190), "other"), ((60, 36), "micro")])
    def test_what_is_in_the_other_half_of_the_face_is_not_a_part_of_it(self, center, kind):
        """A smile of 3 s that rises for 1.2 s; in its rise, another part of the face moves briefly."""
        smile = moving_places(there_and_held(5000, 2000, 240, 120), size=4.0)
        brief = moving_places(there_and_back(5000, 2080, 2110, 2140), center, size=3.0) - still_places(5000)
        assert kind in {event.kind for event in spotted(smile + brief) if abs(event.apex - 2111) < 10}

    @pytest.mark.slow
    def test_a_micro_expression_at_the_height_of_a_macro_expression_stays_one(self):
        macro = moving_places(there_and_held(5000, 2000, 150, 300), size=4.0)
        brief = moving_places(there_and_back(5000, 2250, 2275, 2300)) - still_places(5000)
        assert "micro" in {event.kind for event in spotted(macro + brief)}

    def test_a_movement_too_large_for_a_micro_expression_is_another_one(self):
        (event,) = spotted(moving_places(there_and_back(4000, 1000, 1030, 1060), size=12.0))
        assert (event.kind, event.why_other) == ("other", "movement too large")

    @pytest.mark.slow
    @pytest.mark.parametrize(("size", "kind"), [(7.0, "micro"), (14.0, "other")])
    def test_brows_may_move_farther_than_a_mouth(self, size, kind):
        course = there_and_back(4000, 1000, 1030, 1060)
        (mouth,) = spotted(moving_places(course, size=size))
        (brow,) = spotted(moving_places(course, center=RIGHT_BROW, size=size))
        assert (mouth.kind, brow.kind) == ("other", kind)

    @pytest.mark.slow
    def test_a_brow_that_moves_while_somebody_talks_is_no_movement_of_speech(self):
        starts = (1000, 1150, 1300, 1450)
        syllables = np.sum([there_and_back(5000, begin, begin + 30, begin + 60) for begin in starts], axis=0)
        brow = moving_places(there_and_back(5000, 1080, 1105, 1130), center=RIGHT_BROW) - still_places(5000)
        kinds = {(event.part, event.kind, event.why_other) for event in spotted(moving_places(syllables) + brow)}
        assert kinds == {("mouth, left", "other", "movement repeats"), ("eyes and brows", "micro", "")}

    @pytest.mark.slow
    def test_a_slow_drift_is_none(self):
        drift = 0.5 * np.sin(2 * np.pi * np.arange(8000) / 1600)
        assert spotted(moving_places(drift)) == []

    def test_p_cuts_between_the_mean_and_the_largest_score(self):
        course = there_and_back(4000, 1000, 1030, 1060) + 0.3 * there_and_back(4000, 2500, 2530, 2560)
        window = next(spot_places(moving_places(course), FPS, replace(SETTINGS, p=0.5, floor=0)))
        assert window.threshold == pytest.approx((window.total.mean() + window.total.max()) / 2, rel=1e-3)
        assert len(window.events) == 1


@pytest.fixture(scope="module")
def window():
    places = moving_places(there_and_back(1400, 600, 630, 660))[::4]

    def spot(first=1, length=350, **changed):
        return spot_window(places, first, first - 1, length, FPS / 4, replace(SETTINGS, **changed))

    return spot


class TestTogether:
    """One movement of the mouth at 50 frames per second: onset 151, apex and peak 158, offset 166, score 59."""

    @pytest.mark.parametrize(
        ("onset", "apex", "offset", "floor", "stays"),
        [
            (100, 158, 260, 5, False),
            (100, 151, 260, 5, False),
            (100, 166, 260, 5, False),
            (100, 167, 260, 5, True),
            # A weak one explains only a movement of the same frames.
            (100, 158, 260, 60, True),
            (148, 168, 170, 60, False),
        ],
    )
    def test_a_long_movement_with_the_apex_or_the_frames_of_a_brief_one_is_no_other(
        self, monkeypatch, window, onset, apex, offset, floor, stays
    ):
        long = SpottedEvent(onset, apex, offset, apex, 100, "mouth, left", kind="macro", long=True)
        monkeypatch.setattr(spot_module, "macro_movements", lambda *_: [long])
        assert (long in window(floor=floor).events) is stays

    def test_a_movement_is_reported_in_the_window_of_its_peak_alone(self, window):
        windows = window(1, 158), window(1, 157), window(158, 100), window(159, 100)
        assert [[event.peak for event in each.events] for each in windows] == [[158], [], [158], []]

    @pytest.mark.parametrize(("floor", "dropped"), [(5, 1), (60, 0)])
    def test_only_what_is_above_the_threshold_counts_as_dropped(self, window, floor, dropped):
        assert window(shortest=0.35, floor=floor).dropped == dropped

    @pytest.mark.parametrize(
        ("changed", "kinds"),
        [
            ({"longest": 0.3}, ["micro"]),
            ({"longest": 0.29}, []),
            ({"shortest": 0.3}, ["micro"]),
            ({"shortest": 0.31}, []),
            ({"largest": 1.6}, ["micro"]),
            ({"largest": 1.5}, ["other"]),
            # That of the brows.
            ({"largest_brows": 1.5}, ["micro"]),
        ],
    )
    def test_it_is_a_micro_expression_up_to_the_limits_themselves(self, window, changed, kinds):
        """It lasts 0.3 s, and moves 1.57 px."""
        macro = MacroSettings(px=1000.0)
        assert [event.kind for event in window(**changed, macro=macro).events] == kinds

    def test_its_score_is_the_height_times_the_likeness_to_the_power_of_its_weight(self, window, monkeypatch):
        (plain,) = window(likeness=0).events
        monkeypatch.setattr(spot_module, "likeness", lambda *_: 0.8)
        scores = [event.score for weight in (0, 1, 2) for event in window(likeness=weight).events]
        assert scores == pytest.approx([plain.score, 0.8 * plain.score, 0.64 * plain.score])
        monkeypatch.setattr(spot_module, "likeness", lambda *_: 0.01)
        assert (window().events, window().weak) == ((), ())

    @pytest.mark.parametrize(("pause", "kind"), [(0.25, "micro"), (0.35, "other")])
    def test_three_movements_repeat_with_no_longer_pauses_between_them(self, pause, kind):
        course = sum((there_and_back(1600, begin, begin + 30, begin + 60) for begin in (600, 720, 840)), np.zeros(1600))
        window = spot_window(moving_places(course)[::4], 1, 0, 400, FPS / 4, replace(SETTINGS, pause=pause))
        assert [event.kind for event in window.events] == [kind] * 3


class TestSettings:
    def test_some_are_changed_by_name_and_the_others_keep_their_defaults(self):
        settings = spotting_settings({"longest": 0.5, "score.reach": 0.4, "macro.px": 1.0})
        score, macro = replace(SETTINGS.score, reach=0.4), replace(SETTINGS.macro, px=1.0)
        assert settings == replace(SETTINGS, longest=0.5, score=score, macro=macro)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"longst": 0.5}, "did you mean longest"),
            ({"score": 0.5}, "unknown setting 'score'"),
            ({"p": 1.5}, "^p of spotting must be between 0 and 1, got 1.5"),
            ({"weak": 1.5}, "^weak of spotting must be between 0 and 1, got 1.5"),
            ({"floor": float("nan")}, "^floor of spotting must be between 0 and 1,000,000, got nan"),
            ({"repeats": float("inf")}, "^repeats of spotting must be between 0 and 1,000,000, got inf"),
            ({"pause": "long"}, "^pause of spotting must be between 0 and 1,000,000, got 'long'"),
            ({"shortest": 0.9}, "shortest of spotting must be from 0 to longest, got shortest 0.9, longest 0.55"),
            ({"window": 0}, "^window of spotting must be between 1 and 1,000,000, got 0"),
            ({"window": 2, "longest": 1.6}, r"must be at least score.reach \+ longest \(0.45 s \+ 1.6 s\), got 2"),
            ({"score.lid_leak": 1.1}, "^score.lid_leak of spotting must be between 0 and 1, got 1.1"),
            ({"score.reach": 0}, "^score.reach of spotting must be between 0.001 and 60, got 0"),
            ({"score.least_noise": 0}, "^score.least_noise of spotting must be between 1e-06 and 1,000,000, got 0"),
            ({"macro.long": 1}, "did you mean macro.longest"),
            ({"macro.reach": 0}, "^macro.reach of spotting must be between 0.001 and 60, got 0"),
        ],
    )
    def test_wrong_ones_are_refused(self, changed, message):
        with pytest.raises(MerlabError, match=message):
            spotting_settings(changed)

    @pytest.mark.parametrize("name", NAMES)
    def test_every_one_must_be_a_number_that_is_finite_and_not_negative(self, name):
        for impossible in (-1, float("inf"), float("-inf"), float("nan")):
            with pytest.raises(MerlabError, match=rf"^{name} of spotting must be between .*, got {impossible}$"):
                spotting_settings({name: impossible})

    @pytest.mark.parametrize("name", NAMES)
    def test_every_one_can_be_at_both_ends_of_its_range(self, name):
        places = moving_places(there_and_back(240, 100, 120, 140))[::4]
        group, _, own = name.rpartition(".")
        for end in {"": RANGES, "score": SCORE_RANGES, "macro": MACRO_RANGES}[group][own]:
            changed: dict[str, float] = {"longest": 3600, "window": 5000, name: end}
            settings = spotting_settings(changed | BESIDE.get((name, end), {}))
            assert sum(len(window.total) for window in spot_places(places, FPS / 4, settings)) == len(places)


class TestMargin:
    def test_a_chunk_needs_the_frames_within_reach_of_the_longest_movement_on_both_sides(self):
        # 0.45 s that the score reaches, and 0.55 s of a movement.
        assert [SETTINGS.margin(fps) for fps in (25.0, 30.0, 200.0)] == [25, 30, 200]

    @pytest.mark.parametrize(("name", "value"), [("settling", 4.0), ("smoothing", 0.5)])
    def test_a_chunk_needs_the_frames_that_the_faces_before_and_after_are_averaged_over(self, name, value):
        """Otherwise its border would count as the end of the face."""
        settings = spotting_settings({f"score.{name}": value})
        around = settings.margin(FPS)
        places = np.random.default_rng(1).normal(size=(4 * around, ROWS, COLUMNS, 2)).astype(np.float32)
        whole, chunk = (score(each, FPS, settings.score) for each in (places, places[around : 3 * around]))
        for whole_one, in_chunk in ((whole.before, chunk.before), (whole.after, chunk.after)):
            np.testing.assert_allclose(in_chunk[around], whole_one[2 * around], atol=1e-6)

    def test_a_window_is_at_least_as_long_as_these_averages(self):
        with pytest.raises(
            MerlabError, match=r"at least score.reach \+ score.settling / 2 \+ 4 score.smoothing \(0.45 s"
        ):
            spotting_settings({"window": 3, "score.settling": 6})
        assert spotting_settings({"window": 4, "score.settling": 6}).margin(100.0) == 355

    def test_a_window_may_last_exactly_as_long(self):
        settings = spotting_settings({"window": 2.0, "score.reach": 0.5, "longest": 1.5, "shortest": 1.5})
        assert settings.margin(10.0) == 20


def test_some_frames_of_a_window_hold_only_the_movements_whose_peaks_are_there():
    brief = SpottedEvent(onset=101, apex=104, offset=107, peak=103, score=9, part="chin")
    at = {peak: replace(brief, peak=peak) for peak in (103, 104, 107, 108)}
    total, lids = np.arange(10, dtype=np.float32), np.arange(10, 20, dtype=np.float32)
    window = SpottedWindow(101, total, lids, 5.0, (at[103], at[104]), 1, (at[107], at[108]))
    middle = window.only(range(104, 108))
    assert (middle.first, middle.total.tolist(), middle.lids.tolist()) == (104, [3, 4, 5, 6], [13, 14, 15, 16])
    assert (middle.events, middle.weak, middle.threshold, middle.dropped) == ((at[104],), (at[107],), 5.0, 1)
    assert [len(window.only(frames).total) for frames in (range(90, 103), range(109, 200), range(1, 101))] == [2, 2, 0]
    assert window.only(range(90, 103)).first == 101


class TestStreaming:
    @pytest.mark.slow
    def test_windows_follow_one_another_without_a_gap(self):
        windows = list(spot_places(still_places(7001), FPS, replace(SETTINGS, window=5.0)))
        ends = [window.first + len(window.total) for window in windows]
        assert windows[0].first == 1
        assert [window.first for window in windows[1:]] == ends[:-1]
        assert ends[-1] == 7002
        assert max(len(window.total) for window in windows) <= 2 * 1000 + 1

    @pytest.mark.parametrize("window", [2.0, 2.15, 5.0, 7.15, 20.0])
    def test_a_movement_on_the_border_of_windows_is_found_once(self, window):
        """Windows of 2.15 and 7.15 s end at the apexes of the first and the second movement."""
        found = spotted(five_movements(), settings=replace(SETTINGS, window=window))
        truth = [(onset + 1, offset + 1) for onset, _, offset in MOVEMENTS]
        assert len(found) == len(match(truth, [(event.onset, event.offset) for event in found])) == 5

    def test_frames_are_numbered_alike_with_context_before_the_window_and_without(self):
        course = there_and_back(1600, 600, 630, 660) + there_and_held(1600, 900, 100, 100)
        places = moving_places(course, size=3.0)
        whole, part = (
            spot_window(places, 1 + lead, lead, 1600 - lead, FPS, replace(SETTINGS, background=0)) for lead in (0, 400)
        )
        assert [event.kind for event in part.events] == ["micro", "macro"]
        assert part.events == whole.events
        assert (part.first, part.total.tolist()) == (401, whole.total[400:].tolist())

    def test_what_two_windows_report_on_their_border_is_one_movement(self):
        brief = SpottedEvent(onset=380, apex=401, offset=430, peak=400, score=9, part="chin")
        other, long = replace(brief, onset=431, offset=480, peak=450), replace(brief, long=True, kind="macro")
        nothing = SpottedWindow(1, np.zeros(400, np.float32), np.zeros(400, np.float32), 5, events=(), dropped=0)
        first = replace(nothing, events=(brief,))
        second = replace(nothing, first=401, events=(replace(brief, onset=381, peak=401), other), weak=(long,))
        assert [(window.events, window.weak) for window in each_once([first, second])] == [
            ((brief,), ()),
            ((other,), (long,)),
        ]

    def test_an_event_that_the_window_before_takes_for_a_weak_candidate_stays(self):
        event = SpottedEvent(onset=380, apex=401, offset=430, peak=401, score=9, part="chin")
        nothing = SpottedWindow(1, np.zeros(400, np.float32), np.zeros(400, np.float32), 5, events=(), dropped=0)
        weak, clear = replace(nothing, weak=(replace(event, peak=400),)), replace(nothing, events=(event,))
        assert [window.events for window in each_once([weak, clear])] == [(), (event,)]
        assert [window.weak for window in each_once([clear, weak])] == [(), ()]

    def test_a_weak_candidate_that_is_an_event_in_the_next_window_is_listed_once(self):
        event = SpottedEvent(onset=380, apex=401, offset=430, peak=401, score=9, part="chin")
        nothing = SpottedWindow(1, np.zeros(400, np.float32), np.zeros(400, np.float32), 5, events=(), dropped=0)
        other = replace(event, onset=300, offset=340, peak=320)
        weak, clear = replace(nothing, weak=(other, replace(event, peak=400))), replace(nothing, events=(event,))
        windows = list(without_later_events(each_once([weak, clear, nothing])))
        assert [(window.events, window.weak) for window in windows] == [((), (other,)), ((event,), ()), ((), ())]
        assert list(without_later_events([])) == []

    def test_a_stream_is_read_no_further_than_two_windows_ahead(self):
        read = 0

        def endless():
            nonlocal read
            for place in itertools.cycle(still_places(1000)):
                read += 1
                yield place

        windows = spot_places(endless(), FPS, replace(SETTINGS, window=2.0))
        for number in range(1, 6):
            next(windows)
            assert read <= (number + 1) * 400 + 2 * FPS

    @pytest.mark.parametrize("frames", [1, 2, 5, 30])
    def test_very_short_streams_hold_nothing(self, frames):
        windows = list(spot_places(still_places(frames), FPS, SETTINGS))
        assert sum(len(window.total) for window in windows) == frames
        assert windows[0].events == ()

    def test_an_empty_stream_has_no_window(self):
        assert list(spot_places([], FPS, SETTINGS)) == []


# Every third of the 200 frames per second is rendered.
STEP = 3


def rendered(seed, preset, seconds, emotions):
    renderer = make_renderer(seed, 0, PRESETS[preset])
    plan = plan_recording(renderer.identity, renderer.preset, seconds * 200, emotions)
    frames = (renderer.frame(block, at) for block in plan.blocks() for at in range(0, len(block), STEP))
    clock = Clock.constant(FPS / STEP, plan.frames // STEP)
    windows = spot_stretches(block_places(frames, clock), clock, SETTINGS)
    return plan, [event for window in windows for event in window.events]


@pytest.mark.slow
class TestOnSyntheticFaces:
    """Seeds 7100 and 7101 were used to choose the settings; these were not."""

    def test_movements_are_spotted_among_blinks_and_head_movement(self):
        emotions = ["happiness", "disgust", "surprise", "repression", "others", "happiness"]
        plan, found = rendered(31, "default", 15, emotions)
        truth = [(event.onset // STEP + 1, event.offset // STEP + 1) for event in plan.events]
        hits = match(truth, [(event.onset, event.offset) for event in found])
        assert 2 * len(hits) / (len(found) + len(truth)) >= 0.7
        assert np.median([abs(STEP * (found[at].apex - 1) - plan.events[true].apex) for true, at in hits]) < 5

    def test_where_nothing_happens_nothing_is_spotted(self):
        plan, found = rendered(32, "null", 12, [])
        assert plan.blinks
        assert found == []
