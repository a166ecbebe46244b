"""Movements in a row are speech or chewing, and so are the long ones among them."""

from __future__ import annotations

import pytest

from merlab.spotting.event import TOO_LARGE, SpottedEvent, without_parts, without_repeated

PAUSE = 50


def moved(onset, offset, *, kind="micro", why="", score=10.0):
    apex = (onset + offset) // 2
    return SpottedEvent(onset, apex, offset, apex, score, "mouth, left", kind=kind, why_other=why)


def kinds(events, clear, long=()):
    return [(event.kind, event.why_other) for event in without_repeated(events, clear, PAUSE, 3, long)]


REPEATED = ("other", "movement repeats")


class TestFrames:
    def test_a_movement_lasts_from_onset_to_offset(self):
        assert moved(101, 121).duration(fps=200) == 0.1

    def test_its_middle_is_where_it_is_more_than_half_way(self):
        assert SpottedEvent(10, 20, 40, 20, 10.0, "chin").middle == range(15, 31)

    @pytest.mark.parametrize(("other", "overlaps"), [((10, 20), True), ((11, 20), False), ((3, 4), True)])
    def test_movements_overlap_if_they_have_a_frame_in_common(self, other, overlaps):
        one, other = moved(1, 10), moved(*other)
        assert one.overlaps(other) is other.overlaps(one) is overlaps

    @pytest.mark.parametrize(
        ("other", "same"), [((1, 5), True), ((1, 4), False), ((4, 13), True), ((5, 14), False), ((30, 39), False)]
    )
    def test_movements_are_the_same_if_they_share_half_of_the_frames_of_both(self, other, same):
        """Of 1 to 10 and 4 to 13, 7 of 13 frames; of 1 to 10 and 5 to 14, 6 of 14."""
        one, other = moved(1, 10), moved(*other)
        assert one.is_same(other) is other.is_same(one) is same


class TestRows:
    def test_three_movements_with_pauses_of_up_to_half_a_second_repeat(self):
        row = [moved(0, 20), moved(70, 90), moved(140, 160)]
        assert kinds(row, row) == [REPEATED] * 3
        apart = [moved(0, 20), moved(71, 91), moved(142, 162)]
        assert kinds(apart, apart) == [("micro", "")] * 3

    def test_a_pause_begins_where_all_movements_before_have_ended(self):
        row = [moved(0, 200), moved(10, 30), moved(240, 260)]
        assert kinds(row, row) == [REPEATED] * 3

    def test_two_are_enough_beside_one_that_is_too_large(self):
        syllable, small = moved(0, 20, kind="other", why=TOO_LARGE), moved(40, 60)
        assert kinds([small], [syllable, small]) == [REPEATED]
        assert kinds([small], [moved(0, 20), small]) == [("micro", "")]

    def test_a_long_movement_among_them_counts_unless_a_brief_one_is_largest_in_it(self):
        long = moved(30, 110, kind="macro")
        assert kinds([long], [moved(0, 20), moved(120, 140)], [long]) == [REPEATED]
        # The rise of an expression is found as a brief movement as well: the two are one.
        for rise in (moved(20, 40), moved(40, 60), moved(100, 120)):
            assert kinds([long], [rise, moved(120, 140)], [long]) == [("macro", "")]

    def test_a_long_movement_joins_what_it_separates(self):
        syllables = [moved(0, 20), moved(25, 45), moved(130, 150)]
        assert kinds(syllables, syllables) == [("micro", "")] * 3
        assert kinds(syllables, syllables, [moved(50, 125, kind="macro")]) == [REPEATED] * 3


class TestParts:
    def test_a_brief_movement_in_a_clearer_expression_is_a_step_of_it(self):
        brief, step = moved(40, 60), ("other", "part of a longer movement")
        later = moved(300, 400, kind="macro", score=20)
        for whole in (
            moved(0, 100, kind="macro", score=20),
            moved(50, 100, kind="macro", score=20),
            moved(0, 50, kind="macro", score=20),
            moved(0, 100, kind="other", why="movement repeats", score=20),
        ):
            assert [(event.kind, event.why_other) for event in without_parts([brief], [whole, later])] == [step]
        for whole in (moved(0, 100, kind="macro", score=10), moved(0, 100, kind="other", why=TOO_LARGE, score=20)):
            assert without_parts([brief], [whole, later]) == [brief]
