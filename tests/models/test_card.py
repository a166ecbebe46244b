"""The card in a file of weights, as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from torch import nn

from merlab.methods import Method
from merlab.models.card import CardScore, FlowSource, ModelCard, SyntheticSettings, TrainedOn
from merlab.models.recognizer import load_recognizer
from merlab.models.shipped import CARD, SHIPPED, shipped_card
from tests.videos.recognizers import small_recognizer


def stored_card(file):
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header["__metadata__"][CARD]


def test_the_shipped_card_is_written_again_as_it_was_read():
    # Settings that came later are not in the file; they have their defaults.
    assert load_recognizer().card.model_dump_json(exclude_unset=True) == stored_card(SHIPPED)


def test_the_shipped_card_is_read_without_its_network():
    assert shipped_card() == json.loads(stored_card(SHIPPED))


def test_the_shipped_card_lists_baselines_seeds_and_intervals():
    card = load_recognizer().card
    assert [score.method for score in card.scores[:4]] == ["constant", "random", "linear-svm", "flow-cnn"]
    assert card.scores[3].seeds == 5
    assert card.scores[3].confidence is not None
    assert card.scores[2].confidence is None
    assert all(score.uf1.interval is not None for score in card.scores)


def test_the_shipped_recognizer_averages_five_networks_trained_on_varied_synthetic_flow():
    card = load_recognizer().card
    assert dict(card.network) == {"members": 5, "mirrored": True}
    assert card.trained_on.flow is not None
    assert (card.trained_on.flow.subjects, card.trained_on.flow.clips) == (152, 3040)
    assert card.calibration is not None
    assert card.calibration.label_errors == pytest.approx(0.087)


def test_the_shipped_card_states_on_real_faces_how_sure_and_how_often_right_the_network_is():
    own = [score for score in load_recognizer().card.scores if score.confidence is not None]
    assert [score.what for score in own] == ["held-out subjects", "ststnet-flow"]
    assert own[1].crop == "fitted on the scored clips, without labels"
    for of in own[1].by_database.values():
        assert of.majority is not None
        assert of.majority < of.accuracy.mean


def test_the_json_has_only_what_is_known():
    assert TrainedOn(databases=("smic",), clips=9, subjects=3).model_dump(mode="json") == {
        "databases": ["smic"],
        "clips": 9,
        "subjects": 3,
    }
    assert TrainedOn().model_dump(mode="json") == {"databases": [], "clips": 0, "subjects": 0}
    assert {"content_digest", "training_inputs", "code"}.isdisjoint(small_recognizer().card.model_dump())
    baseline = load_recognizer().card.scores[0]
    assert {"confidence", "calibration_error", "majority"}.isdisjoint(baseline.model_dump())
    assert CardScore.model_validate(baseline.model_dump()) == baseline


def test_the_settings_of_synthetic_clips_are_under_the_key_of_the_first_release():
    settings = SyntheticSettings(scheme="megc2019", recipe="flow", subjects=10, seed=3)
    content = TrainedOn(databases=("synthetic",), clips=90, subjects=10, synthetic=settings).model_dump(mode="json")
    assert content["drawn"]["seed"] == 3
    assert TrainedOn.model_validate(content).synthetic == settings


def test_a_card_of_an_untrained_network_is_read_back():
    card = small_recognizer().card
    assert ModelCard.model_validate_json(card.model_dump_json()) == card


def test_the_code_of_merlabs_own_network_and_input_is_its_version():
    assert small_recognizer().card.code_now() == ""


def test_faces_of_synthetic_flow_of_rendered_clips_and_of_starts_are_people_that_were_seen():
    flow = FlowSource(digest="f1", clips=40, subjects=8)
    rendered = SyntheticSettings(scheme="megc2019", recipe="flow")
    seen: list[dict[str, Any]] = [{"flow": flow}, {"synthetic": rendered}, {"synthetic_start": True}]
    for facts in seen:
        assert TrainedOn(databases=("smic",), **facts).people == {"smic", "synthetic"}
    assert TrainedOn(databases=("smic",), starts=("5ea1",)).people == {"smic"}


def test_a_network_may_override_train_without_returning_itself(monkeypatch):
    class Forgetful(nn.Linear):
        def train(self, mode=True):
            super().train(mode)

    own = Method("mine", network=lambda task: Forgetful(task.channels, task.classes))
    monkeypatch.setattr("merlab.models.card.find_method", lambda _: own)
    module = small_recognizer().card.build()
    assert isinstance(module, Forgetful)
    assert not module.training
