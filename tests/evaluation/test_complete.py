"""A table of predictions holds every clip of its run once for each method and seed, with the decision of arg-max."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.complete import require_clips, require_decisions, require_one_truth, require_same_clips
from merlab.evaluation.predictions import predictions_table

CLASSES = ["negative", "positive"]
CLIPS = pd.DataFrame({"database": "lab", "subject": ["anna", "anna", "bob"], "clip": ["a", "b", "a"]})


def table():
    rows = pd.concat([CLIPS.assign(method="m", seed=seed) for seed in (0, 1)], ignore_index=True)
    return predictions_table(rows, ["negative"] * 6, np.array([[0.6, 0.4], [0.5, 0.5], [0.2, 0.8]] * 2), CLASSES)


def test_a_complete_table_passes():
    require_clips(table(), CLIPS, "run")
    require_same_clips(table(), 3, "run")
    require_one_truth(table(), "run")
    require_decisions(table(), CLASSES, "run")


def test_a_clip_whose_truth_differs_between_seeds_is_named():
    changed = table()
    changed.loc[5, "truth"] = "positive"
    with pytest.raises(MerlabError, match="run has more than one truth for lab/bob/a"):
        require_one_truth(changed, "run")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (table().drop(index=5), "run: method m, seed 1 has no prediction for lab/bob/a"),
        (pd.concat([table(), table().iloc[[1]]]), "run: method m, seed 0 has more than one prediction for lab/anna/b"),
        (table().replace({"bob": "eve"}), "seed 0 has no prediction for lab/bob/a"),
        (
            pd.concat([table(), table().iloc[[1]].assign(subject="eve")]),
            "run: method m, seed 0 has predictions for clips that are not of the run: lab/eve/b",
        ),
    ],
)
def test_a_clip_that_is_missing_or_repeated_is_named(changed, message):
    with pytest.raises(MerlabError, match=message):
        require_clips(changed, CLIPS, "run")


def test_a_clip_that_is_missing_in_every_method_is_noticed_by_the_number_of_clips():
    with pytest.raises(MerlabError, match="run contains predictions of 2 clips, but the run tested 3"):
        require_same_clips(table().drop(index=[2, 5]), 3, "run")


def test_a_row_that_took_the_place_of_another_is_noticed():
    changed = table()
    changed.loc[5, ["subject", "clip"]] = ["anna", "a"]
    with pytest.raises(MerlabError, match="method m, seed 1 has no prediction for lab/bob/a"):
        require_same_clips(changed, 3, "run")


def test_a_decision_other_than_the_highest_probability_is_named():
    changed = table()
    changed.loc[2, "prediction"] = "negative"
    with pytest.raises(MerlabError, match="run has a prediction that is not the class of the highest .* lab/bob/a"):
        require_decisions(changed, CLASSES, "run")
