"""A file of weights described for people."""

from __future__ import annotations

from dataclasses import replace

from merlab.reports.blocks import model_block
from merlab.reports.model_card import card_facts, card_scores
from tests.videos.recognizers import small_recognizer

SPREAD = {"mean": 0.5, "sd": 0.1, "interval": [0.4, 0.6]}
MEASURED = {"clips": 12, "uf1": SPREAD, "uar": SPREAD, "accuracy": SPREAD}
ERRORS = {"negative_log_likelihood": 0.9, "expected_calibration_error": 0.2}


def described():
    recognizer = small_recognizer(
        trained_on={"databases": ["casme2", "smic"], "clips": 100, "subjects": 20},
        calibration={"clips": 20, "subjects": 4, "before": ERRORS, "after": dict.fromkeys(ERRORS, 0.1)},
        scores=[
            {
                "what": "held-out subjects",
                "method": "ststnet",
                "seeds": 5,
                "by_database": {"casme2": MEASURED, "smic": MEASURED},
                "calibration_error": 0.07,
                "confidence": 0.8,
                **MEASURED,
            }
        ],
    )
    return replace(recognizer, digest="abc")


def test_the_facts_say_what_it_learned_from_and_what_calibration_changed():
    facts = card_facts(described()).set_index("what")["value"]
    assert facts["trained on"] == "100 clips of 20 subjects of casme2, smic"
    assert facts["expected calibration error there"] == ".200 without the temperature, .100 with it"
    assert facts["SHA-256"] == "abc"


def test_scores_stand_for_all_clips_and_for_each_database():
    scores = card_scores(described().card)
    assert scores["clips of"].tolist() == ["held-out subjects", "held-out subjects: casme2", "held-out subjects: smic"]
    assert scores["calibration error"].tolist() == [".070", "", ""]
    assert scores["sure"].tolist() == [".800", "", ""]
    assert set(scores["UF1"]) == {".500 ± .100 [.400, .600]"}


def test_the_block_of_the_shipped_weights_is_stamped(tmp_path):
    block = model_block("synthetic", tmp_path, "here")
    assert block.startswith("**SYNTHETIC")
    assert "linear-svm" in block
