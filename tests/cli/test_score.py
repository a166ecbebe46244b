"""Metrics of predictions from any tool, as a user types it."""

from __future__ import annotations

import json

import pandas as pd
import pytest


def score_file(path, rows, columns=("truth", "prediction")):
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return path


def test_score_gives_the_numbers_of_the_definitions(merlab, tmp_path):
    file = score_file(tmp_path / "p.csv", [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
    result = json.loads(merlab("score", file, "--json")[1])
    assert result["n"] == 4
    assert result["classes"] == ["a", "b"]
    assert result["confusion"] == [[1, 1], [0, 2]]
    assert result["accuracy"] == 0.75
    assert result["uar"] == 0.75
    assert result["uf1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert result["macro_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert result["by_database"] == {}


def test_score_splits_by_database(merlab, tmp_path):
    rows = [("a", "a", "smic"), ("b", "a", "smic"), ("b", "b", "samm")]
    file = score_file(tmp_path / "p.csv", rows, ("truth", "prediction", "database"))
    result = json.loads(merlab("score", file, "--json")[1])
    assert result["by_database"]["smic"]["accuracy"] == 0.5
    assert result["by_database"]["samm"]["classes"] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("truth,guess\na,b\n", "no column prediction"),
        ("truth,prediction\n", "no rows"),
        ("truth,prediction\na,\n", "row 1"),
        ("", "cannot be read"),
    ],
)
def test_score_names_what_is_wrong_with_a_file(merlab, tmp_path, content, named):
    (tmp_path / "p.csv").write_text(content)
    status, _, err = merlab("score", tmp_path / "p.csv")
    assert status == 1
    assert named in err
