"""Published beside measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from merlab.recipes import experiment_of
from merlab.reproduction.compared_table import (
    TABLE_5,
    ComparedRow,
    ComparedTable,
    baseline_rows,
    paired,
    paper_notes,
    paper_rows,
    published_in,
)
from tests.reports.fake_run import fake_metrics

STORED = Path(__file__).resolve().parents[2] / "docs" / "results" / "reproduced"
SKILLS = {"constant": 0.0, "random": 0.0, "linear-svm": 0.5, "gfem": 0.9, "resnet18": 0.6, "resnet34": 0.4}
STAMPS = {"gfem": ["SYNTHETIC", "REDUCED"], "constant": ["SYNTHETIC"]}
METRICS = ("accuracy", "uf1")


@pytest.fixture(scope="module")
def summaries():
    return {summary.method: summary for summary in fake_metrics(SKILLS, STAMPS)}


@pytest.fixture(scope="module")
def table(summaries):
    rows = [
        *paper_rows(TABLE_5, "Table 5", METRICS, summaries),
        ComparedRow("theirs", "", {"accuracy": 0.75}, None, "not implemented"),
        *baseline_rows(summaries),
    ]
    return ComparedTable("table5", "Table 5", METRICS, rows, ["a note"])


def test_a_row_has_what_is_published_and_beside_it_what_was_measured(table, summaries):
    text = table.text().set_index("row")
    assert text.loc["ResNet_12", "accuracy, published"] == "0.7577"
    measured = text.loc["ResNet_12", "accuracy, measured"]
    assert measured.startswith(f"{summaries['gfem'].accuracy.mean:.3f}"[1:])
    assert "[" in measured


def test_the_baselines_are_listed_without_published_values(table):
    baselines = table.text().query("row == 'baseline'")
    assert list(baselines["method"]) == ["constant", "random", "linear-svm"]
    assert set(baselines["UF1, published"]) == {"–"}


def test_a_row_that_was_not_measured_gives_the_reason(table):
    row = table.text().set_index("row").loc["theirs"]
    assert (row["accuracy, measured"], row["remark"]) == ("–", "not implemented")


def test_stamps_are_above_the_table_and_in_their_rows(table):
    assert table.stamps == ["SYNTHETIC", "REDUCED"]
    assert table.markdown().startswith("# Table 5\n\n**SYNTHETIC · REDUCED**\n")
    assert table.text().set_index("row").loc["ResNet_12", "remark"] == "SYNTHETIC · REDUCED"


def test_files_hold_the_same_numbers(table, summaries, tmp_path):
    markdown, csv, as_json = table.write(tmp_path)
    numbers = pd.read_csv(csv).set_index("row")
    content = json.loads(as_json.read_text())
    for row in content["rows"][:3]:
        assert numbers.loc[row["row"], "uf1_mean"] == row["measured"]["uf1"]["mean"]
        assert numbers.loc[row["row"], "accuracy_published"] == row["published"]["accuracy"]
    assert numbers["uf1_mean"].isna()["theirs"]
    gfem, row = summaries["gfem"], numbers.reset_index().to_dict("records")[0]
    assert (row["uf1_low"], row["uf1_high"]) == gfem.uf1.interval
    assert [row[name] for name in ("method", "seeds", "clips", "stamps")] == ["gfem", 1, 80, "SYNTHETIC · REDUCED"]
    assert "- a note" in markdown.read_text()
    assert re.search(r"Made on \d{4}-\d\d-\d\d with merlab \d", markdown.read_text())


def test_precision_and_recall_are_means_over_classes(summaries):
    table = ComparedTable("x", "X", ("precision", "recall"), [ComparedRow("a", "gfem", {}, summaries["gfem"])])
    (row,) = table.numbers().to_dict("records")
    assert (row["precision_mean"], row["recall_mean"]) == (
        summaries["gfem"].macro_precision.mean,
        summaries["gfem"].uar.mean,
    )


def test_cells_of_other_columns_are_empty_where_a_row_has_none(summaries):
    rows = [
        ComparedRow("a", "gfem", {}, summaries["gfem"], cells={"speed": 12.3456, "why": None}),
        *baseline_rows(summaries),
    ]
    table = ComparedTable("x", "X", METRICS, rows)
    assert table.extra_columns == ["speed", "why"]
    assert list(table.text()["speed"]) == ["12.35", "–", "–", "–"]
    assert list(table.text()["why"]) == ["–"] * 4
    assert table.numbers()["speed"].tolist() == pytest.approx([12.3456, *[np.nan] * 3], nan_ok=True)


def test_the_accuracy_of_the_global_network_differs_between_two_tables_of_the_paper():
    published = [published_in(experiment_of("gfem"), source, ["accuracy"]) for source in ("Table 5", "Table 7")]
    assert published == [{"accuracy": 0.7577}, {"accuracy": 0.6631}]
    (note,) = (note for note in paper_notes("Table 7") if "GFEM" in note)
    assert "75.77 %" in note
    assert "66.31 %" in note
    assert not paper_notes("Table 9")


def test_pairs_of_columns_become_one_for_a_terminal(table):
    narrow = paired(table.text())
    assert list(narrow.columns) == [
        "row",
        "method",
        "accuracy, published | measured",
        "UF1, published | measured",
        "remark",
    ]
    assert str(narrow.iloc[0, 2]).startswith("0.7577 | .")


def test_a_table_without_published_values_has_no_empty_columns_for_them(summaries):
    table = ComparedTable("leak", "Leak", METRICS, [ComparedRow("a", "gfem", {}, summaries["gfem"])])
    columns = ["row", "method", "accuracy, measured", "UF1, measured", "remark"]
    assert list(table.text().columns) == columns
    assert list(paired(table.text()).columns) == columns


@pytest.mark.parametrize("table", ["Table 5", "Table 7", "Table 8"])
def test_stored_tables_state_the_contradictions_of_the_paper_as_its_recipe_does(table):
    stored = (STORED / f"{table.lower().replace(' ', '')}.md").read_text(encoding="utf-8")
    assert [note for note in paper_notes(table) if f"- {note}\n" not in stored] == []
