"""Scores of micro- and macro-expressions apart, the curve over IoU, and false alarms a minute."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from merlab.errors import MerlabError
from merlab.spotting.scoring import score_spotting

COLUMNS = ["video", "onset", "offset", "kind"]
TRUTH = pd.DataFrame([("a", 1, 10, "micro"), ("a", 101, 200, "macro"), ("b", 1, 10, "Micro - 1/2")], columns=COLUMNS)
# In a: one hit of each interval, the first of the wrong kind. In b: nothing. In c: a false alarm.
SPOTTED = pd.DataFrame([("a", 1, 10, "mae"), ("a", 101, 180, "macro"), ("c", 5, 15, "me")], columns=COLUMNS)
LENGTHS = pd.DataFrame({"video": list("abcd"), "frames": [1200, 600, 600, 1200], "fps": [20, 20, 20, 20]})


class TestKinds:
    def test_of_both_tables_are_scored_apart_and_pooled_as_in_megc(self):
        scores = score_spotting(TRUTH, SPOTTED)
        assert (scores.tp, scores.fp, scores.fn) == (2, 1, 1)
        assert {each.kind: (each.tp, each.fp, each.fn) for each in scores.kinds} == {
            "micro": (0, 1, 2),
            "macro": (1, 1, 0),
            "micro + macro": (1, 2, 2),
        }
        assert [(each.true_events, each.spotted_events) for each in scores.kinds] == [(2, 1), (1, 2), (3, 3)]
        assert [each.precision for each in scores.kinds] == pytest.approx([0, 1 / 2, 1 / 3])
        assert [each.recall for each in scores.kinds] == pytest.approx([0, 1, 1 / 3])
        assert [each.f1 for each in scores.kinds] == pytest.approx([0, 2 / 3, 1 / 3])

    def test_may_be_in_a_column_type(self):
        scores = score_spotting(TRUTH.rename(columns={"kind": "type"}), SPOTTED)
        assert len(scores.kinds) == 3

    def test_in_one_table_alone_are_not_scored_apart_and_this_is_noted(self):
        scores = score_spotting(TRUTH, SPOTTED.drop(columns="kind"))
        assert scores.kinds == ()
        assert "without kinds, so micro- and macro-expressions are not scored apart" in scores.notes[-1]

    def test_come_from_the_duration_only_if_asked_for(self):
        scores = score_spotting(TRUTH, SPOTTED.drop(columns="kind"), fps=20, by_duration=True)
        assert [(each.tp, each.fp, each.fn) for each in scores.kinds[:2]] == [(1, 0, 1), (1, 1, 0)]
        with pytest.raises(MerlabError, match="kinds by duration need frames per second; give --fps"):
            score_spotting(TRUTH, SPOTTED.drop(columns="kind"), by_duration=True)

    def test_can_be_chosen_and_a_table_without_them_is_then_all_of_this_kind(self):
        scores = score_spotting(TRUTH, SPOTTED.drop(columns="kind"), kind="micro")
        assert (scores.tp, scores.fp, scores.fn) == (1, 2, 1)
        assert any("every event is taken as micro" in note for note in scores.notes)
        with pytest.raises(MerlabError, match="true events has no kinds of movements, so micro cannot be chosen"):
            score_spotting(TRUTH.drop(columns="kind"), SPOTTED, kind="micro")

    def test_other_movements_are_left_out_with_a_note(self):
        other = pd.DataFrame([("a", 300, 400, "other")], columns=COLUMNS)
        scores = score_spotting(TRUTH, pd.concat([SPOTTED, other]))
        assert scores.spotted_events == 3
        assert "the spotted events: without 1 event of the kind other" in scores.notes

    def test_with_an_unknown_word_are_refused_but_a_column_type_of_something_else_is_not_one(self):
        with pytest.raises(MerlabError, match=r"row 1: kind is 'mikro'; write micro, macro or other"):
            score_spotting(TRUTH.assign(kind=["mikro", "macro", "micro"]), SPOTTED)
        with pytest.raises(MerlabError, match="kind is empty"):
            score_spotting(TRUTH.assign(kind=["", "macro", "micro"]), SPOTTED)
        for words in (["frown", "smile", "wink"], ["others"] * 3):
            unrelated = score_spotting(TRUTH.drop(columns="kind").assign(type=words), SPOTTED)
            assert any("has no kinds of movements" in note for note in unrelated.notes)
            assert unrelated.true_events == 3


class TestVideos:
    def test_without_any_event_count_and_false_alarms_are_given_a_minute(self):
        """180 s: one false alarm in 3 minutes."""
        scores = score_spotting(TRUTH, SPOTTED, videos=LENGTHS)
        assert scores.videos == 4
        assert scores.minutes == pytest.approx(3.0)
        assert scores.false_alarms_per_minute == pytest.approx(1 / 3)
        assert scores.false_alarms_interval is not None
        assert [each.false_alarms_per_minute for each in scores.kinds] == pytest.approx([1 / 3, 1 / 3, 2 / 3])

    def test_are_resampled_with_their_lengths_for_the_interval_of_false_alarms(self):
        """Video a has one in half a minute, b none: a sample has a rate of 2, of 2/3 (half of them), or of 0."""
        lengths = pd.DataFrame({"video": ["a", "b"], "seconds": [30, 60]})
        scores = score_spotting(TRUTH.iloc[[2]], SPOTTED.iloc[[0]], videos=lengths)
        assert scores.false_alarms_per_minute == pytest.approx(1 / 1.5)
        error = np.std([2, 2 / 3, 2 / 3, 0]) * np.sqrt(2)
        highest = 2 / 3 + student.ppf(0.975, 1) * error
        assert scores.false_alarms_interval == pytest.approx((0, highest), rel=0.03)

    def test_without_any_false_alarm_have_the_upper_limit_of_a_poisson_count(self):
        """Garwood 1936: 0 events have the 95 % limits 0 and 3.689."""
        scores = score_spotting(TRUTH, TRUTH, videos=LENGTHS)
        assert scores.false_alarms_per_minute == 0
        assert scores.false_alarms_interval == pytest.approx((0, 3.689 / 3), abs=0.001)

    @pytest.mark.parametrize(("alarms", "low", "high"), [(1, 0.242, 7.225), (3, 2.202, 13.059)])
    def test_with_the_same_rate_have_the_limits_of_a_poisson_count(self, alarms, low, high):
        """Two videos of a minute: Garwood's limits of 2 events are 0.242 and 7.225, of 6 events 2.202 and 13.059."""
        onsets = [100 * number for number in range(alarms)]
        found = pd.DataFrame(
            [{"video": video, "onset": onset, "offset": onset + 9} for video in "ab" for onset in onsets]
        )
        lengths = pd.DataFrame({"video": ["a", "b"], "seconds": [60, 60]})
        truth = found.assign(onset=found["onset"] + 5000, offset=found["offset"] + 5000)
        scores = score_spotting(truth, found, videos=lengths)
        assert scores.false_alarms_interval == pytest.approx((low / 2, high / 2), abs=0.001)

    def test_may_have_their_length_in_seconds_or_a_rate_of_all(self):
        seconds = pd.DataFrame({"video": list("abc"), "seconds": [60, 30, 30]})
        assert score_spotting(TRUTH, SPOTTED, videos=seconds).minutes == pytest.approx(2.0)
        frames = LENGTHS.drop(columns="fps")
        assert score_spotting(TRUTH, SPOTTED, fps=10, videos=frames).minutes == pytest.approx(6.0)
        with pytest.raises(MerlabError, match="frames but no frames per second"):
            score_spotting(TRUTH, SPOTTED, videos=frames)

    def test_where_nothing_is_true_or_spotted_give_no_false_alarm(self):
        nothing = pd.DataFrame(columns=COLUMNS)
        scores = score_spotting(nothing, nothing, videos=LENGTHS)
        assert (scores.videos, scores.false_alarms_per_minute, scores.f1) == (4, 0.0, None)

    def test_that_are_not_listed_are_refused(self):
        with pytest.raises(MerlabError, match=r"the spotted events has videos that the list of videos lacks: c"):
            score_spotting(TRUTH, SPOTTED, videos=LENGTHS[LENGTHS["video"] != "c"])

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"frames": [0, 1, 1, 1]}, "row 1: frames is not a positive number"),
            ({"video": list("aabc")}, "row 2: the video is listed twice"),
            ({"seconds": [60, 60, 5, 60]}, "row 3: seconds are not frames divided by fps"),
            ({"seconds": [60, 30, 30.4, 60]}, "row 3: seconds are not frames divided by fps"),
            ({"fps": [20, 20, float("nan"), 20]}, "row 3: fps is not a positive number"),
            ({"fps": [20, 0.001, 20, 20]}, "row 2: fps is not a frame rate from 1 to 10000"),
            ({"video": ["1", "1.0", "b", "c"]}, "row 2: the video is listed twice"),
            ({"first": ["", 0, 46, "x"]}, "row 4: first is not the number of a frame"),
        ],
    )
    def test_with_impossible_lengths_are_refused(self, changed, message):
        with pytest.raises(MerlabError, match=message):
            score_spotting(TRUTH, SPOTTED, videos=LENGTHS.assign(**changed))

    def test_whose_rates_contradict_the_stated_one_are_refused(self):
        with pytest.raises(MerlabError, match="row 1, .* fps is not the 100 of --fps"):
            score_spotting(TRUTH, SPOTTED, fps=100, videos=LENGTHS)

    def test_may_differ_by_a_percent_which_is_rounding(self):
        rounded = LENGTHS.assign(seconds=[60, 30, 30.2, 60])
        assert score_spotting(TRUTH, SPOTTED, fps=20.1, videos=rounded).minutes == pytest.approx(180.2 / 60)

    def test_that_end_before_their_true_events_do_are_refused(self):
        """A video of 600 frames at 20 frames/s: 606 may be rounding, 607 is a wrong frame rate."""
        truth = pd.DataFrame({"video": ["a", "b"], "onset": [1, 590], "offset": [10, 606]})
        assert score_spotting(truth, truth, videos=LENGTHS).tp == 2
        late = truth.assign(offset=[10, 607])
        message = "the true events, row 2: the event ends after its video does; correct the frame rate"
        with pytest.raises(MerlabError, match=message):
            score_spotting(late, truth, videos=LENGTHS)
        with pytest.raises(MerlabError, match=message):
            score_spotting(late, truth, fps=20, videos=LENGTHS.assign(seconds=30).drop(columns=["frames", "fps"]))
        assert score_spotting(late, truth, videos=LENGTHS.assign(seconds=30)[["video", "seconds"]]).tp == 2

    def test_may_begin_at_any_frame_if_this_is_known(self, tmp_path, monkeypatch):
        """Frames of SMIC are numbered by the camera: those of b from 559740."""
        truth = pd.DataFrame({"video": ["a", "b"], "onset": [1, 559800], "offset": [10, 559830]})
        score = partial(score_spotting, truth, truth)
        with pytest.raises(MerlabError, match="row 2: the event ends .* write the number of the first one into a col"):
            score(videos=LENGTHS)
        assert score(videos=LENGTHS.assign(first=["", 559740, 1, 1])).notes == ()
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "image559740.jpg").touch()
        LENGTHS.assign(source=["a.avi", "b", "c.avi", "d.avi"]).to_csv(tmp_path / "videos.csv", index=False)
        assert score(videos=tmp_path / "videos.csv").notes == ()
        # The list may be from Windows.
        on_windows = rf"{tmp_path.name}\b"
        LENGTHS.assign(source=["a.avi", on_windows, "c.avi", "d.avi"]).to_csv(tmp_path.parent / "v.csv", index=False)
        assert score(videos=tmp_path.parent / "v.csv").notes == ()
        # The current folder has other images of this name.
        (tmp_path / "here" / "b").mkdir(parents=True)
        (tmp_path / "here" / "b" / "image1.jpg").touch()
        monkeypatch.chdir(tmp_path / "here")
        assert score(videos=tmp_path / "videos.csv").notes == ()
        # The images are on another computer; their folder may have a dot in its name.
        for elsewhere in ("elsewhere/b", "elsewhere/b.take2"):
            notes = score(videos=LENGTHS.assign(source=["a.avi", elsewhere, "c.avi", "d.avi"])).notes
            assert sum("after the end of the video, such as 559830 in b" in note for note in notes) == 2

    def test_that_are_files_begin_with_frame_1_wherever_they_are(self):
        late = pd.DataFrame({"video": ["a"], "onset": [1], "offset": [1300]})
        with pytest.raises(MerlabError, match="the event ends after its video does"):
            score_spotting(late, late, videos=LENGTHS.assign(source="elsewhere/a.avi"))

    def test_that_end_before_their_events_do_are_noted(self):
        late = pd.DataFrame({"video": ["a"], "onset": [5990], "offset": [5999], "kind": ["micro"]})
        notes = score_spotting(TRUTH, late, videos=LENGTHS).notes
        assert any(
            "1 event after the end of the video, such as 5999 in a; check the frame rate" in each for each in notes
        )
        assert not any("after their video" in each for each in score_spotting(TRUTH, SPOTTED, videos=LENGTHS).notes)

    def test_that_begin_after_their_events_do_are_noted(self):
        """Tools that count frames from 0 are one frame off."""
        spotted = SPOTTED.assign(onset=[0, 101, 5])
        (note,) = [each for each in score_spotting(TRUTH, spotted, videos=LENGTHS).notes if "first frame" in each]
        assert note.startswith("the spotted events: 1 event before the first frame of the video, such as 0 in a; check")
        stated = LENGTHS.assign(first=[0, 1, 1, 1])
        assert not [each for each in score_spotting(TRUTH, spotted, videos=stated).notes if "first frame" in each]


