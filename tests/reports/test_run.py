"""Reading a run folder, and what is said where there is none, an unfinished or a damaged one."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.predictions import write_predictions
from merlab.evaluation.run_record import DatabaseFacts
from merlab.reports.run import read_run
from tests.reports.fake_run import SKILLS, STAMPS, fake_metrics, fake_predictions, fake_record, write_run


def test_metrics_are_recomputed_from_the_predictions_with_the_stamps_of_data_and_method(tmp_path):
    metrics = read_run(write_run(tmp_path / "run")).summaries
    stamps = {method: ["SYNTHETIC", *STAMPS.get(method, [])] for method in SKILLS}
    assert metrics == fake_metrics(stamps=stamps)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"elsewhere does not exist; give the folder that `merlab evaluate` wrote"):
        read_run(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(MerlabError, match=r"elsewhere is not a run folder, it contains no run.json.*merlab evaluate"):
        read_run(tmp_path / "elsewhere")


def test_a_run_without_predictions_is_unfinished(tmp_path):
    (write_run(tmp_path / "run") / "predictions.parquet").unlink()
    with pytest.raises(MerlabError, match="unfinished.*run the same `merlab evaluate` command again"):
        read_run(tmp_path / "run")


def test_a_run_that_lacks_a_method_or_a_seed_is_unfinished(tmp_path):
    folder = write_run(tmp_path / "run")
    table = fake_predictions(SKILLS)
    late = (table["method"] == "linear-svm") | ((table["method"] == "random") & (table["seed"] == 1))
    write_predictions(folder / "predictions.parquet", table[~late])
    with pytest.raises(MerlabError, match="unfinished, it lacks random seed 1, linear-svm seed 0"):
        read_run(folder)


def test_predictions_that_lost_rows_are_refused(tmp_path):
    folder = write_run(tmp_path / "run")
    write_predictions(folder / "predictions.parquet", fake_predictions(SKILLS).iloc[3:])
    with pytest.raises(MerlabError, match="from 77 to 80 clips"):
        read_run(folder)


def test_predictions_without_a_digest_are_refused_where_the_run_wrote_one(tmp_path):
    folder = write_run(tmp_path / "run", record={**fake_record(list(SKILLS), tmp_path), "sealed": True})
    fake_predictions(SKILLS).to_parquet(folder / "predictions.parquet", index=False)
    with pytest.raises(MerlabError, match=r"predictions\.parquet has no digest"):
        read_run(folder)


def lost_clip(table):
    return table[table["clip"] != "EP03"]


def repeated_clip(table):
    return table.assign(clip=table["clip"].replace("EP03", "EP04"))


def changed_decision(table):
    return table.assign(prediction=table["truth"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lost_clip, "contains predictions of 72 clips, but the run tested 80"),
        (repeated_clip, "has more than one prediction for synthetic/sub00/EP04"),
        (changed_decision, "has a prediction that is not the class of the highest probability"),
    ],
)
def test_predictions_that_were_changed_by_hand_are_refused_even_without_a_digest(tmp_path, change, message):
    folder = write_run(tmp_path / "run")
    change(fake_predictions(SKILLS)).to_parquet(folder / "predictions.parquet", index=False)
    with pytest.warns(UserWarning, match="before merlab stored digests"), pytest.raises(MerlabError, match=message):
        read_run(folder)


def test_predictions_without_a_column_are_refused(tmp_path):
    folder = write_run(tmp_path / "run")
    write_predictions(folder / "predictions.parquet", pd.DataFrame({"truth": ["a"]}))
    with pytest.raises(MerlabError, match="no column run, method, .*, prediction; remove the file"):
        read_run(folder)


def test_predictions_of_other_classes_are_refused(tmp_path):
    folder = write_run(tmp_path / "run")
    write_predictions(folder / "predictions.parquet", fake_predictions(SKILLS).replace("disgust", "di{gust"))
    with pytest.raises(MerlabError, match=r"predictions\.parquet has the class di\{gust, which is not one"):
        read_run(folder)


def test_a_damaged_table_is_named_with_the_remedy(tmp_path):
    path = write_run(tmp_path / "run") / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(MerlabError, match=r"predictions\.parquet cannot be read as Parquet: [^;]*; remove the [^;]*$"):
        read_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{ cut off", "not valid JSON .*; choose a new folder, or .* run the command that wrote it again"),
        ("[]", "content"),
        ('{"started": "2026-05-04T10:00:00"}', "databases: "),
    ],
)
def test_a_record_that_is_damaged_or_foreign_is_named_with_what_is_wrong(tmp_path, content, message):
    (write_run(tmp_path / "run") / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(MerlabError, match=message) as caught:
        read_run(tmp_path / "run")
    assert "run.json" in str(caught.value)


def test_a_field_deep_inside_the_record_is_named(tmp_path):
    path = write_run(tmp_path / "run") / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["methods"][1]["seeds"] = "many"
    del record["content_digest"]
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(MerlabError, match=r"methods\.1\.seeds"):
        read_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("root", "value", "shared"),
    [
        ("faces", "2 frames a clip. faces", "2 frames a clip. faces"),
        ("absolute", "table {root}/sub/coding.xlsx, sheet 1", "table sub/coding.xlsx, sheet 1"),
        ("absolute", "{elsewhere}/coding.xlsx", "coding.xlsx"),
    ],
)
def test_facts_for_others_name_no_folder_of_this_machine(tmp_path: Path, root, value, shared):
    folder = str(tmp_path / "faces") if root == "absolute" else root
    facts = {"table": value.format(root=folder, elsewhere=tmp_path / "other")}
    assert DatabaseFacts(name="casme2", root=folder, facts=facts).shareable == {"table": shared}


@pytest.mark.parametrize(
    ("root", "value", "shared"),
    [
        (r"C:\Users\Anna\CASME2", r"C:\Users\Anna\CASME2\coding.xlsx", "coding.xlsx"),
        ("C:/Users/Anna/CASME2", r"table C:\Users\Anna\CASME2\sub\coding.xlsx", r"table sub\coding.xlsx"),
        (r"\\server\anna\CASME2", r"\\server\anna\tables\coding.xlsx", "coding.xlsx"),
        ("/home/anna/CASME2", "/home/anna/tables/coding.xlsx", "coding.xlsx"),
    ],
)
def test_facts_for_others_name_no_folder_of_another_system_either(root, value, shared):
    """A run of Windows may be stored and reported on Linux."""
    assert DatabaseFacts(name="casme2", root=root, facts={"table": value}).shareable == {"table": shared}
