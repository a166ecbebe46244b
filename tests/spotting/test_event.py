"""Movements in a row are speech or chewing, and so are the long ones among them."""

from __future__ import annotations

from merlab.spotting.event import TOO_LARGE, SpottedEvent, without_parts, without_repeated

PAUSE = 50


def moved(onset, offset, *, kind="micro", why="", score=10.0):
    apex = (onset + offset) // 2
    return SpottedEvent(onset, apex, offset, apex, score, "mouth, left", kind=kind, why_other=why)


def kinds(events, clear, long=()):
    return [(event.kind, event.why_other) for event in without_repeated(events, clear, PAUSE, 3, long)]


REPEATED = ("other", "movement repeats")


class TestRows:
    def test_three_movements_with_pauses_of_up_to_half_a_second_repeat(self):
        row = [moved(0, 20), moved(70, 90), moved(140, 160)]
        assert kinds(row, row) == [REPEATED] * 3
        apart = [moved(0, 20), moved(71, 91), moved(142, 162)]
        assert kinds(apart, apart) == [("micro", "")] * 3

    def test_two_are_enough_beside_one_that_is_too_large(self):
        syllable, small = moved(0, 20, kind="other", why=TOO_LARGE), moved(40, 60)
        assert kinds([small], [syllable, small]) == [REPEATED]
        assert kinds([small], [moved(0, 20), small]) == [("micro", "")]

    def test_a_long_movement_among_them_counts_unless_a_brief_one_is_largest_in_it(self):
        long = moved(30, 110, kind="macro")
        assert kinds([long], [moved(0, 20), moved(120, 140)], [long]) == [REPEATED]
        # The rise of an expression is found as a brief movement as well: the two are one.
        assert kinds([long], [moved(40, 60), moved(120, 140)], [long]) == [("macro", "")]

    def test_a_long_movement_joins_what_it_separates(self):
        syllables = [moved(0, 20), moved(25, 45), moved(130, 150)]
        assert kinds(syllables, syllables) == [("micro", "")] * 3
        assert kinds(syllables, syllables, [moved(50, 125, kind="macro")]) == [REPEATED] * 3


class TestParts:
    def test_a_brief_movement_in_a_clearer_expression_is_a_step_of_it(self):
        brief, step = moved(40, 60), ("other", "part of a longer movement")
        for whole in (
            moved(0, 100, kind="macro", score=20),
            moved(0, 100, kind="other", why="movement repeats", score=20),
        ):
            assert [(event.kind, event.why_other) for event in without_parts([brief], [whole])] == [step]
        for whole in (moved(0, 100, kind="macro", score=5), moved(0, 100, kind="other", why=TOO_LARGE, score=20)):
            assert without_parts([brief], [whole]) == [brief]
