"""Which spotted intervals hit which true ones, and the scores that follow."""

from __future__ import annotations

import json
import tracemalloc
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import ttest_1samp

from merlab.errors import MerlabError
from merlab.spotting.scoring import NO_EMOTION, SpottingScores, iou, match, matching, read_events, score_spotting
from merlab.spotting.scoring.hits import HitEvent
from merlab.spotting.scoring.matching import overlapping
from merlab.spotting.scoring.units import score_units


def events(*rows, columns=("onset", "offset"), video="a"):
    return pd.DataFrame(rows, columns=list(columns)).assign(video=video)


def recognition_of(truth, spotted, **options):
    scored = score_spotting(truth, spotted, **options).recognition
    assert scored is not None
    return scored


def test_scores_print_what_a_notebook_shows_of_them():
    printed = str(score_spotting(events((1, 10), (50, 60)), events((1, 10))))
    assert printed == "SpottingScores: F1 0.667, found 1 of 2 true events, 0 false alarms, 1 video"


@st.composite
def separate_intervals(draw):
    """Up to six intervals of whole frames, none of which overlap."""
    edges = sorted(draw(st.lists(st.integers(1, 200), min_size=0, max_size=12, unique=True)))
    return np.array(edges[: len(edges) // 2 * 2]).reshape(-1, 2)


class TestIntersectionOverUnion:
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ((1, 10), (1, 10), 1.0),
            ((1, 10), (6, 15), 5 / 15),
            ((1, 10), (1, 5), 0.5),
            ((1, 10), (11, 20), 0.0),
            ((7, 7), (7, 7), 1.0),
            ((1, 100), (41, 50), 0.1),
        ],
    )
    def test_counts_frames_with_both_ends(self, one, other, expected):
        assert iou([one], [other])[0, 0] == pytest.approx(expected)

    @given(separate_intervals(), separate_intervals())
    def test_is_symmetric_and_within_0_and_1(self, one, other):
        overlaps = iou(one, other)
        assert np.allclose(overlaps, iou(other, one).T)
        assert ((overlaps >= 0) & (overlaps <= 1)).all()

    @given(separate_intervals(), separate_intervals())
    def test_is_that_of_the_sets_of_frames(self, one, other):
        sets = [[set(range(first, last + 1)) for first, last in intervals.tolist()] for intervals in (one, other)]
        expected = [[len(a & b) / len(a | b) for b in sets[1]] for a in sets[0]]
        assert np.allclose(iou(one, other), np.reshape(expected, (len(one), len(other))))


class TestMatching:
    def test_half_is_enough_and_less_is_not(self):
        assert match([(1, 10)], [(1, 5)]) == [(0, 0)]
        assert match([(1, 11)], [(1, 5)]) == []

    def test_a_true_interval_is_hit_once_by_the_best(self):
        assert match([(1, 10)], [(1, 8), (1, 9)]) == [(0, 1)]

    def test_a_spotted_interval_hits_once(self):
        assert match([(1, 5), (6, 10)], [(1, 10)]) == [(0, 0)]

    @given(separate_intervals(), separate_intervals())
    def test_hits_as_many_as_the_optimal_assignment(self, truth, spotted):
        allowed = iou(truth, spotted) >= 0.5
        rows, columns = linear_sum_assignment(allowed, maximize=True)
        assert len(match(truth, spotted)) == allowed[rows, columns].sum()

    @given(separate_intervals(), separate_intervals())
    def test_uses_no_interval_twice(self, truth, spotted):
        hits = match(truth, spotted)
        assert len({row for row, _ in hits}) == len({column for _, column in hits}) == len(hits)

    def test_of_equal_intervals_the_first_rows_hit(self):
        hits = match([(1, 10), (1, 10), (1, 8)], [(1, 8), (1, 10), (1, 10)])
        assert sorted(hits) == [(0, 1), (1, 2), (2, 0)]

    @pytest.mark.parametrize(("halves", "hit"), [([(1, 5), (6, 10)], 0), ([(6, 10), (1, 5)], 1)])
    def test_of_two_halves_the_earlier_one_hits_in_whatever_order_the_rows_are(self, halves, hit):
        assert match([(1, 10)], halves) == [(0, hit)]
        assert match(halves, [(1, 10)]) == [(hit, 0)]

    def test_of_two_faces_in_the_same_frames_the_first_hits_in_whatever_order_the_rows_are(self):
        truth = events((1, 10, "joy"), columns=("onset", "offset", "emotion"))
        faces = events(("0", 1, 10, "joy"), ("1", 1, 10, "fear"), columns=("face_id", "onset", "offset", "emotion"))
        assert [recognition_of(truth, rows).accuracy for rows in (faces, faces[::-1])] == [1.0, 1.0]

    def test_of_large_tables_only_pairs_that_overlap_are_held(self, monkeypatch):
        """What a block of rows is compared with is what may overlap it: 6000 x 6000 pairs would take 2 GB."""
        compared: list[int] = []

        def counting(one, other):
            compared.append(len(one) * len(other))
            return iou(one, other)

        monkeypatch.setattr(matching, "iou", counting)
        onsets = np.random.default_rng(0).permutation(6000) * 10
        truth = np.stack([onsets, onsets + 7], axis=1)
        hits = match(truth, truth[::-1])
        assert sorted(hits) == [(row, 5999 - row) for row in range(6000)]
        assert max(compared) < 256 * 300

    def test_blocks_of_rows_give_the_pairs_of_all_rows(self):
        rng = np.random.default_rng(0)
        onsets, others = rng.integers(0, 3000, (600, 1)), rng.integers(0, 3000, (50, 1))
        truth = np.hstack([onsets, onsets + rng.integers(0, 60, (600, 1))])
        spotted = np.hstack([others, others + rng.integers(0, 900, (50, 1))])
        pairs = overlapping(truth, spotted)
        found = np.zeros((600, 50))
        found[pairs.truth, pairs.spotted] = pairs.iou
        assert np.array_equal(found, iou(truth, spotted))
        assert len(pairs.iou) == np.count_nonzero(found)


