"""Methods of stored runs, compared where the clips are the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from merlab.cli.results import leaderboard
from merlab.errors import MerlabError
from merlab.evaluation.summary import Estimate
from merlab.json_models import write_model
from merlab.reports.blocks import leaderboard_block
from merlab.reports.leaderboard import Conditions, Leaderboard, LeaderboardLine, leaderboards, read_boards, write_csv
from merlab.reports.stored import store_result, stored_results
from tests.reports.fake_run import fake_metrics, fake_record, write_run

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
    boards = {board.conditions.protocol: board for board in leaderboards(stored_results(results))}
    assert [line.summary.method for line in boards["loso"].lines][:2] == ["dbfem-caffm", "linear-svm"]
    assert {line.run for line in boards["kfold"].lines} == {"c"}
    assert boards["kfold"].conditions.folds == 4


def test_two_schemes_of_your_own_with_one_name_have_a_table_each(tmp_path):
    for surprise in ("good", "bad"):
        labels = {"happiness": "good", "disgust": "bad", "surprise": surprise}
        record = fake_record(list(FIRST), Path("/data/faces"), scheme="your-own", labels=labels)
        store_result(write_run(tmp_path / surprise, FIRST, record), tmp_path / "results" / f"{surprise}.json", "merlab")
    boards = leaderboards(stored_results(tmp_path / "results"))
    assert [board.title for board in boards] == [
        f"synthetic, your-own (disgust: bad, happiness: good, surprise: {surprise}), loso, 8 folds, 80 clips tested:"
        for surprise in ("bad", "good")
    ]
    assert [set(board.numbers()["labels"]) for board in boards] == [
        {f"disgust: bad, happiness: good, surprise: {surprise}"} for surprise in ("bad", "good")
    ]


def test_other_clips_of_one_name_and_number_have_a_table_each(tmp_path):
    digests = {"first": "aa11", "again": "aa11", "other": "bb22"}
    for name, digest in digests.items():
        record = fake_record(list(FIRST), Path("/data/faces"), digest=digest)
        store_result(write_run(tmp_path / name, FIRST, record), tmp_path / "results" / f"{name}.json", "merlab")
    boards = leaderboards(stored_results(tmp_path / "results"))
    assert [board.title.rpartition("80 clips tested")[2] for board in boards] == [" (data aa11):", " (data bb22):"]
    assert [set(board.numbers()["data"]) for board in boards] == [{"aa11"}, {"bb22"}]
    # A result of an earlier merlab, without a digest, is with the only one there is.
    (tmp_path / "results" / "other.json").unlink()
    record = fake_record(list(SECOND), Path("/data/faces"), digest="")
    store_result(write_run(tmp_path / "old", SECOND, record), tmp_path / "results" / "old.json", "merlab")
    (board,) = leaderboards(stored_results(tmp_path / "results"))
    assert board.title.endswith("80 clips tested:")
    assert {line.run for line in board.lines} == {"first", "old"}


def test_two_sets_of_synthetic_faces_have_a_table_each(tmp_path):
    """Their clips have the same names and labels, so the digest of the data is the same."""
    for name, made in {"a": "preset easy, seed 0", "b": "preset hard, seed 0", "c": "preset easy, seed 0"}.items():
        record = fake_record(list(FIRST), Path("/data/faces"))
        record["databases"][0]["facts"]["made with"] = made
        store_result(write_run(tmp_path / name, FIRST, record), tmp_path / "results" / f"{name}.json", "merlab")
    boards = leaderboards(stored_results(tmp_path / "results"))
    assert [board.title.partition(", casme2-5")[0] for board in boards] == [
        f"synthetic (preset {preset}, seed 0)" for preset in ("easy", "hard")
    ]
    assert [{line.run for line in board.lines} for board in boards] == [{"c"}, {"b"}]


def test_a_method_with_the_same_result_in_two_runs_is_listed_once(results):
    board = next(board for board in leaderboards(stored_results(results)) if board.conditions.protocol == "loso")
    assert [line.summary.method for line in board.lines].count("constant") == 1


def test_the_best_of_a_table_are_the_best_methods_once_each_with_baselines_and_the_paper(results, tmp_path):
    (tmp_path / "a.json").write_bytes((results / "a.json").read_bytes())
    run = write_run(tmp_path / "run", {"ststnet": 0.95, "rcn-a": 0.8, "dbfem-caffm": 0.6, "linear-svm": 0.3})
    store_result(run, tmp_path / "b.json", "merlab evaluate")
    full, best = (leaderboard_block(name, tmp_path, "a document") for name in ("casme2-5", "casme2-5 best 1"))
    assert best.splitlines()[0] == full.splitlines()[0]
    rows = [line.strip("| ").split(" | ") for line in best.splitlines() if line.startswith("|")]
    assert rows[0] == ["method", "UF1", "UAR", "accuracy", "preset", "seeds", "stamps"]
    assert [row[0] for row in rows[2:]] == ["ststnet", "dbfem-caffm", "linear-svm", "constant"]
    of_both_runs = [line.split(" | ")[1] for line in full.splitlines() if line.startswith("| linear-svm |")]
    assert len(of_both_runs) == 2
    assert rows[4][1] == max(of_both_runs)


@pytest.mark.parametrize("most", ["", "-1", "two"])
def test_a_number_of_best_methods_is_a_whole_one(results, most):
    with pytest.raises(MerlabError, match=f"requests the best '{most}' of a leaderboard; give a whole number"):
        leaderboard_block(f"casme2-5 best {most}", results, "a document")


def test_the_csv_holds_numbers_with_date_seeds_interval_and_stamps_and_is_checked(results):
    boards = read_boards(results)
    assert not write_csv(boards, results, check=True)
    assert write_csv(boards, results, check=False)
    assert write_csv(boards, results, check=True)
    table = pd.read_csv(results / "leaderboard.csv")
    assert len(table) == 3 + 2
    assert {"uf1_mean", "uf1_low", "uf1_high", "seeds", "stamps", "date", "commit", "merlab", "preset", "run"} <= set(
        table
    )
    assert set(table["date"]) == {"2026-05-04"}
    conditions = table[["databases", "scheme", "protocol", "folds"]].drop_duplicates().to_numpy().tolist()
    assert conditions == [["synthetic", "casme2-5", "kfold", 4], ["synthetic", "casme2-5", "loso", 8]]


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(MerlabError, match="contains no stored result"):
        read_boards(tmp_path)


def test_rows_of_several_versions_of_merlab_are_noted_with_the_table(results):
    boards = {board.conditions.protocol: board for board in read_boards(results)}
    assert [board.note for board in boards.values()] == ["", ""]
    stored = stored_results(results)
    stored["b"] = stored["b"].model_copy(update={"versions": {"merlab": "0.0.9"}})
    noted = {board.conditions.protocol: board for board in leaderboards(stored)}
    made = stored["a"].versions["merlab"]
    assert noted["loso"].note.startswith(f"The rows are of several versions of merlab (0.0.9, {made})")
    assert noted["kfold"].note == ""
    of_methods = noted["loso"].numbers().set_index("method")["merlab"]
    assert (of_methods["dbfem-caffm"], of_methods["linear-svm"]) == ("0.0.9", made)


def test_the_note_is_below_the_table_of_a_document_and_printed_by_the_command(results, tmp_path, capsys):
    for name, stored in stored_results(results).items():
        versions = {"merlab": "0.0.9"} if name == "b" else stored.versions
        write_model(tmp_path / f"{name}.json", stored.model_copy(update={"versions": versions}))
    block = leaderboard_block("casme2-5 loso", tmp_path, "a document")
    assert block.rstrip().splitlines()[-1].startswith("The rows are of several versions of merlab (0.0.9, ")
    assert "several versions" not in leaderboard_block("casme2-5 kfold", tmp_path, "a document")
    leaderboard(tmp_path)
    assert capsys.readouterr().out.count("The rows are of several versions of merlab (0.0.9, ") == 1


def board(method: str, scheme: str = "megc2019", **uf1: Estimate) -> Leaderboard:
    """A leaderboard of one method with these UF1 on databases."""
    summary = fake_metrics({method: 0.9})[0].model_copy(update={"stamps": ("REDUCED", "3 SEEDS")})
    scores = summary.by_database["synthetic"]
    databases = {name: scores.model_copy(update={"uf1": value}) for name, value in uf1.items()}
    line = LeaderboardLine("run", "2026-05-04", "", "reduced", summary.model_copy(update={"by_database": databases}))
    return Leaderboard(Conditions(tuple(uf1), scheme, "loso", 40, 309), [line])


def test_each_database_is_listed_beside_what_was_published_on_it_and_where_that_lies():
    uf1 = Estimate(mean=0.8, sd=0.01, interval=(0.75, 0.82))
    table = board("ststnet", casme2=uf1, smic=uf1).beside_published()
    # STSTNet paper, Table III (UF1 .8382 and .6801), and MEB's re-run of the last epoch (.7036 and .7139).
    honest = table[table["model"] == "last epoch"].to_dict("records")
    rows = {(row["published by"], row["database"]): row for row in honest}
    assert rows["STSTNet", "casme2"]["published is"] == "above the interval"
    assert rows["STSTNet", "casme2"]["published UF1"] == ".838"
    assert rows["STSTNet", "smic"]["published is"] == "below the interval"
    assert rows["STSTNet (MEB re-run)", "casme2"]["published is"] == "below the interval"
    assert "samm" not in set(table["database"])


def test_measured_values_beside_published_ones_keep_their_stamps():
    table = board("ststnet", smic=Estimate(mean=0.8, sd=None, interval=None)).beside_published()
    assert set(table["stamps"]) == {"REDUCED · 3 SEEDS"}


def test_results_of_other_classes_are_not_listed_beside_those_of_the_composite():
    """The published values are of three classes, whatever the database."""
    assert board("ststnet", "casme2-5", casme2=Estimate(mean=0.8, sd=None, interval=None)).beside_published().empty


def test_without_an_interval_a_published_value_is_listed_without_a_place():
    table = board("ststnet", smic=Estimate(mean=0.8, sd=None, interval=None)).beside_published()
    assert set(table["published is"]) == {"without an interval to compare with"}


def test_a_method_without_a_published_result_has_no_row():
    assert board("linear-svm", smic=Estimate(mean=0.6, sd=None, interval=(0, 1))).beside_published().empty
