"""The card in a file of weights, as JSON."""

from __future__ import annotations

import json

from merlab.models.card import CardScore, ModelCard, SyntheticSettings, TrainedOn
from merlab.models.recognizer import CARD, SHIPPED, load_recognizer
from tests.videos.recognizers import small_recognizer


def stored_card(file):
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header["__metadata__"][CARD]


def test_the_shipped_card_is_written_again_as_it_was_read():
    assert load_recognizer().card.model_dump_json() == stored_card(SHIPPED)


def test_the_shipped_card_lists_baselines_seeds_and_intervals():
    card = load_recognizer().card
    assert [score.method for score in card.scores[:4]] == ["constant", "random", "linear-svm", "dbfem-caffm"]
    assert card.scores[3].seeds == 5
    assert card.scores[3].confidence is not None
    assert card.scores[2].confidence is None
    assert all(score.uf1.interval is not None for score in card.scores)
    assert card.trained_on.synthetic is not None
    assert card.trained_on.synthetic.subjects == 240


def test_the_json_has_only_what_is_known():
    assert TrainedOn(databases=("smic",), clips=9, subjects=3).model_dump(mode="json") == {
        "databases": ["smic"],
        "clips": 9,
        "subjects": 3,
    }
    baseline = load_recognizer().card.scores[0]
    assert {"confidence", "calibration_error"}.isdisjoint(baseline.model_dump())
    assert CardScore.model_validate(baseline.model_dump()) == baseline


def test_the_settings_of_synthetic_clips_are_under_the_key_of_the_first_release():
    settings = SyntheticSettings(scheme="megc2019", recipe="flow", subjects=10, seed=3)
    content = TrainedOn(databases=("synthetic",), clips=90, subjects=10, synthetic=settings).model_dump(mode="json")
    assert content["drawn"]["seed"] == 3
    assert TrainedOn.model_validate(content).synthetic == settings


def test_a_card_of_an_untrained_network_is_read_back():
    card = small_recognizer().card
    assert ModelCard.model_validate_json(card.model_dump_json()) == card
