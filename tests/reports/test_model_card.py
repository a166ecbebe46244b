"""The card of a file of weights for people."""

from __future__ import annotations

from dataclasses import replace

from merlab.evaluation.summary import Estimate
from merlab.models.card import Calibration, CalibrationErrors, CardScore, DatabaseCardScore, TrainedOn
from merlab.reports.blocks import model_block
from merlab.reports.model_card import card_facts, card_scores
from tests.videos.recognizers import small_recognizer

SPREAD = Estimate(mean=0.5, sd=0.1, interval=(0.4, 0.6))
OF_DATABASE = DatabaseCardScore(clips=6, uf1=SPREAD, uar=SPREAD, accuracy=SPREAD)


def errors(likelihood, calibration):
    return CalibrationErrors(negative_log_likelihood=likelihood, expected_calibration_error=calibration)


def described(**changes):
    facts = {
        "trained_on": TrainedOn(databases=("casme2", "smic"), clips=100, subjects=20),
        "calibration": Calibration(clips=20, subjects=4, before=errors(0.9, 0.2), after=errors(0.1, 0.1)),
        "scores": (
            CardScore(
                what="held-out subjects",
                method="ststnet",
                clips=12,
                subjects=3,
                seeds=5,
                uf1=SPREAD,
                uar=SPREAD,
                accuracy=SPREAD,
                compared={},
                by_database={"casme2": OF_DATABASE, "smic": OF_DATABASE},
                confidence=0.8,
                calibration_error=0.07,
            ),
        ),
    }
    return replace(small_recognizer(**facts | changes), digest="abc")


def facts_of(recognizer):
    return card_facts(recognizer).set_index("what")["value"]


def test_the_facts_list_the_training_clips_and_the_effect_of_the_calibration():
    facts = facts_of(described())
    assert facts["trained on"] == "100 clips of 20 subjects of casme2, smic"
    assert facts["temperature"] == "1.000, fitted on 20 clips of 4 subjects that were not used for training"
    assert facts["expected calibration error there"] == ".200 without the temperature, .100 with it"
    assert facts["SHA-256"] == "abc"


def test_the_facts_leave_out_what_a_recognizer_made_in_python_does_not_have():
    assert {"made by", "temperature", "trained on"}.isdisjoint(facts_of(small_recognizer()).index)


def test_scores_are_listed_for_all_clips_and_for_each_database():
    scores = card_scores(described().card)
    assert scores["clips of"].tolist() == ["held-out subjects", "held-out subjects: casme2", "held-out subjects: smic"]
    assert scores["calibration error"].tolist() == [".070", "", ""]
    assert scores["confidence"].tolist() == [".800", "", ""]
    assert set(scores["UF1"]) == {".500 ± .100 [.400, .600]"}


def test_the_block_of_the_shipped_weights_is_stamped(tmp_path):
    block = model_block("synthetic", tmp_path, "here")
    assert block.startswith("**SYNTHETIC")
    assert "linear-svm" in block
