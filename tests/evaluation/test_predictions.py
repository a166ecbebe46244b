"""The predictions store: it returns what was stored, whole, in a fixed order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.predictions import (
    PredictionStore,
    joined,
    predictions_table,
    read_each,
    read_predictions,
    write_predictions,
)

CLASSES = ["negative", "positive"]


def fold_table(fold: str, clips: list[str], seed: int = 0) -> pd.DataFrame:
    rows = pd.DataFrame({"clip": clips}).assign(
        run="key", method="constant", database="casme2", subject=fold, fold=fold, seed=seed
    )
    probabilities = np.tile([0.25, 0.75], (len(clips), 1))
    return predictions_table(rows, ["negative"] * len(clips), probabilities, CLASSES)


def test_the_decision_is_the_class_of_the_highest_probability():
    table = predictions_table(
        pd.DataFrame({"clip": ["a", "b"]}), ["negative", "positive"], np.array([[0.9, 0.1], [0.2, 0.8]]), CLASSES
    )
    assert table["prediction"].tolist() == ["negative", "positive"]
    assert table["p_negative"].tolist() == [0.9, 0.2]
    assert table["p_positive"].tolist() == [0.1, 0.8]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_probabilities_that_are_not_finite_are_refused(bad):
    with pytest.raises(MerlabError, match="not finite"):
        predictions_table(pd.DataFrame({"clip": ["a"]}), ["negative"], np.array([[bad, 0.0]]), CLASSES)


def test_the_files_become_one_table_in_a_fixed_order_whatever_the_order_of_work(tmp_path):
    tables = []
    for name, order in (("forwards", 1), ("backwards", -1)):
        store = PredictionStore(tmp_path / name)
        folds = [("sub01", ["EP2", "EP1"]), ("sub02", ["EP1"])][::order]
        for fold, clips in folds:
            store.write_fold("key", fold, 0, fold_table(fold, clips))
        tables.append(joined(read_each([store.fold_path("key", fold, 0) for fold, _ in folds]).values()))
        store.write_all(tables[-1])
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert tables[0][["subject", "clip"]].to_numpy().tolist() == [["sub01", "EP1"], ["sub01", "EP2"], ["sub02", "EP1"]]
    pd.testing.assert_frame_equal(read_predictions(tmp_path / "forwards" / "predictions.parquet"), tables[0])


def test_rows_of_a_larger_table_are_stored_without_their_numbers(tmp_path):
    write_predictions(tmp_path / "p.parquet", fold_table("sub01", ["EP1", "EP2"]).iloc[1:])
    assert pq.read_schema(tmp_path / "p.parquet").names == list(fold_table("sub01", ["EP1"]))
    assert list(read_predictions(tmp_path / "p.parquet").index) == [0]


def test_a_folder_with_a_colon_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_predictions(Path("run:1/p.parquet"), fold_table("sub01", ["EP1"]))
    assert read_predictions(Path("run:1/p.parquet"))["clip"].tolist() == ["EP1"]


def test_every_fold_and_seed_has_its_own_file_also_when_its_name_has_a_slash(tmp_path):
    store = PredictionStore(tmp_path)
    paths = {store.fold_path("key", fold, seed) for fold in ("casme2/sub01", "casme2/sub02") for seed in (0, 1)}
    assert len(paths) == 4
    assert {path.parent for path in paths} == {tmp_path / "parts" / "key"}


@pytest.mark.parametrize(
    "folds",
    [
        ("lab/2_anna", "lab_2/anna"),
        ("lab/ANNA", "lab/anna"),
        ("lab/a:b", "lab/a?b"),
        ("lab/" + "a" * 300 + "1", "lab/" + "a" * 300 + "2"),
        ("lab/" + "高" * 90 + "1", "lab/" + "高" * 90 + "2"),
    ],
)
def test_no_two_folds_share_a_file_also_where_a_file_system_ignores_case(tmp_path, folds):
    paths = [PredictionStore(tmp_path).fold_path("key", fold, 0) for fold in folds]
    assert len({path.name.casefold() for path in paths}) == 2
    assert all(len(path.name.encode()) < 200 for path in paths)


def test_the_file_of_an_earlier_merlab_is_used_unless_it_could_be_of_another_fold(tmp_path):
    store = PredictionStore(tmp_path)
    earlier = tmp_path / "parts" / "key" / "lab_2_anna-seed0.parquet"
    write_predictions(earlier, fold_table("2_anna", ["EP1"]))
    assert store.stored_path("key", "lab/2_anna", 0, ["lab/2_anna", "lab/3_bob"]) == earlier
    for fold in ("lab/2_anna", "lab_2/anna"):
        path = store.stored_path("key", fold, 0, ["lab/2_anna", "lab_2/anna"])
        assert path == store.fold_path("key", fold, 0) != earlier


def test_an_interrupted_write_leaves_no_file(tmp_path, monkeypatch):
    store = PredictionStore(tmp_path)

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", stop)
    with pytest.raises(KeyboardInterrupt):
        store.write_fold("key", "sub01", 0, fold_table("sub01", ["EP1"]))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_changed_number_in_a_file_is_noticed(tmp_path):
    """Without compression, the bytes of a number are in the file as they are."""
    path, table = tmp_path / "p.parquet", fold_table("sub01", ["EP1", "EP2"])
    write_predictions(path, table)
    stored = pq.read_table(path)
    pq.write_table(stored, path, compression="none", use_dictionary=False)
    pd.testing.assert_frame_equal(read_predictions(path), table)
    right, wrong = (np.float64(value).tobytes() for value in (0.75, 0.8125))
    path.write_bytes(path.read_bytes().replace(right, wrong))
    assert pq.read_table(path)["p_positive"].to_pylist() == [0.8125, 0.8125]
    with pytest.raises(MerlabError, match=r"p\.parquet is damaged: .* digest .*; remove the file and run the command"):
        read_predictions(path)


def test_files_without_a_digest_are_read_with_one_warning(tmp_path):
    store, paths = PredictionStore(tmp_path), [tmp_path / f"{name}.parquet" for name in "abc"]
    for path in paths:
        fold_table(path.stem, ["EP1"]).to_parquet(path, index=False)
    with pytest.warns(UserWarning, match=r"a\.parquet and 2 more: written before") as caught:
        table = joined(read_each(paths).values())
    assert len(caught) == 1
    with pytest.warns(UserWarning, match=r"a\.parquet: written before"):
        read_predictions(paths[0])
    store.write_all(table)
    pd.testing.assert_frame_equal(read_predictions(tmp_path / "predictions.parquet"), table)


def test_a_file_without_a_digest_is_refused_in_a_run_whose_files_have_one(tmp_path):
    path = tmp_path / "p.parquet"
    fold_table("sub01", ["EP1"]).to_parquet(path, index=False)
    with pytest.raises(
        MerlabError, match=r"p\.parquet has no digest, but .* another program has changed it; remove the"
    ):
        read_predictions(path, sealed=True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.parquet", None, "does not exist"),
        ("damaged.parquet", b"PAR1 cut off", "cannot be read as Parquet"),
        ("empty.parquet", b"", "cannot be read as Parquet"),
        ("table.csv", b"truth,prediction", "cannot be read as Parquet"),
    ],
)
def test_a_file_that_holds_no_table_is_named_with_what_is_wrong(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MerlabError, match=message) as caught:
        read_predictions(path)
    assert name in str(caught.value)