def test_intervals_are_over_the_subjects_whose_videos_are_listed():
    """As if all videos of a subject were one; a video without a subject counts as one of its own."""
    columns, hits = dict.fromkeys(["emotion", "action_units"], "6"), {"a": 3, "b": 1, "c": 2, "d": 0, "e": 2}
    truth = pd.DataFrame([(video, 100 * n + 1, 100 * n + 50) for video in hits for n in range(3)], columns=COLUMNS[:3])
    found = pd.concat([truth[truth["video"] == video].head(count) for video, count in hits.items()])
    extra = pd.DataFrame([("a", 901, 950), ("c", 901, 950)], columns=COLUMNS[:3])
    truth, found = truth.assign(**columns), pd.concat([found, extra]).assign(**columns)
    listed = pd.DataFrame({"video": list("abcde"), "seconds": 60, "subject": ["1", "1", "2", "2", ""]})
    scores = score_spotting(truth, found, videos=listed)
    moved = {"b": 10_000, "d": 10_000}
    one, other = (
        table.assign(
            video=table["video"].replace({"b": "a", "d": "c"}),
            **{column: table[column] + table["video"].map(moved).fillna(0).astype(int) for column in COLUMNS[1:3]},
        )
        for table in (truth, found)
    )
    joined = score_spotting(one, other, videos=pd.DataFrame({"video": list("ace"), "seconds": [120, 120, 60]}))
    assert (scores.videos, scores.subjects, joined.subjects) == (5, 3, None)
    assert scores.f1_interval == joined.f1_interval != score_spotting(truth, found).f1_interval
    assert scores.false_alarms_interval == joined.false_alarms_interval
    assert scores.strs_interval == joined.strs_interval
    assert scores.recognition is not None
    assert joined.recognition is not None
    assert scores.recognition.intervals == joined.recognition.intervals
    assert scores.action_units == joined.action_units