class TestScore:
    TRUTH = pd.concat([events((1, 10), (101, 120)), events((1, 10), video="b")])
    SPOTTED = pd.concat([events((1, 9), (50, 60)), events((2, 10), (101, 120), video="b"), events((5, 9), video="c")])

    def test_counts_are_pooled_over_videos_and_no_video_is_left_out(self):
        """Hits: a 1..9 and b 2..10. Wrong: a 50..60, b 101..120 (true only in a), c 5..9. Missed: a 101..120."""
        result = score_spotting(self.TRUTH, self.SPOTTED)
        assert (result.tp, result.fp, result.fn, result.videos) == (2, 3, 1, 3)
        assert result.precision == pytest.approx(2 / 5)
        assert result.recall == pytest.approx(2 / 3)
        assert result.f1 == pytest.approx(4 / 8)
        assert result.apex_error is None
        assert result.strs is None

    @given(separate_intervals())
    @settings(max_examples=30)
    def test_the_truth_itself_scores_1(self, truth):
        table = events(*truth.tolist())
        result = score_spotting(table, table)
        assert result.f1 == (1.0 if len(truth) else None)

    @given(separate_intervals(), separate_intervals())
    @settings(max_examples=30)
    def test_swapping_the_tables_swaps_precision_and_recall(self, truth, spotted):
        forth = score_spotting(events(*truth.tolist()), events(*spotted.tolist()))
        back = score_spotting(events(*spotted.tolist()), events(*truth.tolist()))
        assert (forth.precision, forth.recall, forth.f1) == (back.recall, back.precision, back.f1)

    def test_apex_error_is_taken_over_hits_in_frames_and_ms(self):
        """Of the three hits, 4, 1 and 3 frames of 5 ms."""
        columns = ("onset", "apex", "offset")
        truth = events((1, 5, 10), (101, 110, 120), (201, 205, 210), columns=columns)
        spotted = events((1, 9, 10), (101, 109, 120), (201, 208, 210), (301, 399, 400), columns=columns)
        error = score_spotting(truth, spotted, fps=200.0).apex_error
        assert error is not None
        assert (error.median_frames, error.mean_frames) == pytest.approx((3, 8 / 3))
        assert (error.median_ms, error.mean_ms) == pytest.approx((15, 40 / 3))

    def test_apex_error_in_ms_is_by_the_rate_of_each_video(self):
        """Four frames are 20 ms at 200 frames/s, and 133.3 ms at 30."""
        truth = pd.DataFrame({"video": ["a", "b"], "onset": [1, 1], "apex": [5, 5], "offset": [10, 10]})
        lengths = pd.DataFrame({"video": ["a", "b"], "frames": [400, 300], "fps": [200, 30]})
        error = score_spotting(truth, truth.assign(apex=9), videos=lengths).apex_error
        assert error is not None
        assert (error.median_frames, error.mean_frames) == (4, 4)
        assert (error.median_ms, error.mean_ms) == pytest.approx((76.667, 76.667), abs=1e-3)
        unknown = lengths.assign(seconds=lengths["frames"] / lengths["fps"])[["video", "seconds"]]
        error = score_spotting(truth, truth.assign(apex=9), videos=unknown).apex_error
        assert error is not None
        assert error.median_ms is None

    def test_strs_is_f1_of_spotting_times_f1_of_recognition_over_the_hits(self):
        """3 hits, 1 wrong, 1 missed: F1 6/8. Recognized a/a a/b b/b: macro precision and recall are both 3/4."""
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "a"), (21, 30, "a"), (41, 50, "b"), (61, 70, "b"), columns=columns)
        spotted = events((1, 10, "a"), (21, 30, "b"), (41, 50, "b"), (81, 90, "a"), columns=columns)
        result, recognition = score_spotting(truth, spotted), recognition_of(truth, spotted)
        assert result.f1 == pytest.approx(6 / 8)
        assert (recognition.n, recognition.abstained) == (3, 0)
        assert recognition.confusion == ((1, 1), (0, 1))
        assert recognition.f1 == pytest.approx(3 / 4)
        assert recognition.uf1 == pytest.approx(2 / 3)
        assert result.strs == pytest.approx(6 / 8 * 3 / 4)

    def test_an_event_without_a_recognized_class_counts_as_wrong_but_not_as_a_class(self):
        """3 hits: a/a, a/none, b/b. Recall 1/2 and 1, precision 1 and 1."""
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "a"), (21, 30, "a"), (41, 50, "b"), columns=columns)
        spotted = events((1, 10, "a"), (21, 30, NO_EMOTION), (41, 50, "b"), columns=columns)
        recognition = recognition_of(truth, spotted)
        assert recognition.classes == ("a", "b")
        assert (recognition.n, recognition.abstained) == (3, 1)
        assert recognition.uar == pytest.approx(3 / 4)
        assert recognition.f1 == pytest.approx(2 * 1 * 0.75 / 1.75)

    def test_a_scheme_gives_true_emotions_classes_and_events_outside_it_are_only_spotted(self):
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "Happiness"), (21, 30, "disgust"), (41, 50, "others"), columns=columns)
        spotted = events((1, 10, "positive"), (21, 30, "positive"), (41, 50, "surprise"), columns=columns)
        assert score_spotting(truth, spotted, scheme="megc2019").tp == 3
        recognition = recognition_of(truth, spotted, scheme="megc2019")
        assert recognition.n == 2
        assert recognition.classes == ("negative", "positive")
        assert recognition.accuracy == 0.5
        own = {"happiness": "positive", "disgust": "positive"}
        assert recognition_of(truth, spotted, scheme=own | {"others": "other"}).accuracy == pytest.approx(2 / 3)
        with pytest.raises(MerlabError, match="no column emotion"):
            score_spotting(events((1, 10)), spotted, scheme="megc2019")

    def test_intervals_come_from_resampling_videos_and_one_video_has_none(self):
        """Video a is all right, b all missed: two videos that differ say nothing."""
        truth = pd.concat([events((1, 10)), events((1, 10), video="b")])
        assert score_spotting(truth, events((1, 10))).f1_interval == (0.0, 1.0)
        assert score_spotting(events((1, 10)), events((1, 10))).f1_interval is None
        # Two of two are right: Clopper and Pearson.
        assert score_spotting(truth, truth).f1_interval == pytest.approx((0.025**0.5, 1))

    def test_two_videos_that_are_alike_by_chance_say_little(self):
        """In each, one of two spotted events is right: F1 2/3. Two of two leave room for a share of .842 of others."""
        truth = pd.concat([events((1, 10)), events((1, 10), video="b")])
        found = pd.concat([events((1, 10), (30, 39)), events((1, 10), (30, 39), video="b")])
        others = 1 - 0.025**0.5
        assert score_spotting(truth, found).f1_interval == pytest.approx((2 / 3 * (1 - others), 2 / 3 + others / 3))

    def test_recognition_comes_with_two_guesses_of_the_class(self):
        """Hits a, a, b; the most frequent true class is a: as a guess it is right in 2 of 3, with F1 4/5 and 0."""
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "a"), (21, 30, "a"), (41, 50, "b"), (61, 70, "a"), columns=columns)
        spotted = events((1, 10, "b"), (21, 30, "a"), (41, 50, "b"), columns=columns)
        result = score_spotting(truth, spotted)
        assert result.recognition is not None
        assert result.strs_baselines is not None
        constant, random = result.recognition.baselines.constant, result.recognition.baselines.random
        assert constant.accuracy == pytest.approx(2 / 3)
        assert constant.uf1 == pytest.approx((4 / 5 + 0) / 2)
        assert result.strs_baselines.constant == pytest.approx(6 / 7 * constant.f1)
        assert random.accuracy == pytest.approx(1 / 2, abs=0.05)

    def test_a_random_guess_among_three_classes_is_right_in_a_third(self):
        columns = ("onset", "offset", "emotion")
        truth = events(*((30 * at, 30 * at + 9, "abc"[at % 3]) for at in range(60)), columns=columns)
        assert recognition_of(truth, truth).baselines.random.uar == pytest.approx(1 / 3, abs=0.01)

    def test_tables_of_other_videos_are_refused(self):
        with pytest.raises(
            MerlabError, match="no video occurs in both tables: .*events are 'a', .*events are 'b'; use"
        ):
            score_spotting(events((1, 10)), events((1, 10), video="b"))
        with pytest.raises(MerlabError, match=r"those of the true events are not stated \(no column video\), those of"):
            score_spotting(events((1, 10)).drop(columns="video"), events((1, 10)))

    def test_a_class_that_no_hit_truly_has_is_noted_and_one_that_is_abstained_is_not(self):
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "a"), (31, 40, "b"), (61, 70, "c"), columns=columns)
        spotted = events((1, 10, "a"), (31, 40, None), (101, 110, "b"), columns=columns)
        result = score_spotting(truth, spotted)
        assert result.recognition is not None
        assert result.recognition.classes == ("a", "b", "c")
        assert result.notes == ("no hit has the true class c; it counts as 0 in the means over classes",)

    def test_an_event_without_a_class_is_not_said_to_be_misspelled(self):
        columns = ("onset", "offset", "emotion")
        truth = events(*((20 * at + 1, 20 * at + 10, "ab"[at % 2]) for at in range(6)), columns=columns)
        spotted = truth.assign(emotion=["a", None, "a", "b", "a", "bored"])
        (note,) = [each for each in score_spotting(truth, spotted).notes if "check its spelling" in each]
        assert "emotion has 'bored' only here" in note

    def test_where_nothing_is_recognized_classes_are_not_said_to_be_others(self):
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "a"), (31, 40, "b"), columns=columns)
        spotted = truth.assign(emotion=NO_EMOTION)
        assert recognition_of(truth, spotted).abstained == 2
        assert not [note for note in score_spotting(truth, spotted).notes if "recognized classes" in note]

    def test_without_a_hit_nothing_is_recognized(self):
        truth, spotted = (events((first, first + 9, "a"), columns=("onset", "offset", "emotion")) for first in (1, 101))
        scores = score_spotting(truth, spotted)
        assert (scores.f1, scores.recognition, scores.strs) == (0, None, None)

    def test_names_of_macos_are_those_that_are_typed(self):
        typed, stored = (unicodedata.normalize(form, "zoé.mp4") for form in ("NFC", "NFD"))
        lengths = pd.DataFrame({"video": [stored], "seconds": [10]})
        assert score_spotting(events((1, 10), video=typed), events((1, 10), video=stored), videos=lengths).tp == 1

    def test_several_faces_are_noted_because_they_are_not_compared(self):
        columns = ("onset", "offset", "face_id")
        faces = events((1, 10, "0"), (31, 40, "1"), columns=columns)
        (note,) = score_spotting(events((1, 10)), faces).notes
        assert note.startswith("the spotted events: several faces move in 'a'; faces are not compared, so a movement")
        assert score_spotting(events((1, 10)), faces[faces["face_id"] == "0"]).notes == ()

    def test_emotions_beside_classes_are_noted_with_the_remedy(self):
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "happiness"), (31, 40, "others"), columns=columns)
        spotted = events((1, 10, "positive"), (31, 40, None), columns=columns)
        assert score_spotting(truth, spotted).notes == (
            "the true events have happiness, others, and not what was recognized: positive; --scheme maps emotions "
            "to classes",
        )
        assert score_spotting(truth, spotted, scheme="megc2019").notes == ()

    def test_emotions_are_noted_also_where_one_of_them_is_the_name_of_a_class(self):
        columns = ("onset", "offset", "emotion")
        truth = events((1, 10, "happiness"), (31, 40, "surprise"), columns=columns)
        spotted = events((1, 10, "positive"), (31, 40, "surprise"), columns=columns)
        (note,) = score_spotting(truth, spotted).notes
        assert "have happiness, surprise, and not what was recognized: positive; --scheme maps" in note
        assert score_spotting(truth, spotted, scheme="megc2019").notes == ()
        classes = events((1, 10, "negative"), (31, 40, "positive"), columns=columns)
        others = events((1, 10, "negative"), (31, 40, "surprise"), columns=columns)
        assert score_spotting(classes, others).notes == (
            "no hit has the true class surprise; it counts as 0 in the means over classes",
        )

    def test_videos_that_only_one_table_has_are_noted(self):
        spotted = pd.concat([events((1, 10)), events((1, 10), video="b")])
        result = score_spotting(events((1, 10)), spotted)
        assert (result.tp, result.fp) == (1, 1)
        assert result.notes == ("the spotted events: without true events, so that all spotted ones are wrong: 'b'",)
        result = score_spotting(spotted, events((1, 10)))
        assert (result.tp, result.fn) == (1, 1)
        assert result.notes == ("the true events: without spotted events, so that all true ones are missed: 'b'",)

    def test_a_misspelled_video_is_noted(self):
        true = pd.concat([events((1, 10), video=name) for name in ("film", "clip")])
        spotted = pd.concat([events((1, 10), video=name) for name in ("filn", "clip")])
        wrong, missed, spelling = score_spotting(true, spotted).notes
        assert "without true events" in wrong
        assert "without spotted events" in missed
        assert "'film' (the true events) and 'filn' (the spotted events), which differ by one letter" in spelling

    def test_recordings_of_both_tables_may_differ_by_a_letter(self):
        both = pd.concat([events((1, 10), video=name) for name in ("talk-a", "talk-b")])
        assert score_spotting(both, both).notes == ()
        listed = pd.DataFrame({"video": ["talk-a", "talk-b"], "seconds": [9, 9]})
        one, other = events((1, 10), video="talk-a"), events((1, 10), video="talk-b")
        (alone,) = score_spotting(one, other, videos=listed).notes
        assert "without true events" in alone

    @pytest.mark.parametrize("fps", [0, -1, 0.001, 1e5, float("nan"), float("inf")])
    def test_a_frame_rate_must_be_one_that_a_camera_has(self, fps):
        with pytest.raises(MerlabError, match="is not a frame rate"):
            score_spotting(events((1, 10)), events((1, 10)), fps=fps)


