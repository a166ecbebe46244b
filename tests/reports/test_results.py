"""What ``merlab.evaluate`` gives back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from merlab.errors import MerlabError
from merlab.reports.results import Results
from tests.reports.fake_run import SKILLS, write_run


@pytest.fixture
def results(tmp_path):
    return Results.read(write_run(tmp_path / "run"))


def test_the_summary_has_a_row_per_method_with_uf1_as_scikit_learn_computes_it(results):
    assert list(results.summary.index) == list(SKILLS)
    for method, rows in results.predictions.groupby("method"):
        by_seed = [f1_score(seed["truth"], seed["prediction"], average="macro") for _, seed in rows.groupby("seed")]
        assert results.summary.loc[method, "uf1"] == pytest.approx(np.mean(by_seed))


def test_databases_have_a_row_per_method(results):
    assert results.by_database.index.names == ["method", "database"]
    assert set(results.by_database.index.get_level_values("method")) == set(SKILLS)


def test_scores_on_the_surest_clips_have_a_row_per_method_and_share(results):
    """The methods of this run are equally sure of all clips."""
    assert results.coverage.empty
    assert results.coverage.index.names == ["method", "share"]
    table = results.predictions.query("method == 'random'").sort_values("seed", ignore_index=True)
    sure = [column for column in table if column.startswith("p_")]
    table[sure] = np.linspace(1, 2, len(table))[:, None] * table[sure]
    coverage = Results(results.only("random").record, table).coverage
    assert list(coverage.columns) == ["clips", "uf1", "uar", "accuracy", "stamps"]
    assert set(coverage["stamps"]) == set(results.only("random").summary["stamps"]) == {"SYNTHETIC"}
    assert coverage["clips"].to_dict() == {("random", share): 80 * share for share in (1.0, 0.9, 0.8, 0.7, 0.5)}


def test_two_methods_are_compared_both_ways(results):
    first, second = list(SKILLS)[:2]
    there, back = results.compare(first, second), results.compare(second, first)
    assert there.difference == pytest.approx(-back.difference)
    assert there.difference == pytest.approx(results.summary.loc[first, "uf1"] - results.summary.loc[second, "uf1"])
    with pytest.raises(MerlabError, match="unknown method 'svm'"):
        results.compare(first, "svm")


def test_a_change_of_the_predictions_that_are_given_out_changes_no_result(results, tmp_path):
    first, second = list(SKILLS)[1:3]
    before, difference = results.predictions, results.compare(first, second)
    given = results.predictions
    given["prediction"] = "surprise"
    del given["truth"]
    assert results.compare(first, second) == difference
    for _ in range(2):
        pd.testing.assert_frame_equal(Results.read(results.save(tmp_path / "saved")).predictions, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: pd.concat([table, table]), "has more than one prediction for"),
        (lambda table: table.drop(columns="truth"), "has no column truth"),
        (lambda table: table.iloc[1:], "the table of predictions contains from 79 to 80 clips per method and seed"),
        (
            lambda table: table.assign(truth=table["truth"].where(table["seed"] > 0, "surprise")),
            "the table of predictions has more than one truth for",
        ),
        (lambda table: table.assign(prediction="joy"), "has the class joy, which is not one of run.json"),
        (lambda table: table.to_dict("records"), "predictions must be a DataFrame"),
    ],
)
def test_a_table_of_predictions_that_is_not_of_the_run_is_refused(results, change, message):
    with pytest.raises(MerlabError, match=message):
        Results(results.record, change(results.predictions))


def test_one_method_or_several_are_taken_out_by_name(results):
    first, second, *_ = SKILLS
    assert list(results.only(first).summary.index) == [first]
    assert list(results.only([second, first]).summary.index) == [first, second]
    of_second = results.predictions.query("method == @second").reset_index(drop=True)
    pd.testing.assert_frame_equal(results.only(second).predictions, of_second)
    for wrong in (first[:-1], [first, first[:-1]]):
        with pytest.raises(MerlabError, match=f"unknown method '{first[:-1]}'; did you mean {first}"):
            results.only(wrong)
    with pytest.raises(MerlabError, match="methods must be a list of one or more names, got \\[\\]"):
        results.only([])


def test_the_repr_is_short_and_names_methods_and_stamps(results):
    lines = repr(results).splitlines()
    assert lines[0] == "Results: 4 methods on 80 clips of 8 subjects (casme2-5, loso, 8 folds)"
    assert len(lines) == 2 + len(SKILLS)
    assert all(any(method in line for line in lines) for method in SKILLS)
    assert "SYNTHETIC" in lines[-1]


def test_the_html_repr_is_a_table_with_stamps_and_nothing_unescaped(results):
    html = results._repr_html_()
    assert html.count("<tr") == 1 + len(SKILLS)
    assert "<strong>SYNTHETIC" in html


@pytest.mark.slow
def test_a_report_is_one_page_or_a_folder_that_reads_back(results, tmp_path):
    page = results.report(tmp_path / "page.html")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    folder = results.report(tmp_path / "folder").parent
    pd.testing.assert_frame_equal(Results.read(folder).predictions, results.predictions)
    assert json.loads((folder / "metrics.json").read_text()) == [
        summary.model_dump(mode="json") for summary in results.summaries
    ]


def test_the_plot_has_a_line_per_method(results):
    labels = [label.get_text() for label in results.plot().axes[0].get_yticklabels()]
    assert all(any(method in label for label in labels) for method in SKILLS)


def test_a_report_never_replaces_another_run(results, tmp_path):
    other = write_run(tmp_path / "other", {"constant": 0.2})
    before = {path: path.read_bytes() for path in other.iterdir()}
    with pytest.raises(MerlabError, match="other contains another run"):
        results.report(other)
    assert {path: path.read_bytes() for path in other.iterdir()} == before
