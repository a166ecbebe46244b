"""The rows of Table 8."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.engines import LocalEngine
from merlab.methods import METHODS
from merlab.reproduction import Bench
from merlab.reproduction.table_8 import OTHER, check_rows, chosen_rows, table_8, table_8_rows
from tests.helpers import write_flow_tree


@pytest.fixture
def bench(tmp_path):
    root = write_flow_tree(tmp_path / "flow")

    def made(*rows, **changes):
        given = {"database": "ststnet-flow", "root": root, "seeds": 1, "epochs": 1, "engine": LocalEngine(1)}
        return Bench(tmp_path / "out", rows=rows, cache=tmp_path / "cache", **{**given, **changes})

    return made


def test_without_names_all_fourteen_rows_are_chosen_and_nothing_else():
    listed, others = chosen_rows(())
    assert len(listed) == 14
    assert others == []
    assert listed == table_8_rows()


def test_rows_are_named_by_method_or_as_printed_and_stay_in_the_order_of_the_table():
    listed, others = chosen_rows(("dbfem-caffm", "ststnet", "ktgsl", "LBP-TOP", "constant"))
    assert [row.merlab for row in listed] == ["lbp-top", "ktgsl", "dbfem-caffm"]
    assert others == ["ststnet"]


def test_a_misspelled_row_and_rows_of_another_target_are_refused():
    with pytest.raises(MerlabError, match="unknown row 'ktgls'; did you mean ktgsl"):
        check_rows(("ktgls",), ("table8",))
    with pytest.raises(MerlabError, match="--rows chooses rows of table8, and the target is table5"):
        check_rows(("ktgsl",), ("table5",))


@pytest.mark.slow
def test_each_row_of_table_8_states_on_how_many_clips_and_classes_its_figure_was_measured(bench, tmp_path):
    table = table_8(bench("fr", "lbp-top", "off-apexnet", "sssn", "akmnet"))
    content = {row["row"]: row for row in json.loads(table.write(tmp_path)[2].read_text())["rows"]}
    assert content["FR / FeatRef"]["published on"] == "253 clips, 5 classes"
    assert content["LBP-TOP"]["published on"] == "246 clips, 5 classes"
    clips = content["FR / FeatRef"]["measured"]["clips"]
    assert content["FR / FeatRef"]["measured on"] == f"{clips} clips, 3 classes"
    numbers = {row["row"]: row for row in pd.read_csv(tmp_path / "table8.csv").to_dict("records")}
    # Stored flow has no frames: the row gives the reason, and is not measured.
    assert "optical-flow image" in numbers["LBP-TOP"]["remark"]
    assert numbers[OTHER]["method"] == "off-apexnet"
    assert [row.method for row in table.rows[-3:]] == ["constant", "random", "linear-svm"]
    assert 0 < numbers["FR / FeatRef"]["precision_mean"] < 1
    assert 0 < numbers["FR / FeatRef"]["recall_mean"] < 1
    # Both were published with a start from trained weights; AKMNet needs frames and is not measured.
    random_start = "Published with a start from trained weights, measured here from random ones: SSSN. "
    assert [note for note in table.notes if "random" in note] == [
        f"{random_start}merlab evaluate --from starts from weights of your own."
    ]


@pytest.mark.slow
def test_a_row_that_was_measured_is_not_measured_again_with_others(bench, tmp_path):
    table_8(bench("ststnet"))
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("parts/*/*.parquet")}
    table = table_8(bench("ststnet", "bi-woof"))
    assert [row.method for row in table.rows[:2]] == ["ststnet", "bi-woof"]
    assert parts
    assert all(path.stat().st_mtime_ns == time for path, time in parts.items())


def test_merlab_has_the_method_of_every_row():
    assert {row.merlab for row in table_8_rows()} <= set(METHODS)
