"""Notes on the recordings of a comparison."""

from __future__ import annotations

from merlab.spotting.comparison.notes import gap_note, notes_on

FEW = {"a": 1, "b": 2, "c": 9, "d": 1, "e": 1}


def test_each_of_a_few_recordings_has_a_note_of_its_own():
    after = "; intervals that would span it are left out"
    times = ("a: time is missing 1 time", "b: time is missing 2 times")
    assert list(notes_on(FEW, gap_note))[:2] == [f"{each}{after}" for each in times]
    assert len(list(notes_on(FEW, gap_note))) == 5


def test_many_recordings_have_one_note_that_names_those_with_most():
    (note,) = notes_on({**FEW, "f": 3, "g": 1}, gap_note)
    assert note.startswith("7 recordings (c 9, f 3, b 2, a 1, d 1 and 2 more): time is missing 18 times; intervals")
