"""From predictions to the numbers of a report."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, recall_score

from merlab.errors import MerlabError
from merlab.evaluation.summary import score, summarize_method, summarize_run

CLASSES = ["negative", "positive", "surprise"]


def predictions(method: str = "ststnet", seeds: int = 2, subjects: int = 6, right: float = 0.6, draw: int = 0):
    """Eight clips a subject; subjects below 3 are of casme2, the others of samm."""
    generator = np.random.default_rng(draw)
    rows = []
    for seed in range(seeds):
        for subject in range(subjects):
            for clip in range(8):
                truth = CLASSES[(subject + clip) % 3]
                prediction = truth if generator.random() < right else CLASSES[generator.integers(3)]
                database = "casme2" if subject < 3 else "samm"
                rows.append((method, database, f"{subject:03d}", f"clip{clip}", seed, truth, prediction))
    return pd.DataFrame(rows, columns=["method", "database", "subject", "clip", "seed", "truth", "prediction"])


def test_mean_and_sd_are_over_the_seeds_pooled_values():
    table = predictions(seeds=3)
    by_seed = [
        f1_score(rows["truth"], rows["prediction"], labels=CLASSES, average="macro")
        for _, rows in table.groupby("seed")
    ]
    summary = summarize_method(table, CLASSES)
    assert summary["uf1"]["mean"] == pytest.approx(np.mean(by_seed))
    assert summary["uf1"]["sd"] == pytest.approx(np.std(by_seed, ddof=1))
    low, high = summary["uf1"]["interval"]
    assert low < summary["uf1"]["mean"] < high
    assert (summary["clips"], summary["seeds"], summary["subjects"]) == (48, 3, 6)


def test_one_seed_has_no_sd_and_one_subject_no_interval():
    summary = summarize_method(predictions(seeds=1, subjects=1), CLASSES)
    assert summary["uar"]["sd"] is None
    assert summary["uar"]["interval"] is None


def test_the_confusion_matrix_sums_the_seeds_and_has_the_truth_on_its_rows():
    table = predictions(seeds=2)
    expected = pd.crosstab(table["truth"], table["prediction"]).reindex(index=CLASSES, columns=CLASSES, fill_value=0)
    assert summarize_method(table, CLASSES)["confusion"] == expected.to_numpy().tolist()


def test_classes_and_databases_are_parts_of_the_same_pooled_predictions():
    table = predictions(seeds=1)
    summary = summarize_method(table, CLASSES)
    recalls = recall_score(table["truth"], table["prediction"], labels=CLASSES, average=None)
    assert [of["recall"] for of in summary["per_class"].values()] == pytest.approx(recalls.tolist())
    samm = table[table["database"] == "samm"]
    assert summary["by_database"]["samm"]["clips"] == len(samm) == 24
    assert summary["by_database"]["samm"]["uf1"]["mean"] == pytest.approx(
        f1_score(samm["truth"], samm["prediction"], labels=CLASSES, average="macro")
    )


def test_a_class_without_clips_is_reported():
    summary = summarize_method(predictions(), [*CLASSES, "others"])
    assert summary["absent_classes"] == ["others"]
    assert summary["per_class"]["others"]["clips"] == 0


def test_a_run_lists_its_methods_in_order_each_compared_with_those_before():
    table = pd.concat([predictions("random", right=0.0, draw=1), predictions("ststnet", right=0.9, draw=2)])
    metrics = summarize_run(table, CLASSES, ["random", "ststnet"], {"random": [], "ststnet": ["REDUCED"]})
    first, second = metrics
    assert [first["method"], second["method"]] == ["random", "ststnet"]
    assert first["compared"] == {}
    compared = second["compared"]["random"]
    assert compared["difference"] == pytest.approx(second["uf1"]["mean"] - first["uf1"]["mean"])
    assert compared["interval"][0] > 0
    assert second["stamps"] == ["REDUCED"]


def test_a_run_of_one_subject_is_still_valid_json():
    table = pd.concat([predictions(name, subjects=1) for name in ("random", "ststnet")])
    metrics = summarize_run(table, CLASSES, ["random", "ststnet"], {"random": [], "ststnet": []})
    assert metrics[1]["compared"]["random"]["interval"] is None
    json.dumps(metrics, allow_nan=False)


@given(st.permutations(range(48)))
@settings(max_examples=20)
def test_the_order_of_the_rows_does_not_matter(order):
    table = predictions(seeds=1)[["truth", "prediction"]]
    assert score(table.iloc[order]) == score(table)


def test_anybodys_table_of_truth_and_prediction_can_be_scored():
    result = score(pd.DataFrame({"truth": ["a", "a", "b", "b"], "prediction": ["a", "b", "b", "b"]}))
    assert result["classes"] == ["a", "b"]
    assert result["n"] == 4
    assert result["uf1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert result["uar"] == pytest.approx(0.75)
    assert result["confusion"] == [[1, 1], [0, 2]]
    assert "interval" not in result


def test_seeds_are_scored_one_by_one_and_averaged():
    table = predictions(seeds=2)
    each = [score(rows)["uf1"] for _, rows in table.groupby("seed")]
    assert score(table)["uf1"] == pytest.approx(np.mean(each))


def test_scoring_agrees_with_the_summary_of_a_run():
    table = predictions(seeds=2)
    summary, result = summarize_method(table, CLASSES), score(table, CLASSES)
    for name in ("uf1", "uar", "accuracy", "macro_precision"):
        assert result[name] == pytest.approx(summary[name]["mean"])
        assert result["interval"][name] == pytest.approx(summary[name]["interval"])
        assert result["by_database"]["samm"][name] == pytest.approx(summary["by_database"]["samm"][name]["mean"])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"truth": ["a"], "label": ["a"]}), "no column prediction; its columns are truth, label"),
        (pd.DataFrame({"truth": [], "prediction": []}), "no rows"),
        (pd.DataFrame({"truth": ["a", None], "prediction": ["a", "b"]}), "row 2 of the file has an empty"),
        (pd.DataFrame({"truth": ["a"] * 2, "prediction": ["a"] * 2, "method": ["x", "y"]}), "several methods"),
        (
            pd.DataFrame({"subject": ["1"] * 2, "clip": ["EP1"] * 2, "truth": ["a"] * 2, "prediction": ["a"] * 2}),
            "row 2 of the file repeats subject 1 clip EP1",
        ),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_with_the_reason(table, message):
    with pytest.raises(MerlabError, match=message):
        score(table)


def test_the_same_clip_name_of_two_subjects_or_two_seeds_is_no_repetition():
    table = pd.DataFrame(
        {"subject": ["1", "2", "1", "2"], "clip": ["EP1"] * 4, "seed": [0, 0, 1, 1], "truth": list("abab")}
    ).assign(prediction=list("abba"))
    assert score(table)["accuracy"] == 0.5
