"""Stamps and their meanings."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from merlab.stamps import all_stamps, short_stamp, stamp_notes, stamps_of_recordings


@dataclass(frozen=True)
class Measured:
    method: str
    stamps: tuple[str, ...]


MEASURED = [
    Measured("linear-svm", ("SYNTHETIC",)),
    Measured("ststnet", ("SYNTHETIC", "LEAKY: epoch picked on the test subject")),
]


def test_every_stamp_appears_once_in_order():
    assert all_stamps(MEASURED) == ["SYNTHETIC", "LEAKY: epoch picked on the test subject"]


def test_all_stamps_are_in_the_order_in_which_each_method_has_them():
    measured = [
        Measured("random", ("SYNTHETIC", "1 SEED")),
        Measured("ststnet", ("SYNTHETIC", "REDUCED", "1 SEED")),
        Measured("rcn-a", ("SYNTHETIC", "START", "LEAKY: epoch picked on the test subject", "1 SEED")),
    ]
    merged = all_stamps(measured)
    assert sorted(merged) == sorted({stamp for method in measured for stamp in method.stamps})
    for method in measured:
        assert [stamp for stamp in merged if stamp in method.stamps] == list(method.stamps)


def test_a_stamp_of_a_later_method_comes_before_those_that_follow_it_there():
    assert all_stamps([Measured("random", ("1 SEED",)), Measured("ststnet", ("REDUCED", "1 SEED"))]) == [
        "REDUCED",
        "1 SEED",
    ]


def test_recordings_that_merlab_made_are_known_by_their_names():
    assert stamps_of_recordings(["interview.mp4", "SYNTHETIC_sub01.mp4"]) == ["SYNTHETIC"]
    assert stamps_of_recordings(["interview.mp4", ""]) == []


def test_a_stamp_is_cut_to_its_word():
    assert short_stamp("LEAKY: epoch picked on the test subject") == "LEAKY"
    assert short_stamp("2 SEEDS") == "2 SEEDS"


def test_a_note_names_the_methods_that_bear_the_stamp():
    assert [note.methods for note in stamp_notes(MEASURED)] == [("linear-svm", "ststnet"), ("ststnet",)]


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("SYNTHETIC", "a program generated them"),
        ("REDUCED", "smaller or the training shorter"),
        ("NETWORK width=32, heads=4", "other settings than its preset"),
        ("LEAKY: epoch picked on the test subject", "too high"),
        ("INCOMPLETE: 3 faults in casme2", "could not be used"),
        ("1 SEED", "too few seeds"),
        ("4 SEEDS", "too few seeds"),
        ("START", "started from given weights"),
        ("START TRAINED ON: smic", "too high if they had tested subjects"),
        # A database of any name can be read from a table.
        ("START TRAINED ON: SEED", "too high if they had tested subjects"),
        ("WHOLE HEADS: SEEDS", "whole heads, but inputs expect aligned faces"),
        ("TRANSDUCTIVE", "without their labels"),
        ("WHOLE HEADS: casme2", "whole heads, but inputs expect aligned faces"),
        ("FIVE POINTS", "instead of the face mesh"),
        ("SHARED SUBJECTS: 2 names", "trained on and tested on"),
        ("SHARED FRAMES: 2 clips", "trained on and tested on"),
        ("SYNTHETIC TRAINING: it may have the subjects of the test", "the same synthetic subjects"),
    ],
)
def test_every_stamp_that_a_run_gives_is_explained(stamp, words):
    (note,) = stamp_notes([Measured("ststnet", (stamp,))])
    assert words in note.meaning
