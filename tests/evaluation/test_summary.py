"""From predictions to the numbers of a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.metrics import f1_score, recall_score

from merlab.errors import MerlabError
from merlab.evaluation.coverage import SHARES
from merlab.evaluation.metrics import METRIC_TITLES, METRICS, MetricName
from merlab.evaluation.summary import (
    DatabaseScores,
    Estimate,
    MethodSummary,
    compare,
    database_frame,
    summarize_run,
    summary_frame,
)
from tests.evaluation.invented_predictions import CLASSES, predictions


def summarize(table: pd.DataFrame, classes: Sequence[str] = CLASSES) -> MethodSummary:
    (summary,) = summarize_run(table, classes, ["ststnet"], {"ststnet": []})
    return summary


@pytest.fixture(scope="module")
def two_methods():
    return pd.concat([predictions("random", right=0.0, draw=1), predictions("ststnet", right=0.9, draw=2)])


@pytest.fixture(scope="module")
def summaries(two_methods):
    return summarize_run(two_methods, CLASSES, ["random", "ststnet"], {"random": [], "ststnet": ["REDUCED", "2 SEEDS"]})


def test_every_metric_has_a_title_and_a_field():
    for names in (METRICS, METRIC_TITLES):
        assert tuple(names) == get_args(MetricName)
    for model in (MethodSummary, DatabaseScores):
        fields = [name for name, field in model.model_fields.items() if field.annotation is Estimate]
        assert fields == list(METRICS)


def test_mean_and_sd_are_over_the_seeds_pooled_values():
    table = predictions(seeds=3)
    by_seed = [
        f1_score(rows["truth"], rows["prediction"], labels=CLASSES, average="macro")
        for _, rows in table.groupby("seed")
    ]
    summary = summarize(table)
    assert summary.uf1.mean == pytest.approx(np.mean(by_seed))
    assert summary.uf1.sd == pytest.approx(np.std(by_seed, ddof=1))
    numbers = summary.uf1.numbers()
    assert numbers["low"] < numbers["mean"] < numbers["high"]
    assert (summary.clips, summary.seeds, summary.subjects) == (48, 3, 6)


def test_one_seed_has_no_sd_and_one_subject_no_interval():
    uar = summarize(predictions(seeds=1, subjects=1)).uar
    assert (uar.sd, uar.interval) == (None, None)
    assert np.isnan([uar.numbers()[name] for name in ("sd", "low", "high")]).all()


def test_the_confusion_matrix_sums_the_seeds_and_has_the_truth_on_its_rows():
    table = predictions(seeds=2)
    expected = pd.crosstab(table["truth"], table["prediction"]).reindex(index=CLASSES, columns=CLASSES, fill_value=0)
    np.testing.assert_array_equal(summarize(table).confusion, expected)


def test_classes_and_databases_come_from_the_same_pooled_predictions():
    table = predictions(seeds=2, subjects=5)
    summary = summarize(table)
    seeds = [rows for _, rows in table.groupby("seed")]
    recalls = [recall_score(rows["truth"], rows["prediction"], labels=CLASSES, average=None) for rows in seeds]
    assert [of.recall for of in summary.per_class.values()] == pytest.approx(np.mean(recalls, axis=0).tolist())
    assert [of.clips for of in summary.per_class.values()] == [sum(seeds[0]["truth"] == name) for name in CLASSES]
    samm, scores = table[table["database"] == "samm"], summary.by_database["samm"]
    assert (scores.clips, scores.subjects) == (len(samm) / 2, samm["subject"].nunique()) == (16, 2)
    uf1 = [
        f1_score(rows["truth"], rows["prediction"], labels=CLASSES, average="macro") for _, rows in samm.groupby("seed")
    ]
    assert scores.uf1.mean == pytest.approx(np.mean(uf1))


def test_a_class_without_clips_is_reported():
    summary = summarize(predictions(), [*CLASSES, "others"])
    assert summary.absent_classes == ("others",)
    assert summary.per_class["others"].clips == 0


def test_a_run_lists_its_methods_in_order_each_compared_with_those_before(summaries):
    first, second = summaries
    assert [first.method, second.method] == ["random", "ststnet"]
    assert first.compared == {}
    compared = second.compared["random"]
    assert compared.difference == pytest.approx(second.uf1.mean - first.uf1.mean)
    assert compared.interval[0] > 0
    assert second.stamps == ("REDUCED", "2 SEEDS")


def test_summaries_are_read_back_from_json_as_they_were_and_checked(summaries):
    text = json.dumps([summary.model_dump(mode="json") for summary in summaries], allow_nan=False)
    assert "by_coverage" not in text, "the clips are equally sure, so there is nothing to report"
    assert [MethodSummary.model_validate(content) for content in json.loads(text)] == summaries
    damaged = {**json.loads(text)[0], "uf1": {"mean": "high", "sd": None, "interval": None}}
    with pytest.raises(ValidationError, match=r"uf1\.mean"):
        MethodSummary.model_validate(damaged)


def test_the_scores_on_the_surest_clips_are_in_the_summary_and_its_json():
    table = predictions()
    table[["p_negative", "p_positive", "p_surprise"]] = np.random.default_rng(0).dirichlet([1, 1, 1], len(table))
    summary = summarize(table)
    assert [scores.share for scores in summary.by_coverage] == list(SHARES)
    assert summary.by_coverage[0].uf1 == pytest.approx(summary.uf1.mean)
    assert MethodSummary.model_validate(summary.model_dump(mode="json")) == summary


def test_a_run_of_one_subject_is_still_valid_json():
    table = pd.concat([predictions(name, subjects=1) for name in ("random", "ststnet")])
    metrics = summarize_run(table, CLASSES, ["random", "ststnet"], {"random": [], "ststnet": []})
    assert metrics[1].compared["random"].interval is None
    json.dumps([summary.model_dump(mode="json") for summary in metrics], allow_nan=False)


def test_two_methods_of_a_table_are_compared_in_any_metric(two_methods, summaries):
    assert compare(two_methods, CLASSES, "ststnet", "random") == summaries[1].compared["random"]
    accuracy = compare(two_methods, CLASSES, "random", "ststnet", "accuracy")
    assert accuracy.metric == "accuracy"
    assert accuracy.difference == pytest.approx(summaries[0].accuracy.mean - summaries[1].accuracy.mean)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("ststnet", "randm"), "unknown method 'randm'; did you mean random"),
        (("ststnet", "random", "f1"), r"'f1'; did you mean uf1\? metrics are uf1, uar, accuracy, macro_precision"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_names_that_can(two_methods, names, message):
    with pytest.raises(MerlabError, match=message):
        compare(two_methods, CLASSES, *names)


def test_the_summary_as_a_table_has_one_row_per_method(summaries):
    table = summary_frame(summaries)
    assert list(table.index) == ["random", "ststnet"]
    assert list(table.columns[:4]) == ["uf1", "uf1_sd", "uf1_low", "uf1_high"]
    assert list(table.columns[-4:]) == ["clips", "subjects", "seeds", "stamps"]
    best, summary = table.loc["ststnet"], summaries[1]
    assert (best["uar"], best["uar_sd"]) == (summary.uar.mean, summary.uar.sd)
    assert (best["accuracy_low"], best["accuracy_high"]) == summary.accuracy.interval
    assert best["stamps"] == "REDUCED · 2 SEEDS"


def test_the_databases_as_a_table_have_one_row_per_method_and_database(summaries):
    table = database_frame(summaries)
    assert list(table.index) == [(method, name) for method in ("random", "ststnet") for name in ("casme2", "samm")]
    row = table.xs(("ststnet", "samm"))
    assert row["uf1"] == summaries[1].by_database["samm"].uf1.mean
    assert (row["clips"], row["subjects"], row["absent_classes"]) == (24, 3, "")


def test_numbers_that_are_unknown_for_every_method_are_still_numbers():
    table = summary_frame([summarize(predictions(seeds=1, subjects=1))])
    assert table["uf1_sd"].dtype == table["uf1_low"].dtype == float
