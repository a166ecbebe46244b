"""Metrics of a table of predictions from any tool."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merlab.errors import MerlabError
from merlab.evaluation.metrics import METRICS
from merlab.evaluation.predictions_score import score
from merlab.evaluation.summary import summarize_run
from merlab.reports.results import Results
from tests.evaluation.invented_predictions import CLASSES, predictions
from tests.reports.fake_run import fake_record, write_run


@given(st.permutations(range(48)))
@settings(max_examples=20)
def test_the_order_of_the_rows_does_not_matter(order):
    table = predictions(seeds=1)[["truth", "prediction"]]
    assert score(table.iloc[order]) == score(table)


def test_truth_and_prediction_are_enough():
    result = score(pd.DataFrame({"truth": ["a", "a", "b", "b"], "prediction": ["a", "b", "b", "b"]}))
    assert result.classes == ("a", "b")
    assert result.n == 4
    assert result.uf1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert result.uar == pytest.approx(0.75)
    assert result.confusion == ((1, 1), (0, 2))
    assert result.interval is None


@pytest.mark.parametrize("name", ["predictions.csv", "predictions.parquet"])
def test_a_file_is_scored_like_its_table(tmp_path, name):
    table = predictions(seeds=2)
    write = table.to_csv if name.endswith("csv") else table.to_parquet
    write(tmp_path / name, index=False)
    assert score(tmp_path / name) == score(str(tmp_path / name)) == score(table)


def test_the_predictions_of_a_run_are_scored_with_its_classes_and_note_its_stamps(tmp_path):
    """A class of the scheme without a clip counts as 0, as in the report of the run."""
    record = fake_record(["linear-svm"], tmp_path, classes=["fear", "happiness", "disgust", "surprise"])
    record["methods"][0]["stamps"] = ["REDUCED"]
    folder = write_run(tmp_path / "run", {"linear-svm": 0.5}, record)
    result, of_run = score(folder / "predictions.parquet"), Results.read(folder)
    assert result.uf1 == pytest.approx(of_run.summary.loc["linear-svm", "uf1"])
    assert result.absent_classes == ("fear",)
    assert result.notes == ("the run has the stamps SYNTHETIC · REDUCED",)
    (folder / "run.json").write_text("{}", encoding="utf-8")
    without = score(folder / "predictions.parquet")
    unknown = "run.json is damaged or not of merlab, so that classes and stamps of the run are unknown"
    assert (without.absent_classes, without.notes) == ((), (f"{folder}/{unknown}",))


def test_the_json_has_intervals_only_where_the_table_names_subjects():
    table = predictions(subjects=1)
    keys = ["n", "classes", *METRICS, "confusion", "absent_classes", "by_database"]
    assert list(score(table[["truth", "prediction"]]).model_dump(mode="json")) == keys
    content = score(table).model_dump(mode="json")
    assert list(content) == list(content["by_database"]["casme2"]) == [*keys, "interval"]
    assert content["interval"] == dict.fromkeys(METRICS)


def test_seeds_are_scored_one_by_one_and_averaged():
    table = predictions(seeds=2)
    each = [score(rows).uf1 for _, rows in table.groupby("seed")]
    assert score(table).uf1 == pytest.approx(np.mean(each))


def test_scoring_agrees_with_the_summary_of_a_run():
    # If seed 10 came before 2, as it does among texts, the last digits would differ.
    table = predictions(seeds=11)
    (summary,), result = summarize_run(table, CLASSES, ["ststnet"], {"ststnet": []}), score(table, CLASSES)
    assert result.interval is not None
    assert (result.n, result.confusion) == (11 * summary.clips, summary.confusion)
    for name in METRICS:
        assert result.value(name) == pytest.approx(summary.estimate(name).mean)
        assert result.interval[name] == summary.estimate(name).interval
        assert result.by_database["samm"].value(name) == pytest.approx(summary.by_database["samm"].estimate(name).mean)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "the list of classes is empty"),
        (["a", " "], "has an empty name; give each class once"),
        (["a", "b", "a"], "the list of classes repeats a; give each class once"),
        ("ab", "the classes must be a list of labels, got 'ab'"),
    ],
)
def test_classes_that_are_no_list_of_names_are_refused(classes, message):
    with pytest.raises(MerlabError, match=message):
        score(pd.DataFrame({"truth": ["a"], "prediction": ["a"]}), classes)


def test_a_label_outside_the_declared_classes_is_named_with_its_row_and_the_remedy():
    table = pd.DataFrame({"truth": ["a", "b", "c"], "prediction": ["a", "b", "b"]})
    remedy = "correct the label, or add it to the classes"
    with pytest.raises(MerlabError, match=f"the table, row 3: truth c is not among the classes a, b; {remedy}"):
        score(table, ["a", "b"])
    with pytest.raises(MerlabError, match="the table, row 1, row 3: prediction c is not among"):
        score(table.assign(truth="a", prediction=["c", "b", "c"]), ["a", "b"])


def test_labels_that_are_declared_are_not_doubted():
    table = pd.DataFrame({"truth": ["happy", "hapy", "sad"], "prediction": ["happy", "happy", "sad"]})
    assert any("differ by one letter" in note for note in score(table).notes)
    assert score(table, ["happy", "hapy", "sad"]).notes == ()


def test_what_was_repaired_is_in_the_json():
    table = pd.DataFrame({"truth": ["a", "b "], "prediction": ["a", "b"]})
    (note,) = score(table).model_dump(mode="json")["notes"]
    assert "blank" in note


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"truth": ["a"], "label": ["a"]}), "no column prediction; its columns are truth, label"),
        (pd.DataFrame({"truth": [], "prediction": []}), "no rows"),
        (pd.DataFrame({"truth": ["a", None], "prediction": ["a", "b"]}), "the table, row 2: truth is empty"),
        (pd.DataFrame({"truth": ["a"] * 2, "prediction": ["a"] * 2, "method": ["x", "y"]}), "several methods"),
        (
            pd.DataFrame({"subject": ["1"] * 2, "clip": ["EP1"] * 2, "truth": ["a"] * 2, "prediction": ["a"] * 2}),
            "the table, row 2: repeats subject 1 clip EP1",
        ),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_with_the_reason(table, message):
    with pytest.raises(MerlabError, match=message):
        score(table)


def test_the_same_clip_name_of_two_subjects_or_two_seeds_is_not_a_repetition():
    table = pd.DataFrame(
        {"subject": ["1", "2", "1", "2"], "clip": ["EP1"] * 4, "seed": [0, 0, 1, 1], "truth": list("abab")}
    ).assign(prediction=list("abba"))
    assert score(table).accuracy == 0.5