class TestJson:
    COLUMNS = ("onset", "apex", "offset", "emotion", "action_units")
    TABLE = events((1, 5, 10, "a", "4"), (21, 25, 30, "b", "12"), columns=COLUMNS)

    def test_scores_are_read_back_as_they_were(self):
        scores = score_spotting(self.TABLE, self.TABLE, fps=200)
        assert SpottingScores.model_validate(json.loads(json.dumps(scores.to_json()))) == scores

    def test_the_guesses_are_under_the_keys_of_the_first_release(self):
        content = score_spotting(self.TABLE, self.TABLE).to_json()
        for entry in (content["recognition"]["floors"], content["action_units"]["floors"], content["strs_floors"]):
            assert set(entry) == {"constant", "random"}


class TestActionUnits:
    COLUMNS = ("onset", "offset", "action_units")
    TRUTH = events((1, 10, "L12+6"), (21, 30, "4"), (41, 50, "1+2"), (61, 70, "4"), columns=COLUMNS)

    @pytest.mark.parametrize(
        ("listed", "is_noted"),
        [("AU12 left 1.90 px; AU4 0.72", False), ("", False), ("99+12", True), ("smile", True)],
    )
    def test_texts_that_are_no_units_of_facs_are_noted(self, listed, is_noted):
        spotted = self.TRUTH.assign(action_units=["12", listed, "1", "4"])
        notes = score_spotting(self.TRUTH, spotted).notes
        assert any(f"row 2: action_units has {listed!r}, which is not only" in note for note in notes) is is_noted

    def units(self, *listed):
        rows = [(onset, onset + 9, units) for onset, units in zip((1, 21, 41, 61), listed, strict=False)]
        scored = score_spotting(self.TRUTH, events(*rows, columns=self.COLUMNS)).action_units
        assert scored is not None
        return scored

    def test_an_emotion_that_can_only_be_units_is_noted(self):
        """A number may be a class."""
        true = pd.DataFrame({"video": ["a", "a"], "onset": [1, 50], "offset": [9, 59], "emotion": ["4", "6+12"]})
        notes = score_spotting(true, true).notes
        assert (
            sum("row 2: emotion has '6+12', which counts as a class; write action units" in note for note in notes) == 2
        )
        assert score_spotting(true[:1], true[:1]).notes == ()

    def test_the_first_listed_unit_counts_whatever_its_side(self):
        scored = self.units("AU12 right 1.90; AU4 0.72", "AU7 0.40; AU4 0.41", "", "AU4 1.00")
        assert (scored.n, scored.named, scored.first_right) == (4, 3, 2 / 4)

    @pytest.mark.parametrize("text", ["4+7", "4, 7", "AU4, AU7", "4 7", "4/7", "AU4 0.9; AU7 0.5", "7B+R4", "7.0;4.0"])
    def test_units_are_found_however_they_are_separated(self, text):
        truth = events((1, 10, text), (21, 30, text), (41, 50, text), columns=self.COLUMNS)
        listed = events((1, 10, "AU4 left 1.07 px"), (21, 30, "AU7 1.04"), (41, 50, "AU1 7.04"), columns=self.COLUMNS)
        scored = score_spotting(truth, listed).action_units
        assert scored is not None
        assert scored.first_right == 2 / 3

    def test_words_are_no_units(self):
        truth = events((1, 10, "smile"), columns=self.COLUMNS)
        assert score_spotting(truth, self.TRUTH).action_units is None

    def test_it_comes_with_a_constant_guess_and_the_units_of_other_hits(self):
        """AU4 is in 2 of 4 hits. Listed 12, 4, 1, 4: of 12 pairs of different hits, only the two 4s match."""
        scored = self.units("AU12 1.90", "AU4 0.41", "AU1 0.9", "AU4 1.00")
        assert scored.first_right == 1
        assert scored.baselines.model_dump() == {"constant": 2 / 4, "random": 2 / 12}

    def test_a_unit_of_both_sides_is_one_in_the_guesses(self):
        truth = events((1, 10, "L4+R4"), (21, 30, "12"), columns=self.COLUMNS)
        listed = events((1, 10, "AU4 0.9"), (21, 30, "AU12 0.9"), columns=self.COLUMNS)
        scored = score_spotting(truth, listed).action_units
        assert scored is not None
        assert scored.baselines.model_dump() == {"constant": 1 / 2, "random": 0}

    def test_the_interval_of_one_hit_per_video_is_that_of_students_t(self):
        right = np.arange(10) < 6
        hits = [
            HitEvent(at, {"action_units": "4"}, {"action_units": "4" if hit else "7"}) for at, hit in enumerate(right)
        ]
        scored = score_units(hits, np.arange(10))
        assert scored is not None
        low, high = ttest_1samp(right, 0).confidence_interval()
        assert scored.interval == pytest.approx((low, high), abs=0.05 * (high - low))

    def test_memory_grows_with_the_hits_and_not_with_their_square(self):
        rows = [{"action_units": "AU4 0.9" if number % 4 else "AU1 0.9"} for number in range(1000)]
        hits = [HitEvent(0, {"action_units": "4"}, row) for row in rows]
        tracemalloc.start()
        try:
            scored = score_units(hits, np.zeros(1, np.int64))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert scored is not None
        assert scored.baselines.random == 0.75
        assert most < 1000 * len(hits)

    def test_there_is_no_score_if_either_table_lacks_the_column(self):
        unlabeled = self.TRUTH.drop(columns="action_units")
        assert score_spotting(self.TRUTH, unlabeled).action_units is None
        assert score_spotting(unlabeled, self.TRUTH).action_units is None


