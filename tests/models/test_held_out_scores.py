"""The scores on a card: networks and baselines on clips of subjects that none of them was trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from merlab.models.held_out_scores import held_out_score, held_out_scores
from merlab.models.labeled_examples import Examples
from tests.videos.recognizers import small_recognizer


def examples(labels: dict[str, list[int]], subjects: int = 2) -> Examples:
    """Clips with these labels, by database; in each, a bright band is the class."""
    each = [(database, label) for database, of in labels.items() for label in of]
    inputs = np.random.default_rng(0).normal(0, 0.1, (len(each), 3, 28, 28)).astype(np.float32)
    for row, (_, label) in enumerate(each):
        inputs[row, :, 4 + 8 * label : 10 + 8 * label] += 1
    rows = [(database, f"{row % subjects}", f"clip{row}") for row, (database, _) in enumerate(each)]
    keys = pd.DataFrame(rows, columns=["database", "subject", "clip"])
    return Examples(inputs, np.array([label for _, label in each]), keys)


def sure(*chances: float):
    """A recognizer that gives the first class these probabilities, in turn, and the other two the rest."""

    def infer(batch):
        first = np.resize(chances, len(batch))
        return np.log(np.stack([first, (1 - first) / 2, (1 - first) / 2], axis=1))

    return replace(small_recognizer(), infer=infer)


def test_how_far_the_probabilities_can_be_trusted_is_stated_of_each_database_and_of_all():
    """Of one database all clips are of the first class, of the other a quarter; the network always chooses it."""
    score = held_out_score("mine", sure(0.9, 0.5), examples({"casme2": [0, 0, 0, 0], "samm": [0, 1, 1, 2]}))
    found = {"all": score, **score.by_database}
    assert {name: of.majority for name, of in found.items()} == {"all": 5 / 8, "casme2": 1.0, "samm": 0.5}
    assert {name: of.confidence for name, of in found.items()} == pytest.approx(dict.fromkeys(found, 0.7))
    # .9 in the last tenth, .5 in the sixth, each for half of the clips: in samm, .9 of 1 / 2 and .5 of 0 are right.
    assert found["casme2"].calibration_error == pytest.approx((0.1 + 0.5) / 2)
    assert found["samm"].calibration_error == pytest.approx((0.4 + 0.5) / 2)


def test_the_baselines_come_first_and_those_with_chance_have_as_many_seeds_as_the_network():
    train, held = examples({"smic": [0, 0, 0, 0, 1, 1, 2, 2]}), examples({"smic": [0, 1, 1, 2]})
    networks = [small_recognizer(seed=seed) for seed in (0, 1)]
    scores = held_out_scores("held-out subjects", networks, networks[0], train, held)
    assert [(score.method, score.seeds) for score in scores] == [
        ("constant", 1),
        ("random", 2),
        ("linear-svm", 1),
        ("ststnet", 2),
    ]
    # The most frequent class of the training clips is that of one held-out clip in four; the bands are learned.
    assert (scores[0].accuracy.mean, scores[2].accuracy.mean) == (0.25, 1.0)
    assert [score.confidence is None for score in scores] == [True, True, True, False]
    assert {(score.what, score.clips, score.subjects) for score in scores} == {("held-out subjects", 4, 2)}
