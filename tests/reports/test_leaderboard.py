"""Methods of stored runs, compared where the clips are the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.reports.leaderboard import leaderboards, write_csv
from merlab.reports.stored import store_result, stored_results
from tests.reports.fake_run import fake_record, write_run

FIRST = {"constant": 0.0, "linear-svm": 0.5}
SECOND = {"constant": 0.0, "dbfem-caffm": 0.9}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaderboard")
    other = fake_record(list(FIRST), Path("/data/faces"), protocol="kfold", folds=4)
    for name, run in {
        "a": write_run(folder / "run-a", FIRST),
        "b": write_run(folder / "run-b", SECOND),
        "c": write_run(folder / "run-c", FIRST, other),
    }.items():
        store_result(run, folder / "results" / f"{name}.json", "merlab evaluate")
    return folder / "results"


def test_runs_of_the_same_clips_and_folds_share_a_table_and_others_do_not(results):
    boards = {board.contest.protocol: board for board in leaderboards(stored_results(results))}
    assert [line.summary["method"] for line in boards["loso"].lines][:2] == ["dbfem-caffm", "linear-svm"]
    assert {line.run for line in boards["kfold"].lines} == {"c"}
    assert boards["kfold"].contest.folds == 4


def test_a_method_that_two_runs_hold_with_the_same_result_stands_once(results):
    board = next(board for board in leaderboards(stored_results(results)) if board.contest.protocol == "loso")
    assert [line.summary["method"] for line in board.lines].count("constant") == 1


def test_the_csv_holds_numbers_with_date_seeds_interval_and_stamps_and_is_checked(results):
    assert not write_csv(results, check=True)
    assert write_csv(results, check=False)
    assert write_csv(results, check=True)
    table = pd.read_csv(results / "leaderboard.csv")
    assert len(table) == 3 + 2
    assert {"uf1_mean", "uf1_low", "uf1_high", "seeds", "stamps", "date", "commit", "preset", "run"} <= set(table)
    assert set(table["date"]) == {"2026-05-04"}


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(MerlabError, match="holds no stored result"):
        write_csv(tmp_path, check=True)
