"""Taking a recognizer elsewhere."""

from __future__ import annotations

import json

import pytest

from merlab.inference.runtimes import RUNTIMES
from merlab.models import export_clips
from merlab.models.recognizer import load_recognizer
from tests.videos.recognizers import small_recognizer


@pytest.fixture
def weights(tmp_path):
    small_recognizer(temperature=1.5).save(tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_an_exported_file_is_judged_and_says_what_it_is(merlab, weights, tmp_path):
    pytest.importorskip("onnxruntime")
    command = ("export", "--weights", weights, "--format", "onnx", "--subjects", 1)
    status, out, _ = merlab(*command, "--out", "network.onnx", "--json")
    told = json.loads(out)
    assert status == 0
    assert (told["clips"], told["changed"], told["judged_on"]) == (6, 0, "6 SYNTHETIC clips of unseen faces")
    assert told["bytes"] == (tmp_path / "network.onnx").stat().st_size
    assert told["weights-sha256"] == load_recognizer(weights).digest
    status, out, err = merlab(*command, "--out", "another.onnx")
    assert "0 of 6" in out
    assert "SYNTHETIC" in err
    status, _, err = merlab(*command, "--out", "another.onnx")
    assert (status, "another.onnx exists" in err) == (1, True)


def test_a_database_can_be_judged_on(merlab, flow):
    pytest.importorskip("onnxruntime")
    recipe = "flow:channels=uvs,scale=minmax,size=28x28"
    small_recognizer(recipe=recipe).save(flow.parent / "released.safetensors")
    command = ("export", "--weights", "released.safetensors", "--format", "onnx", "--out", "released.onnx", "--json")
    told = json.loads(merlab(*command, "--database", "ststnet-flow", "--root", flow)[1])
    assert told["judged_on"] == f"{told['clips']} clips of ststnet-flow"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--weights": "nothing.safetensors"}, "does not exist"),
        ({"--weights": "text.safetensors"}, "no whole safetensors file"),
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


@pytest.mark.slow
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
    out = {"onnx": "network.onnx", "openvino": "network.xml"}[kind]
    options = ("--format", kind, "--precision", precision, "--subjects", 2)
    status, told, _ = merlab("export", *options, "--out", out, "--json")
    judged = json.loads(told)
    assert (status, judged["clips"]) == (0, 12)
    assert judged["changed"] <= (0 if precision == "fp32" else 2)
    assert judged["logits"] <= share * judged["logit_range"]