def test_a_note_lists_the_videos_whose_subject_is_unknown_where_others_are_known():
    known, unknown = LENGTHS.assign(subject=["1", "1", "2", "2"]), LENGTHS.assign(subject="")
    notes = [
        [note for note in score_spotting(TRUTH, SPOTTED, videos=listed).notes if "no subject" in note]
        for listed in (known, unknown, LENGTHS.assign(subject=["1", "N/A", "2", "n/a"]))
    ]
    assert notes[:2] == [[], []]
    assert [note.partition(";")[0] for note in notes[2]] == ["the list of videos has no subject of 'b', 'd'"]


def test_the_spelling_of_a_listed_subject_is_checked():
    listed = LENGTHS.assign(subject=["s1", "S1", "s2", "n/a"])
    with pytest.raises(MerlabError, match="S1"):
        score_spotting(TRUTH, SPOTTED, videos=listed)
    assert score_spotting(TRUTH, SPOTTED, videos=LENGTHS.assign(subject="")).subjects is None


def test_an_interval_needs_two_videos_in_which_something_is_counted():
    """Videos b to d have no event: F1, accuracy and the share of right units come from video a alone."""
    columns = dict.fromkeys(["emotion", "action_units"], "6")
    truth = TRUTH.iloc[:1].assign(**columns)
    scores = score_spotting(truth, truth, videos=LENGTHS)
    assert scores.recognition is not None
    assert scores.action_units is not None
    (micro, macro, _) = scores.kinds
    for interval in (
        *(scores.f1_interval, micro.f1_interval, scores.strs_interval, scores.action_units.interval),
        *(scores.recognition.intervals.accuracy, scores.recognition.intervals.uf1),
    ):
        assert interval is None
    assert (macro.f1, macro.f1_interval) == (None, None)


