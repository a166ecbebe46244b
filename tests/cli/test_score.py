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
        ("truth,prediction\na,\n", "line 2: prediction is empty"),
        ("", "is empty; write the column names"),
    ],
)
def test_score_names_what_is_wrong_with_a_file(merlab, tmp_path, content, named):
    (tmp_path / "p.csv").write_text(content)
    status, _, err = merlab("score", tmp_path / "p.csv")
    assert status == 1
    assert named in err


def test_score_prints_three_decimals_as_all_tables_do(merlab, tmp_path):
    """2999 of 3000 is not all; recalls 1 and 1499/1500, F1 2998/2999 and 3000/3001."""
    rows = [("a", "a", "smic")] * 1499 + [("a", "b", "smic")] + [("b", "b", "smic")] * 1500
    file = score_file(tmp_path / "p.csv", rows, ("truth", "prediction", "database"))
    shown = [line.split("│")[1:-1] for line in merlab("score", file)[1].splitlines() if "│" in line]
    cells = {each[0].strip(): [cell.strip() for cell in each[1:]] for each in shown}
    assert cells["uf1"][0] == cells["accuracy"][0] == ".999"
    assert cells["smic"] == ["3000", ".999", "no column subject", ".999", ".999", "none"]


def test_score_prints_intervals_absent_classes_and_repairs(merlab, tmp_path):
    rows = [("0", "0.0", "s1"), ("1", "1.0", "s2"), ("1", "1.0", "s3")]
    file = score_file(tmp_path / "p.csv", rows, ("truth", "prediction", "subject"))
    status, out, _ = merlab("score", file, "--classes", "0,1,[/2]")
    assert status == 0
    assert "95 % interval" in out
    # Three subjects of three: Clopper and Pearson's lower limit is .025 ** (1 / 3).
    assert ".292 to 1.000" in out
    assert "note: no row has the truth [/2]" in out
    assert "1.0 in truth or prediction is read as 1" in out


def test_score_prints_an_interval_from_its_lower_to_its_upper_end(merlab, tmp_path):
    """Of two subjects, one always right and one never: in a quarter of the samples each is alone."""
    rows = [("a", "a", "s1"), ("b", "b", "s1"), ("a", "b", "s2"), ("b", "a", "s2")]
    file = score_file(tmp_path / "p.csv", rows, ("truth", "prediction", "subject"))
    lines = [line.split("│") for line in merlab("score", file)[1].splitlines()]
    (cells,) = ([cell.strip() for cell in line[2:4]] for line in lines if len(line) > 1 and "accuracy" in line[1])
    assert cells == [".500", ".000 to 1.000"]


def test_score_writes_valid_json_with_notes_only_where_something_was_repaired(merlab, tmp_path):
    def refuse(constant):
        raise AssertionError(constant)

    for rows, repaired in (([("0", "0.0", "s")], True), ([("0", "0", "s")], False)):
        file = score_file(tmp_path / "p.csv", rows, ("truth", "prediction", "subject"))
        result = json.loads(merlab("score", file, "--json")[1], parse_constant=refuse)
        assert result["accuracy"] == 1.0
        assert ("notes" in result) == repaired


@pytest.mark.parametrize(
    ("classes", "named"),
    [("a,b,b", "repeats b"), ("", "is empty"), ("a,,b", "an empty name"), ("a,c", "line 3: truth b is not among")],
)
def test_score_refuses_classes_that_are_repeated_empty_or_do_not_fit(merlab, tmp_path, classes, named):
    file = score_file(tmp_path / "p.csv", [("a", "a"), ("b", "a")])
    status, _, err = merlab("score", file, "--classes", classes)
    assert status == 1
    assert named in err
    assert "Traceback" not in err


def test_a_score_of_a_folder_names_it(merlab, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    status, _, err = merlab("score", tmp_path / "folder.csv")
    assert status == 1
    assert "is a folder" in err
