"""The export of a recognizer, as a user types it."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from merlab.inference import runtimes
from merlab.inference.runtimes import RUNTIMES
from merlab.models import export_clips
from merlab.models.recognizer import load_recognizer
from merlab.models.synthetic_clips import synthetic_examples
from tests.kept_exports import keep_exports
from tests.videos.recognizers import small_recognizer


@pytest.fixture
def weights(tmp_path):
    small_recognizer(temperature=1.5).save(tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


@pytest.mark.slow
@pytest.mark.usefixtures("rendered_once")
def test_an_exported_file_is_compared_and_described(merlab, weights, tmp_path):
    pytest.importorskip("onnxruntime")
    command = ("export", "--weights", weights, "--format", "onnx", "--subjects", 1)
    status, out, _ = merlab(*command, "--out", "network.onnx", "--json")
    content = json.loads(out)
    assert status == 0
    assert (content["clips"], content["changed"], content["judged_on"]) == (6, 0, "6 SYNTHETIC clips of unseen faces")
    assert content["bytes"] == (tmp_path / "network.onnx").stat().st_size
    assert content["weights-sha256"] == load_recognizer(weights).digest
    status, out, err = merlab(*command, "--out", "another.onnx")
    assert "0 of 6" in out
    assert "SYNTHETIC" in err
    status, _, err = merlab(*command, "--out", "another.onnx")
    assert (status, "another.onnx exists" in err) == (1, True)


@pytest.mark.slow
def test_the_comparison_can_use_a_database(merlab, flow):
    pytest.importorskip("onnxruntime")
    recipe = "flow:channels=uvs,scale=minmax,size=28x28"
    small_recognizer(recipe=recipe).save(flow.parent / "released.safetensors")
    command = ("export", "--weights", "released.safetensors", "--format", "onnx", "--out", "released.onnx", "--json")
    content = json.loads(merlab(*command, "--database", "ststnet-flow", "--root", flow)[1])
    assert content["judged_on"] == f"{content['clips']} clips of ststnet-flow"


def test_a_number_of_synthetic_subjects_is_not_ignored_beside_a_database(merlab, flow, tmp_path):
    command = ("export", "--format", "onnx", "--out", "network.onnx", "--subjects", 1)
    status, _, err = merlab(*command, "--database", "ststnet-flow", "--root", flow)
    assert (status, "subjects (1) are SYNTHETIC ones, but the clips are given" in err) == (1, True)
    assert not list(tmp_path.glob("network*"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--weights": "nothing.safetensors"}, "does not exist"),
        ({"--weights": "text.safetensors"}, "not a complete safetensors file"),
        ({"--precision": "bf16"}, "choose --format openvino"),
        ({"--out": "network.xml"}, "ends in .onnx"),
        ({"--database": "ststnet-flow"}, "--root"),
    ],
)
def test_mistakes_end_in_a_message_with_the_remedy(merlab, weights, tmp_path, changes, message):
    (tmp_path / "text.safetensors").write_text("no weights")
    given = {"--weights": weights, "--format": "onnx", "--out": "network.onnx", "--subjects": 1} | changes
    status, _, err = merlab("export", *(text for option in given.items() for text in option))
    assert status == 1
    assert message in err.replace("\n", " ")
    assert not list(tmp_path.glob("network*"))


def test_a_package_that_is_missing_is_named_before_the_database_is_read(merlab, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda package: None)
    status, _, err = merlab(
        "export", "--format", "onnx", "--out", "network.onnx", "--database", "casme2", "--root", "nowhere"
    )
    assert (status, "runtime onnx: not installed: pip install" in err) == (1, True)


@pytest.fixture
def rendered_once(once, monkeypatch):
    """The first command that needs synthetic clips of some settings renders them for the others."""

    def rendered(settings, jobs, progress):
        digest = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:16]
        return once(f"export-{digest}", lambda: synthetic_examples(settings, jobs, progress))

    # For so few clips, processes would take longer to start than to render.
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(export_clips, "synthetic_examples", rendered)


@pytest.fixture
def exported_once(shared_folder, monkeypatch):
    """The first test that exports the recognizer that ships writes ONNX for the others."""
    keep_exports(monkeypatch, shared_folder)


@pytest.mark.slow
@pytest.mark.usefixtures("rendered_once", "exported_once")
@pytest.mark.parametrize(
    ("kind", "precision", "share"),
    [
        ("onnx", "int8", 0.15),
        ("openvino", "fp32", 1e-5),
        ("openvino", "bf16", 0.02),
        ("openvino", "int8", 0.15),
    ],
)
def test_the_recognizer_that_ships_can_be_exported(merlab, monkeypatch, kind, precision, share):
    if RUNTIMES["openvino-bf16" if precision == "bf16" else kind].unavailable is not None:
        pytest.skip("this machine lacks what computes it")
    monkeypatch.setattr(export_clips, "CALIBRATION_SUBJECTS", 1)
    file = {"onnx": "network.onnx", "openvino": "network.xml"}[kind]
    options = ("--format", kind, "--precision", precision, "--subjects", 2)
    status, out, _ = merlab("export", *options, "--out", file, "--json")
    found = json.loads(out)
    assert (status, found["clips"]) == (0, 12)
    assert found["changed"] <= (0 if precision == "fp32" else 2)
    assert found["logits"] <= share * found["logit_range"]


@pytest.mark.parametrize("options", [["--table", "codes.xlsx"], ["--aligned"]])
def test_options_of_a_database_are_not_ignored_without_one(merlab, options):
    status, _, err = merlab("export", "--out", "network.onnx", "--format", "onnx", *options)
    assert status == 1
    assert "--table and --aligned describe a database; add --database and --root" in err