def test_the_curve_over_iou_falls_and_has_the_main_score_at_a_half():
    """Of three true and four spotted events, two overlap wholly or by .8: 101..180 of 101..200."""
    scores = score_spotting(TRUTH, pd.concat([SPOTTED, SPOTTED.assign(video="d")[:1]]))
    assert [each.iou for each in scores.by_iou] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    hits = np.array([2, 2, 2, 2, 2, 2, 2, 2, 1])
    assert [(each.tp, each.fp, each.fn) for each in scores.by_iou] == [(n, 4 - n, 3 - n) for n in hits]
    assert [each.precision for each in scores.by_iou] == pytest.approx(hits / 4)
    assert [each.recall for each in scores.by_iou] == pytest.approx(hits / 3)
    assert [each.f1 for each in scores.by_iou] == pytest.approx(2 * hits / 7)
    assert scores.by_iou[4].f1 == scores.f1


def test_the_json_has_the_new_fields_only_where_they_are_known():
    plain = score_spotting(TRUTH.drop(columns="kind"), SPOTTED.drop(columns="kind")).to_json()
    assert not {"minutes", "false_alarms_per_minute", "kinds"} & set(plain)
    assert {"minutes", "kinds"} <= set(score_spotting(TRUTH, SPOTTED, videos=LENGTHS).to_json())