class TestReading:
    def test_a_folder_in_the_place_of_a_table_is_told_with_its_tables(self, tmp_path):
        (tmp_path / "events.csv").touch()
        with pytest.raises(MerlabError, match=r"is a folder; give a table file in it: it holds .*events\.csv"):
            score_spotting(tmp_path, events((1, 10)))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "events.csv is empty"),
            (
                "start,stop\n1,2\n",
                "no column onset and no column offset, .* not enough; its columns are start",
            ),
            ("onset,offset\n1,5\n9,2\n", "line 3: onset is after offset"),
            ("video,onset,offset\nv,9,5\n", "line 2: onset is after offset"),
            ("video,onset,offset\nv,x,9,5\n", "line 2 has 4 cells but the line of column names has 3"),
            ("onset,offset\n1,\n", r"line 2: offset is not the whole number of a frame \(empty\)"),
            ("onset,offset\n1,x\n", r"line 2: offset is not the whole number of a frame \(x\)"),
            ("onset,offset\n0.5,1.2\n", "line 2: onset is not the whole number .*multiply seconds by the frame rate"),
            ("onset,offset\n-3,4\n", "onset is not the whole number"),
            ("onset,offset\nnan,4\n", "onset is not the whole number"),
            ("onset,offset\n1,inf\n", "offset is not the whole number"),
            ("onset,offset\n1,1e308\n", "offset is not the whole number"),
            ("onset,apex,offset\n1,top,9\n", r"apex is not the whole number of a frame \(top\)"),
            ("onset,apex,offset\n1,0,9\n", "line 2: apex is outside of onset to offset; .*leave it empty"),
            ("video,onset,offset\n,1,2\n", "line 2: video is empty"),
            ("video,onset,offset\nv,1,2\nv,1,2\n", "line 3: the event occurs twice"),
            ("video,onset,offset\nv,1,2\nv,1.0,2\n", "line 3: the event occurs twice"),
            ("video,onset,offset\n1,1,2\n1.0,1,2\n", "line 3: the event occurs twice"),
            ("onset,offset,emotion\n1,2,joy\n1,2,fear\n", "line 3: the event occurs twice"),
            ("onset,apex,offset\n1,,3\n1,2,3\n", "line 3: the event occurs twice"),
            ("event,face,onset,offset\n1,0,1,2\n2,0.0,1,2\n", "line 3: the event occurs twice"),
            ("onset,offset,kind\n1,2,me\n1,2,Micro\n", "line 3: the event occurs twice"),
            ("video,onset,offset\nv,1,2\nV,8,9\n", r"video has 'V' \(line 3\) and 'v' \(line 2\)"),
            ("onset,offset,class\n1,2,a\n8,9,A\n", "emotion has 'A' .* and 'a'"),
        ],
    )
    def test_the_message_names_what_is_wrong_with_a_table(self, tmp_path, content, words):
        (tmp_path / "events.csv").write_text(content)
        with pytest.raises(MerlabError, match=words):
            read_events(tmp_path / "events.csv")

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(MerlabError, match="does not exist"):
            read_events(tmp_path / "events.csv")

    def test_rows_without_a_video_belong_to_one(self, tmp_path):
        (tmp_path / "events.csv").write_text("onset,offset\n1,5\n9,12\n")
        table = read_events(tmp_path / "events.csv")
        assert score_spotting(table, table).tp == 2

    def test_the_classes_of_recognize_are_read_as_emotions(self, tmp_path):
        (tmp_path / "events.csv").write_text("onset,offset,class\n1,5,positive\n9,12,\n")
        assert read_events(tmp_path / "events.csv")["emotion"].tolist() == ["positive", NO_EMOTION]

    def test_a_data_frame_is_read_like_the_file_of_its_rows(self, tmp_path):
        rows = [(7, 1, 5, "positive", "AU4"), (7, 9, 12, "", ""), (8, 20, 30, None, None)]
        table = pd.DataFrame(rows, columns=["video", "onset", "offset", "class", "action_units"], index=[5, 6, 7])
        table.to_csv(tmp_path / "events.csv", index=False)
        pd.testing.assert_frame_equal(read_events(table), read_events(tmp_path / "events.csv"), check_dtype=False)
        pd.testing.assert_frame_equal(read_events(read_events(table)), read_events(table))
        with pytest.raises(MerlabError, match="the table of events, row 2: onset is after offset"):
            read_events(table.assign(offset=[5, 1, 30]))

    def test_events_may_come_in_several_tables_with_and_without_classes(self, tmp_path):
        events((1, 10), video="a").to_csv(tmp_path / "a.csv", index=False)
        other = events((1, 10, "x"), columns=("onset", "offset", "emotion"), video="b")
        both = read_events([str(tmp_path / "a.csv"), other])
        assert both[["video", "emotion"]].to_numpy().tolist() == [["a", NO_EMOTION], ["b", "x"]]
        assert score_spotting([other, events((1, 10))], both).tp == 2
        with pytest.raises(MerlabError, match="no table"):
            read_events([])

    def test_several_tables_without_a_column_video_could_be_of_different_videos(self):
        with pytest.raises(MerlabError, match="no column video; with several tables"):
            read_events([events((1, 10)).drop(columns="video"), events((20, 30)).drop(columns="video")])

    def test_a_table_that_is_given_twice_is_refused(self, tmp_path):
        events((1, 10)).to_csv(tmp_path / "a.csv", index=False)
        with pytest.raises(MerlabError, match=r"a.csv, line 2: the event occurs twice"):
            read_events([tmp_path / "a.csv", tmp_path / "a.csv"])

    def test_videos_of_one_name_in_two_folders_are_not_scored_as_one_video(self, tmp_path):
        for person, frames in (("anna", (1, 10)), ("ben", (21, 30))):
            (tmp_path / person).mkdir()
            events(frames, video="01.mp4").to_csv(tmp_path / person / "events.csv", index=False)
        both = [tmp_path / person / "events.csv" for person in ("anna", "ben")]
        with pytest.raises(
            MerlabError,
            match=r"anna.events.csv and .*ben.events.csv: two tables have videos of one name .'01.mp4'.* one folder",
        ):
            score_spotting(events((1, 10), video="01.mp4"), both)

    def test_weak_candidates_are_scored_together_with_the_events_beside_them(self, tmp_path):
        events((1, 10), video="01.mp4").to_csv(tmp_path / "events.csv", index=False)
        events((21, 30), video="01.mp4").to_csv(tmp_path / "weak.csv", index=False)
        truth = events((1, 10), (21, 30), video="01.mp4")
        scores = score_spotting(truth, [tmp_path / "events.csv", tmp_path / "weak.csv"])
        assert scores.tp == 2
        assert (
            "weak.csv: two tables have videos of one name ('01.mp4'), which are scored as one video" in scores.notes[0]
        )

    def test_a_video_in_two_dataframes_is_noted(self):
        scores = score_spotting(events((1, 10), (21, 30)), [events((1, 10)), events((21, 30))])
        assert scores.tp == 2
        assert scores.notes == (
            "the spotted events: two tables have videos of one name ('a'), which are scored as one video",
        )

    def test_one_interval_may_have_an_event_of_each_kind(self, tmp_path):
        (tmp_path / "events.csv").write_text("onset,offset,kind\n1,2,micro\n1,2,macro\n")
        assert len(read_events(tmp_path / "events.csv")) == 2

    def test_two_faces_may_move_in_the_same_frames(self):
        table = events((1, 10), (1, 10)).assign(face_id=[1, 2])
        assert score_spotting(table, table).tp == 2

    @pytest.mark.parametrize("unknown", ["", "NA", "nan", "#REF!", "#WERT!", "Err:502"])
    def test_an_unknown_emotion_is_none(self, tmp_path, unknown):
        (tmp_path / "events.csv").write_text(f"onset,offset,emotion\n1,10,joy\n21,30,{unknown}\n")
        assert read_events(tmp_path / "events.csv")["emotion"].tolist() == ["joy", "(none)"]

    @pytest.mark.parametrize("unknown", ["", "NA", "nan", "/", "-", "#REF!", "#WERT!", "Err:502"])
    def test_an_unknown_apex_is_not_scored(self, tmp_path, unknown):
        (tmp_path / "events.csv").write_text(f"onset,apex,offset\n1,5,10\n21,{unknown},30\n")
        table = read_events(tmp_path / "events.csv")
        assert np.isnan(table["apex"].tolist()).tolist() == [False, True]
        error = score_spotting(table, table).apex_error
        assert error is not None
        assert error.mean_frames == 0

    @pytest.mark.parametrize(("encoding", "delimiter"), [("utf-16", "\t"), ("utf-8-sig", ";"), ("gbk", ",")])
    @pytest.mark.filterwarnings("ignore:.*another encoding:UserWarning")
    def test_delimiters_and_encodings_are_recognized(self, tmp_path, encoding, delimiter):
        lines = [("video", "onset", "offset"), ("录像", "1", "10"), ("录像", "21.0", "30")]
        (tmp_path / "events.csv").write_text("\n".join(map(delimiter.join, lines)), encoding=encoding)
        assert read_events(tmp_path / "events.csv").to_numpy().tolist() == [["录像", 1, 10], ["录像", 21, 30]]


