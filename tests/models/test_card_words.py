"""What a card says beside its numbers, for a reader who has the file alone."""

from __future__ import annotations

import pytest

from merlab.models.card_words import card_words
from merlab.models.training import Training
from merlab.schemes import find_scheme

FLOW = "flow:channels=uvs,scale=centered,size=28x28"


def words(scheme: str = "megc2019", recipe: str = FLOW, *, is_synthetic: bool = False) -> dict[str, str]:
    return card_words(Training("mine", "flow-cnn", "paper", find_scheme(scheme), recipe, 0, 1), is_synthetic)


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_every_recognizer_is_for_no_statement_about_a_person(is_synthetic):
    assert "Not for any statement about a person: no lie detection" in words(is_synthetic=is_synthetic)["limits"]
    assert words()["intended_use"].startswith("Research on micro-expressions")


def test_only_one_of_synthetic_faces_says_that_it_has_seen_no_others():
    assert "trained on synthetic faces only" in words(is_synthetic=True)["limits"]
    assert "synthetic" not in words()["limits"]


def test_the_correction_of_crops_is_stated_first_and_only_where_there_is_one():
    assert words(recipe=f"{FLOW},crop=corrected", is_synthetic=True)["limits"].startswith("Crops: in videos nothing")
    assert "Crops" not in words()["limits"]


def test_how_good_a_recognizer_can_be_is_known_of_the_classes_of_megc_2019_alone():
    assert "UF1 of about .79 to .83" in words()["ceiling"]
    assert words("casme2-5")["ceiling"] == ""
