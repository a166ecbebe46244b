"""The card of a file of weights for people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from merlab.evaluation.summary import Estimate
from merlab.models.card import Calibration, CalibrationErrors, CardScore, DatabaseCardScore, FlowSource, TrainedOn
from merlab.reports.blocks import model_block
from merlab.reports.model_card import card_facts, card_scores, score_facts, score_table
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


def rated(uf1, confidence):
    estimate = Estimate(mean=uf1, sd=None, interval=None)
    return DatabaseCardScore(
        clips=6,
        uf1=estimate,
        uar=estimate,
        accuracy=estimate,
        confidence=confidence,
        calibration_error=0.1,
        majority=0.5,
    )


def of_network(by_database, **facts):
    """A score of the recognizer itself, on these databases."""
    whole = dict(rated(0.6, 0.7)) | {"what": "held-out subjects", "method": "ststnet", "subjects": 3, "seeds": 1}
    return CardScore.model_validate({**whole, "compared": {}, "by_database": by_database, **facts})


def test_the_facts_begin_with_the_worst_database_and_with_what_limits_every_recognizer():
    scores = (
        of_network({"synthetic": rated(0.2, 0.9)}),
        of_network({"casme2": rated(0.8, 0.7), "smic": rated(0.6, 0.8), "samm": rated(0.7, 0.7)}, what="ststnet-flow"),
    )
    facts = facts_of(described(scores=scores, ceiling="Some labels contradict the movement."))
    assert facts.index[:2].tolist() == ["lowest score", "ceiling"]
    assert facts["lowest score"] == (
        "smic: UF1 .600, UAR .600, 6 clips; accuracy .600 (the most frequent class: .500), mean confidence .800"
    )


@pytest.mark.parametrize("database", ["synthetic", "synthetic-long"])
def test_a_recognizer_that_was_scored_on_synthetic_faces_alone_has_no_lowest_score(database):
    assert "lowest score" not in facts_of(described(scores=(of_network({database: rated(0.2, 0.9)}),)))


def test_the_facts_list_synthetic_flow_starts_and_expected_errors_of_labels():
    flow = FlowSource(digest="f00", clips=30, subjects=6)
    trained = TrainedOn(databases=("smic",), clips=100, subjects=20, flow=flow, starts=("5ea",))
    calibration = Calibration(clips=20, subjects=4, before=errors(1, 1), after=errors(1, 1), label_errors=0.087)
    facts = facts_of(described(trained_on=trained, calibration=calibration))
    assert facts["trained on"] == (
        "100 clips of 20 subjects of smic; synthetic flow of 30 clips of 6 subjects (SHA-256 f00); started from files "
        "with the SHA-256 5ea"
    )
    assert facts["temperature"].endswith("for annotators who give .087 of the labels differently")


VALUES_OF_SMIC = {
    "UF1": ".600",
    "UAR": ".600",
    "accuracy": ".600",
    "most frequent class": ".500",
    "confidence": ".700",
    "calibration error": ".100",
}


def test_a_score_of_one_recognizer_has_a_row_for_all_clips_and_one_for_each_of_several_databases():
    one = of_network({"smic": rated(0.6, 0.8)}, what="smic")
    several = of_network({"casme2": rated(0.8, 0.7), "smic": rated(0.6, 0.8)}, what="ststnet-flow")
    assert score_table(one).to_dict("records") == [{"clips of": "smic", "clips": "6", **VALUES_OF_SMIC}]
    assert score_table(several)["clips of"].tolist() == ["all", "casme2", "smic"]
    assert score_table(several)["confidence"].tolist() == [".700", ".700", ".800"]


def test_scores_are_listed_for_all_clips_and_for_each_database():
    scores = card_scores(described().card)
    assert scores["clips of"].tolist() == ["held-out subjects", "held-out subjects: casme2", "held-out subjects: smic"]
    assert scores["calibration error"].tolist() == [".070", "", ""]
    assert scores["confidence"].tolist() == [".800", "", ""]
    assert set(scores["UF1"]) == {".500 ± .100 [.400, .600]"}


def test_a_score_on_one_database_has_one_row_with_every_value_under_its_title():
    (row,) = card_scores(described(scores=(of_network({"smic": rated(0.6, 0.8)}, what="smic"),)).card).to_dict(
        "records"
    )
    assert row == {
        "clips of": "smic",
        "clips": "6",
        "method": "ststnet",
        "seeds": "1",
        **VALUES_OF_SMIC,
    }


def test_a_score_as_json_states_the_correction_of_crops_where_there_was_one_and_has_no_interval_where_none_is():
    plain, corrected = (score_facts(of_network({}, **facts)) for facts in ({}, {"crop": "fitted without labels"}))
    assert corrected == {**plain, "crop": "fitted without labels"}
    assert "crop" not in plain
    assert (plain["uf1"], plain["uf1_interval"]) == (0.6, None)
    (score,) = described().card.scores
    assert score_facts(score)["uar_interval"] == [0.4, 0.6]


def test_the_block_of_the_shipped_weights_is_stamped(tmp_path):
    block = model_block("synthetic", tmp_path, "here")
    assert block.startswith("**SYNTHETIC")
    assert "linear-svm" in block
