"""The card in a file of weights, as JSON."""

from __future__ import annotations

import json

from merlab.models.card import CardScore, ModelCard, SyntheticSettings, TrainedOn
from merlab.models.recognizer import CARD, SHIPPED, load_recognizer
from tests.videos.recognizers import small_recognizer

# Training settings that are newer than the shipped file, with the values that train as merlab did before it had them.
LATER_SETTINGS = {
    "schedule": "step",
    "warm_up": 0.15,  # only one-cycle has a warm-up
    "label_smoothing": 0.0,
    "steps": None,
    "move": 0.0,
    "scale": 0.0,
    "turn": 0.0,
    "noise": 0.0,
    "mirror_at_test": False,
}


def stored_card(file):
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header["__metadata__"][CARD]


def test_the_shipped_card_is_written_again_as_it_was_read():
    stored, written = json.loads(stored_card(SHIPPED)), json.loads(load_recognizer().card.model_dump_json())
    later = {name: written["training"].pop(name) for name in LATER_SETTINGS}
    assert json.dumps(written) == json.dumps(stored)
    assert later == LATER_SETTINGS


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
