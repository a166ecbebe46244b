"""Evaluate with weights to start from and synthetic flow, as a user types it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from safetensors.numpy import save_file

from merlab.databases import load
from merlab.evaluation.seen_inputs import input_digests
from merlab.inputs import load_inputs, parse_recipe
from merlab.synthesis import make_faces
from merlab.synthesis.flow_writing import make_flow
from tests.cli.commands import evaluate
from tests.cli.processes import started, wait_until
from tests.helpers import files_in, write_flow_tree
from tests.training_material import write_start

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_drawn")]

SHORT = {"epochs": 1, "set": "steps=2"}


@pytest.fixture(scope="module")
def synthetic(shared_folder) -> Path:
    """Nine synthetic clips of three subjects as flow."""
    folder = shared_folder / "training-material"
    with FileLock(f"{folder}.lock"):
        return make_flow(folder / "flow-clips", subjects=3, clips=3, jobs=1)


@pytest.fixture
def two(tmp_path) -> Path:
    """Stored flow of two subjects: two folds, where their number does not matter."""
    return write_flow_tree(tmp_path / "two-subjects", ("sub01", "s03"))


@pytest.fixture
def start(tmp_path) -> Path:
    return write_start(tmp_path / "start.safetensors")


def pretrained(flow, *methods, **options):
    return evaluate(flow, *(methods or ("flow-cnn",)), preset="pretrained", **{**SHORT, **options})


def methods_of(run: Path) -> dict[str, dict[str, Any]]:
    return {method["method"]: method for method in json.loads((run / "run.json").read_text())["methods"]}


def test_the_run_names_what_its_training_used_and_only_for_the_methods_that_used_it(
    merlab, two, start, synthetic, tmp_path
):
    arguments = pretrained(two, "flow-cnn", "joint-svm", "constant")
    status, _, err = merlab(*arguments, "--from", start, "--synthetic", synthetic)
    assert (status, err) == (0, err)
    found = methods_of(tmp_path / "run")
    assert [each["name"] for each in found["flow-cnn"]["starts"]] == ["start.safetensors"]
    assert found["joint-svm"]["starts"] == found["constant"]["starts"] == []
    assert found["flow-cnn"]["synthetic"] == found["joint-svm"]["synthetic"]
    assert (found["joint-svm"]["synthetic"]["subjects"], found["joint-svm"]["synthetic"]["clips"]) == (3, 9)
    assert found["constant"]["synthetic"] is None
    sha256 = found["flow-cnn"]["starts"][0]["sha256"]
    line = (
        f"starts from start.safetensors (sha256 {sha256[:12]}), trained on SYNTHETIC faces only; a third of each batch "
        "synthetic: flow-clips (3 subjects, 9 clips"
    )
    assert line in (tmp_path / "run" / "report.html").read_text()
    assert f"flow-cnn: {line}" in (tmp_path / "run" / "results.md").read_text()
    assert "--from start.safetensors --synthetic flow-clips" in (tmp_path / "run" / "report.html").read_text()
    assert str(tmp_path) not in (tmp_path / "run" / "report.html").read_text()


def test_a_start_that_was_trained_on_tested_clips_under_another_name_is_refused(merlab, two, synthetic, tmp_path):
    def started(start, out):
        return merlab(*pretrained(two, out=out), "--from", start, "--synthetic", synthetic)

    assert started(write_start(tmp_path / "other.safetensors", databases=["another"]), "before")[0] == 0
    recipe = parse_recipe(methods_of(tmp_path / "before")["flow-cnn"]["input"])
    seen = input_digests(load_inputs(load("ststnet-flow", two), recipe)[:2])
    start = write_start(tmp_path / "start.safetensors", databases=["another"], inputs=seen)
    status, _, err = started(start, "run")
    assert (status, "start.safetensors was trained on 2 of the clips of this run, such as" in err) == (1, True), err
    assert not (tmp_path / "run" / "parts").exists()


def test_a_baseline_beside_it_has_the_run_key_that_it_has_alone(merlab, two, start, synthetic, tmp_path):
    merlab(*pretrained(two, "flow-cnn", "linear-svm", out="beside"), "--from", start, "--synthetic", synthetic)
    merlab(*evaluate(two, "linear-svm", out="alone"))
    beside, alone = (methods_of(tmp_path / run)["linear-svm"] for run in ("beside", "alone"))
    assert beside["key"] == alone["key"]


def test_another_start_or_other_synthetic_flow_is_another_run_of_the_method(
    merlab, two, start, synthetic, tmp_path_factory, tmp_path
):
    other_start = write_start(tmp_path / "other.safetensors", seed=1)
    other_flow = make_flow(tmp_path_factory.mktemp("other") / "flow-clips", subjects=1, clips=3, seed=1, jobs=1)
    keys = []
    for file, folder in ((start, synthetic), (start, synthetic), (other_start, synthetic), (start, other_flow)):
        assert merlab(*pretrained(two), "--from", file, "--synthetic", folder)[0] == 0
        keys.append(methods_of(tmp_path / "run")["flow-cnn"]["key"])
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_a_method_that_stays_in_the_folder_does_not_need_its_files_again(merlab, two, start, synthetic, tmp_path):
    merlab(*pretrained(two), "--from", start, "--synthetic", synthetic)
    before = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    start.unlink()
    status, _, err = merlab(*evaluate(two, "constant"))
    assert (status, err) == (0, err)
    after = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    kept = after[after["method"] == "flow-cnn"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before.reset_index(drop=True))
    assert set(methods_of(tmp_path / "run")) == {"flow-cnn", "constant"}


def test_an_unfinished_method_in_the_folder_is_named_with_its_files(merlab, two, start, synthetic, tmp_path):
    merlab(*pretrained(two), "--from", start, "--synthetic", synthetic)
    next((tmp_path / "run" / "parts").rglob("*.parquet")).unlink()
    status, _, err = merlab(*evaluate(two, "constant"))
    assert status == 1
    assert "unfinished run of flow-cnn, which uses start.safetensors, flow-clips; run its command again" in _one(err)


@pytest.mark.usefixtures("prepared_processes")
def test_worker_processes_predict_the_same(merlab, two, start, synthetic, tmp_path):
    for jobs in (1, 2):
        arguments = pretrained(two, "flow-ensemble", out=f"jobs{jobs}", jobs=jobs)
        assert merlab(*arguments, "--from", start, "--synthetic", synthetic)[0] == 0
    alone, together = (pd.read_parquet(tmp_path / f"jobs{jobs}" / "predictions.parquet") for jobs in (1, 2))
    pd.testing.assert_frame_equal(alone, together)


def test_databases_are_held_out_as_without(merlab, flow, start, synthetic, tmp_path):
    arguments = pretrained(flow, protocol="hold-out-database")
    status, _, err = merlab(*arguments, "--from", start, "--synthetic", synthetic)
    assert (status, err) == (0, err)
    assert set(pd.read_parquet(tmp_path / "run" / "predictions.parquet")["fold"]) == {"casme2", "samm", "smic"}


def test_several_starts_are_named_in_their_order(merlab, two, synthetic, tmp_path):
    files = [write_start(tmp_path / f"{seed}.safetensors", seed=seed) for seed in range(2)]
    options = [text for file in files for text in ("--from", file)]
    status, _, err = merlab(*pretrained(two), *options, "--synthetic", synthetic)
    assert (status, err) == (0, err)
    starts = methods_of(tmp_path / "run")["flow-cnn"]["starts"]
    assert [each["name"] for each in starts] == ["0.safetensors", "1.safetensors"]
    assert "--from 0.safetensors --from 1.safetensors" in (tmp_path / "run" / "report.html").read_text()


def test_what_a_preset_needs_is_named_with_the_commands_before_anything_is_computed(merlab, flow, synthetic, tmp_path):
    status, _, err = merlab(*pretrained(flow))
    assert status == 1
    assert (
        "flow-cnn with preset pretrained needs weights to start from and synthetic flow; add --synthetic flow-clips "
        "--from start.safetensors, made once by merlab make-flow flow-clips && merlab pretrain start.safetensors "
        "--method flow-cnn --preset synthetic --synthetic flow-clips" in _one(err)
    )
    assert "needs weights to start from; add --from" in _one(merlab(*pretrained(flow), "--synthetic", synthetic)[2])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("make", "options", "named"),
    [
        ({"method": "gfem", "recipe": "flow"}, {}, "start.safetensors holds weights of gfem, which is not among"),
        ({}, {"input": "flow:channels=uvs,scale=minmax,size=28x28"}, "channels, scale, size and view must be the same"),
        ({"classes": ("surprise", "negative", "positive")}, {}, "but this run has negative, positive, surprise"),
        ({"databases": ("casme2",)}, {}, "was trained on casme2, whose subjects are tested"),
        ({}, {"scheme": "as-labeled"}, "--synthetic has clips with the labels"),
    ],
)
def test_a_start_or_scheme_that_does_not_fit_is_refused_in_one_line(
    merlab, flow, synthetic, tmp_path, make, options, named
):
    start = write_start(tmp_path / "start.safetensors", **make)
    status, _, err = merlab(*pretrained(flow, **options), "--from", start, "--synthetic", synthetic)
    assert status == 1
    assert named in _one(err)
    assert "Traceback" not in err
    assert not (tmp_path / "run").exists()


def test_a_start_of_databases_that_are_only_trained_on_is_used_and_marked(merlab, flow, synthetic, tmp_path):
    start = write_start(tmp_path / "start.safetensors", databases=("casme2",))
    arguments = pretrained(flow, protocol="hold-out-database", train_on="casme2")
    status, _, err = merlab(*arguments, "--from", start, "--synthetic", synthetic)
    assert (status, err) == (0, err)
    assert "START TRAINED ON: casme2" in methods_of(tmp_path / "run")["flow-cnn"]["stamps"]


def test_synthetic_flow_that_no_method_uses_is_refused(merlab, flow, synthetic):
    status, _, err = merlab(*evaluate(flow, "constant", "ststnet"), "--synthetic", synthetic)
    assert status == 1
    assert "no method of this run mixes synthetic clips into its training: constant (preset reduced), ststnet" in _one(
        err
    )


@pytest.mark.parametrize("wrong", ["tensors", "text", "absent", "folder"])
def test_a_start_that_is_something_else_is_refused_in_one_line(merlab, flow, synthetic, tmp_path, wrong):
    file = tmp_path / "start.safetensors"
    if wrong == "tensors":
        save_file({"weight": np.zeros(3, np.float32)}, file)
    elif wrong == "text":
        file.write_text("not a network")
    elif wrong == "folder":
        file.mkdir()
    status, _, err = merlab(*pretrained(flow), "--from", file, "--synthetic", synthetic)
    assert status == 1
    assert "start.safetensors" in _one(err)
    assert "Traceback" not in err
    assert "--weights" not in err


@pytest.mark.parametrize("wrong", ["unfinished", "faces", "absent", "file", "damaged"])
def test_synthetic_flow_that_is_something_else_is_refused_in_one_line(merlab, flow, start, synthetic, tmp_path, wrong):
    folder = tmp_path / "given"
    if wrong in {"unfinished", "damaged"}:
        files = files_in(synthetic)
        if wrong == "unfinished":
            del files["SYNTHETIC_manifest.json"]
        else:
            files["SYNTHETIC_flow/sub002.npz"] = b"PK"
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    elif wrong == "faces":
        make_faces(folder, subjects=1, clips=1, jobs=1)
    elif wrong == "file":
        folder.write_text("not a folder")
    status, _, err = merlab(*pretrained(flow), "--from", start, "--synthetic", folder)
    assert status == 1
    assert "given" in _one(err)
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 exists only on Unix")
def test_a_killed_run_resumes_and_gives_the_predictions_of_an_uninterrupted_one(
    merlab, flow, start, synthetic, tmp_path
):
    def arguments(out, jobs):
        typed = pretrained(flow, "flow-cnn", "flow-ensemble", out=tmp_path / out, seeds=2, jobs=jobs)
        return [*typed, "--from", start, "--synthetic", synthetic]

    def finished():
        return list((tmp_path / "killed").glob("parts/*/*.parquet"))

    with started(arguments("killed", jobs=2)):
        wait_until(lambda: len(finished()) >= 3)
    assert 3 <= len(finished()) < 16
    for out in ("killed", "uninterrupted"):
        status, _, err = merlab(*arguments(out, jobs=1))
        assert status == 0, err
    uninterrupted, killed = (
        pd.read_parquet(tmp_path / run / "predictions.parquet") for run in ("uninterrupted", "killed")
    )
    pd.testing.assert_frame_equal(uninterrupted, killed)


def _one(err: str) -> str:
    """The message without the wrapping of the terminal."""
    return " ".join(err.split())