class TestBothTables:
    COLUMNS = ("onset", "offset", "emotion")

    @pytest.mark.parametrize("other", ["A", "a b"])
    def test_names_of_videos_that_are_nearly_the_same_are_refused(self, other):
        true = pd.concat([events((1, 10)), events((1, 10), video="ab")])
        found = pd.concat([events((1, 10)), events((1, 10), video=other)])
        with pytest.raises(MerlabError, match=f"video has '{other}' .*row 2\\) and"):
            score_spotting(true, found)

    def test_emotions_that_differ_by_case_are_refused(self):
        true, found = (events((1, 10, label), columns=self.COLUMNS) for label in ("Happy", "happy"))
        with pytest.raises(MerlabError, match="emotion has 'Happy' .the true events, row 1. and 'happy'"):
            score_spotting(true, found)
        assert recognition_of(true, found, scheme={"happy": "happy", "sad": "sad"}).accuracy == 1

    @pytest.mark.parametrize("of_truth", [True, False])
    def test_without_emotions_in_one_table_nothing_is_recognized(self, of_truth):
        with_emotion, without = events((1, 10, "happy"), columns=self.COLUMNS), events((1, 10))
        scores = score_spotting(*((with_emotion, without) if of_truth else (without, with_emotion)))
        assert (scores.tp, scores.recognition, scores.strs, scores.notes) == (1, None, None, ())

    def test_numbers_and_blanks_are_repaired_and_noted(self):
        true = events((1, 10, "1"), (21, 30, "0"), columns=self.COLUMNS, video="7")
        found = events((1, 10, 1.0), (21, 30, "0 "), columns=self.COLUMNS, video=7.0)
        result = score_spotting(true, found)
        assert result.model_copy(update={"notes": ()}) == score_spotting(true, true)
        assert len(result.notes) == 3
        assert result.to_json()["notes"] == list(result.notes)
        assert "notes" not in score_spotting(true, true).to_json()

    def test_a_scheme_that_fits_no_emotion_is_noted(self):
        true = events((1, 10, "positive"), columns=self.COLUMNS)
        (note,) = score_spotting(true, true, scheme={"joy": "positive", "fear": "negative"}).notes
        assert "no emotion is in scheme" in note

    def test_an_empty_table_is_a_video_without_events(self, tmp_path):
        (tmp_path / "events.csv").write_text("video,onset,apex,offset\n")
        result = score_spotting(events((1, 10)), read_events(tmp_path / "events.csv"))
        assert (result.tp, result.fn, result.precision, result.recall) == (0, 1, None, 0.0)
