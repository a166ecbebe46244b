"""When the class of a movement is named: each test on its own, at its limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.videos.moved import PartMovement, UnitStrength
from merlab.videos.words import (
    Claim,
    FaceState,
    WordSettings,
    reasons_by_mesh,
    reasons_for_other,
    reasons_to_withhold,
    sentence_of,
    word_settings,
)
from merlab.vocabulary import WITHHELD_REASONS

LIMITS = WordSettings()
# A smile of half a second at 200 frames per second, of a face that is upright, large and uncovered.
FACE = FaceState(roll=2.0, turn=3.0, pupils=120.0, coverage=1.0, misfit=0.8)
SMILE = Claim(
    scheme="megc2019",
    label="positive",
    probability=0.9,
    units=[UnitStrength("AU12", 1.9)],
    parts=[PartMovement("mouth, left", 0.8, "up and outwards")],
    seconds=0.5,
    fps=200.0,
    largest=1.9,
    head=0.3,
    change=0.02,
    face=FACE,
)


def reasons(claim: Claim, unsure_below: float = 0.5) -> tuple[str, ...]:
    return reasons_to_withhold(claim, unsure_below, LIMITS)


def moved(px: float) -> list[PartMovement]:
    return [PartMovement("mouth, left", px, "up")]


def test_a_small_brief_movement_that_goes_with_the_class_is_named():
    assert reasons(SMILE) == ()


@pytest.mark.parametrize(
    ("reason", "last_named", "first_withheld"),
    [
        ("probability too low", {"probability": 0.5}, {"probability": 0.4999}),
        ("no supporting action unit", {"units": [UnitStrength("AU6", 1)]}, {"units": [UnitStrength("AU4", 1)]}),
        ("movement too large", {"parts": moved(5.0)}, {"parts": moved(5.001)}),
        ("movement too large", {"parts": [*moved(5.0), *moved(0.1)]}, {"parts": [*moved(5.001), *moved(0.1)]}),
        # 0.5 s, the 0.12 s that spotting adds to it, and one frame of 5 ms.
        ("movement too long", {"seconds": 0.6249}, {"seconds": 0.6251}),
        ("too few frames per second", {"fps": 50.0}, {"fps": 49.9}),
        ("too few frames per second", {"rate": 50.0}, {"rate": 49.9}),
        ("head moves more than the face", {"head": 2.0}, {"head": 2.001}),
        ("face covered or distorted", {"change": 0.15}, {"change": 0.151}),
    ],
)
def test_each_limit_of_a_movement_belongs_to_what_is_named(reason, last_named, first_withheld):
    assert reasons(replace(SMILE, **last_named)) == ()
    assert reasons(replace(SMILE, **first_withheld)) == (reason,)


def test_a_head_may_move_as_far_as_a_large_movement_of_the_face():
    large = replace(SMILE, largest=3.0)
    assert reasons(replace(large, head=3.0)) == ()
    assert reasons(replace(large, head=3.001)) == ("head moves more than the face",)


@pytest.mark.parametrize(
    ("reason", "last_named", "first_withheld"),
    [
        ("face not upright", {"roll": 30.0}, {"roll": 30.1}),
        ("face not upright", {"roll": 0.0}, {"roll": 180.0}),
        ("face turned away", {"turn": 25.0}, {"turn": 25.1}),
        ("face too small", {"pupils": 62.0}, {"pupils": 61.9}),
        ("face cut off", {"coverage": 0.98}, {"coverage": 0.979}),
        ("face covered or distorted", {"misfit": 3.0}, {"misfit": 3.001}),
    ],
)
def test_each_limit_of_a_face_belongs_to_what_is_named(reason, last_named, first_withheld):
    assert reasons(replace(SMILE, face=replace(FACE, **last_named))) == ()
    assert reasons(replace(SMILE, face=replace(FACE, **first_withheld))) == (reason,)


def test_all_reasons_are_listed_in_one_order():
    hand = replace(SMILE, fps=24.0, parts=moved(20.9), change=0.8, head=14.0, largest=12.0, label="negative")
    assert reasons(hand) == (
        "no supporting action unit",
        "movement too large",
        "too few frames per second",
        "head moves more than the face",
        "face covered or distorted",
    )


def test_what_spotting_found_out_about_a_movement_is_a_reason():
    for why in ("movement too large", "movement repeats", "part of a longer movement"):
        assert reasons(replace(SMILE, why_other=why)) == (why,)


def test_a_movement_is_no_expression_where_the_head_a_turn_or_a_hand_explains_it_and_a_large_one_is_macro():
    no_expression = ("head moves more than the face", "face turned away", "face covered or distorted")
    assert reasons_for_other("micro", WITHHELD_REASONS) == ("movement too large", *no_expression)
    assert reasons_for_other("macro", WITHHELD_REASONS) == no_expression
    assert reasons_for_other("micro", ("probability too low", "face too small")) == ()


def test_the_mesh_alone_tells_whether_a_face_is_turned_or_distorted():
    assert reasons_by_mesh(replace(FACE, roll=180.0, turn=25.0, misfit=3.0), LIMITS) == ()
    assert reasons_by_mesh(replace(FACE, turn=25.1), LIMITS) == ("face turned away",)
    assert reasons_by_mesh(replace(FACE, misfit=3.001), LIMITS) == ("face covered or distorted",)


def test_what_is_not_known_passes():
    assert reasons(replace(SMILE, face=FaceState())) == ()
    assert np.isnan(FaceState().misfit)


def test_other_limits_can_be_given():
    assert reasons_to_withhold(replace(SMILE, fps=25.0), 0.5, WordSettings(least_fps=25.0)) == ()


@pytest.mark.parametrize("wrong", [{"largest_px": -1.0}, {"least_fps": np.nan}])
def test_limits_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(MerlabError, match=f"{next(iter(wrong))} of words must be 0 or more"):
        WordSettings(**wrong)


@pytest.mark.parametrize("reason", WITHHELD_REASONS)
def test_every_reason_has_a_plain_sentence(reason):
    sentence = sentence_of(reason, 0.5, 200.0, LIMITS)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert sentence.count(".") - sentence.count("0.") <= 1


def test_sentences_state_the_limits_that_were_used():
    assert sentence_of("probability too low", 0.7, 200.0, LIMITS) == "No class has a probability of 0.7 or more."
    # Half a second, the 0.12 s that spotting adds to it, and one frame of 10 ms.
    assert "longer than 0.63 s," in sentence_of("movement too long", 0.5, 100.0, LIMITS)
    assert "by more than 4 px," in sentence_of("movement too large", 0.5, 30.0, WordSettings(largest_px=4.0))
    assert "more than 20 degrees" in sentence_of("face not upright", 0.5, 30.0, WordSettings(largest_roll=20.0))
    assert "less than 50 px apart" in sentence_of("face too small", 0.5, 30.0, WordSettings(least_pupils=50.0))
    assert "fewer than 100 frames" in sentence_of("too few frames per second", 0.5, 30.0, WordSettings(least_fps=100))


def test_limits_are_changed_by_name():
    assert word_settings({"largest_px": 4.0}) == WordSettings(largest_px=4.0)
    with pytest.raises(MerlabError, match="largest_px"):
        word_settings({"largest_pixels": 4.0})
    with pytest.raises(MerlabError, match="0 or more"):
        word_settings({"least_fps": -1.0})
