"""An exported recognizer: what is in the file, and that it gives the same answers as PyTorch."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.inference import runtimes
from merlab.inference.runtimes import RUNTIMES, export_onnx, load_onnxruntime
from merlab.inputs import parse_recipe
from merlab.models import export as export_module
from merlab.models.export import SUFFIXES, Export, export_recognizer
from merlab.models.export_agreement import compared_with_torch
from merlab.version import install_hint
from tests.kept_exports import keep_exports
from tests.videos.recognizers import small_recognizer

CENTERED = str(parse_recipe("flow:channels=uvs,scale=centered,size=28x28,crop=corrected"))
OLD_RUNTIMES = tuple(f"1.{minor}." for minor in range(24))
# merlab refuses to write what the runtime cannot load.
UNLOADED = {"flow-cnn"} if find_spec("onnxruntime") and version("onnxruntime").startswith(OLD_RUNTIMES) else set()


def with_openvino(*values):
    """Values of a test that needs OpenVINO, which CI installs for slow tests."""
    return pytest.param(*values, marks=pytest.mark.slow)


KINDS = [("onnx", "fp32"), ("onnx", "int8"), *(with_openvino("openvino", each) for each in ("fp32", "bf16", "int8"))]


def random_inputs(clips, seed=0):
    return np.random.default_rng(seed).random((clips, 3, 28, 28), np.float32)


# To compare on, and to calibrate with.
CLIPS = random_inputs(30), random_inputs(8, seed=1)


def runtime_of(kind, precision):
    return "openvino-bf16" if precision == "bf16" else kind


@pytest.fixture(scope="module", autouse=True)
def written_once(shared_folder):
    """The ONNX of a network, from which every format and precision is made, is written once."""
    with pytest.MonkeyPatch.context() as patch:
        keep_exports(patch, shared_folder)
        yield


@pytest.fixture(scope="module")
def small_exports(tmp_path_factory):
    """A function that exports the small recognizer, once for all tests; gives the file and its agreement."""

    @cache
    def export(kind, precision):
        out = tmp_path_factory.mktemp("exports") / f"{precision}{SUFFIXES[kind]}"
        return out, Export(small_recognizer(temperature=1.5), kind, precision, out).write(*CLIPS)

    return export


@pytest.fixture
def exported(small_exports, tmp_path):
    """A function that exports a recognizer, the small one unless another is given; gives the file and its agreement."""

    def export(kind, precision, recognizer=None):
        reason = RUNTIMES[runtime_of(kind, precision)].unavailable
        if reason is not None:
            pytest.skip(reason)
        if (kind, precision) == ("onnx", "int8") and recognizer is not None and recognizer.card.method in UNLOADED:
            pytest.skip("ONNX Runtime up to 1.23, the newest for Python 3.10, loads no int8 file of flow-cnn")
        out = tmp_path / f"{precision}{SUFFIXES[kind]}"
        if recognizer is not None:
            return out, Export(recognizer, kind, precision, out).write(*CLIPS)
        made, found = small_exports(kind, precision)
        shutil.copytree(made.parent, tmp_path, dirs_exist_ok=True)
        return out, found

    return export


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "precision"), KINDS)
def test_the_file_gives_the_answers_of_pytorch_within_its_precision(exported, kind, precision):
    _, found = exported(kind, precision)
    share = found.logits / found.logit_range
    assert found.clips == 30
    assert found.changed <= (0 if precision == "fp32" else 1)
    assert share < {"fp32": 1e-5, "bf16": 0.02, "int8": 0.02}[precision]
    assert (share > 1e-5) == (precision != "fp32"), "a lower precision that changes nothing was not applied"


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "precision"), KINDS)
def test_a_network_that_averages_others_and_mirror_images_gives_the_same_answers(exported, kind, precision):
    network = {"members": 2, "mirrored": True}
    averaging = small_recognizer(method="flow-cnn", preset="synthetic", recipe=CENTERED, network=network)
    _, found = exported(kind, precision, averaging)
    assert found.logits / found.logit_range < {"fp32": 1e-4, "bf16": 0.05, "int8": 0.05}[precision]


def metadata_by_onnx(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.get_modelmeta().custom_metadata_map


def metadata_by_openvino(path):
    import openvino

    model = openvino.Core().read_model(path)
    return {key: model.get_rt_info(["merlab", key]).astype(str) for key in model.get_rt_info("merlab").value}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "read"), [("onnx", metadata_by_onnx), with_openvino("openvino", metadata_by_openvino)]
)
def test_the_runtime_alone_reads_everything_that_is_needed_to_use_the_file(exported, kind, read):
    card = small_recognizer(temperature=1.5).card
    facts = read(exported(kind, "fp32")[0])
    assert json.loads(facts["classes"]) == list(card.classes)
    assert json.loads(facts["stamps"]) == ["SYNTHETIC"]
    assert (facts["recipe"], float(facts["temperature"]), facts["precision"]) == (card.recipe, 1.5, "fp32")
    assert json.loads(facts["merlab-card"])["method"] == "ststnet"


def test_the_metadata_name_the_weights_by_their_digest_and_the_version_of_merlab(tmp_path):
    if (reason := RUNTIMES["onnx"].unavailable) is not None:
        pytest.skip(reason)
    saved = small_recognizer().save(tmp_path / "small.safetensors")
    facts = Export(saved, "onnx", "int8", tmp_path / "small.onnx").metadata()
    digest = hashlib.sha256((tmp_path / "small.safetensors").read_bytes()).hexdigest()
    assert (facts["name"], facts["weights-sha256"], facts["precision"]) == ("small", digest, "int8")
    assert facts["merlab"] == version("merlab")


def snippets():
    """The Python of the how-to page, as a reader would paste it."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "export.md"
    return [block.partition("```")[0] for block in page.read_text(encoding="utf-8").split("```python\n")[1:]]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "precision"), KINDS)
@pytest.mark.parametrize(
    "recognizer",
    [
        pytest.param(small_recognizer(temperature=1.5), id="small"),
        pytest.param(small_recognizer(method="flow-cnn", preset="synthetic", recipe=CENTERED), id="flow-cnn"),
    ],
)
def test_the_code_of_the_how_to_page_gives_the_reported_probabilities(
    exported, recognizer, kind, precision, tmp_path, monkeypatch, capsys
):
    out, found = exported(kind, precision, recognizer)
    for path in out.parent.glob(f"{precision}.*"):
        path.rename(path.with_stem("recognizer"))
    np.savez(tmp_path / "inputs.npz", input=CLIPS[0])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(dict(zip(("onnx", "openvino"), snippets(), strict=True))[kind], names)
    differences = np.abs(names["probabilities"] - recognizer.predict_proba(CLIPS[0]))
    assert differences.max() <= found.probabilities + 1e-5
    assert "surprise" in capsys.readouterr().out


@pytest.mark.slow
def test_int8_for_openvino_takes_one_clip_at_a_time(exported):
    out, _ = exported("openvino", "int8")
    openvino = pytest.importorskip("openvino")
    assert openvino.Core().read_model(out).input(0).get_partial_shape() == openvino.PartialShape([1, 3, 28, 28])


@pytest.mark.slow
def test_a_file_that_is_wrong_for_several_clips_at_once_is_not_written(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")

    def wrong_together(path):
        network = load_onnxruntime(path)
        return lambda clips: network(clips) * (1 if len(clips) == 1 else -1)

    monkeypatch.setattr(export_module, "load_onnxruntime", wrong_together)
    with pytest.raises(MerlabError, match="decisions changed"):
        Export(small_recognizer(), "onnx", "fp32", tmp_path / "network.onnx").write(*CLIPS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["onnx", with_openvino("openvino")])
def test_nothing_of_this_machine_is_in_the_file(exported, kind, request):
    out, _ = exported(kind, "fp32")
    for path in out.parent.glob("fp32*"):
        assert str(request.config.rootpath).encode() not in path.read_bytes()
        assert b"site-packages" not in path.read_bytes()


@pytest.mark.slow
def test_an_int8_file_that_onnx_runtime_cannot_load_is_refused_with_the_remedy(exported, tmp_path, monkeypatch):
    """As ONNX Runtime 1.23 does for an average of networks: "RemoveNode should be unreachable"."""

    def cannot_load(_):
        raise RuntimeError("RemoveNode should be unreachable")

    monkeypatch.setattr(export_module, "load_onnxruntime", cannot_load)
    refusal = r"ONNX Runtime .* cannot load the int8 file of small \(RemoveNode .*\); .* --precision fp32"
    with pytest.raises(MerlabError, match=refusal):
        exported("onnx", "int8", small_recognizer())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_int8_is_smaller_than_float32_where_there_are_weights(exported):
    wide = small_recognizer(method="learnet")
    sizes = [exported("onnx", precision, wide)[0].stat().st_size for precision in ("int8", "fp32")]
    assert sizes[0] < 0.5 * sizes[1]


@pytest.mark.slow
def test_a_float32_file_with_other_answers_is_not_written(exported, tmp_path, monkeypatch):
    other = small_recognizer().module
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.neg_()
    monkeypatch.setattr(export_module, "export_onnx", lambda _, shape, path: export_onnx(other, shape, path))
    with pytest.raises(MerlabError, match="decisions changed"):
        exported("onnx", "fp32", small_recognizer())
    assert list(tmp_path.iterdir()) == []


def test_changed_decisions_are_counted():
    recognizer, inputs = small_recognizer(), random_inputs(10)
    logits = recognizer.logits(inputs)
    found = compared_with_torch(recognizer, lambda clips: -logits, inputs)
    assert (found.clips, found.changed, found.exact) == (10, 10, False)
    assert found.logits == pytest.approx(2 * np.abs(logits).max())
    assert compared_with_torch(recognizer, lambda clips: logits, inputs).exact


@pytest.mark.parametrize(("kind", "name"), [("onnx", "network.onnx"), ("openvino", "network.bin")])
def test_a_file_that_exists_is_never_overwritten(tmp_path, kind, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(MerlabError, match=f"{name} exists"):
        Export(small_recognizer(), kind, "fp32", (tmp_path / name).with_suffix(SUFFIXES[kind]))
    assert (tmp_path / name).read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MerlabError, match="file is a file; choose a folder"):
        Export(small_recognizer(), "onnx", "fp32", tmp_path / "file" / "network.onnx")


def test_bfloat16_is_refused_where_the_processor_lacks_it(monkeypatch, tmp_path):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: name)
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: False)
    with pytest.raises(MerlabError, match="openvino-bf16: this processor has no bfloat16; use openvino"):
        Export(small_recognizer(), "openvino", "bf16", tmp_path / "network.xml")


def test_a_number_of_synthetic_subjects_beside_clips_is_refused(tmp_path):
    with pytest.raises(MerlabError, match=r"subjects \(3\) are SYNTHETIC ones, but the clips are given"):
        export_recognizer(tmp_path / "a.onnx", "onnx", weights=small_recognizer(), clips=ClipTable(()), subjects=3)


def test_a_file_name_with_the_wrong_suffix_is_refused(tmp_path):
    with pytest.raises(MerlabError, match="ends in .xml"):
        Export(small_recognizer(), "openvino", "fp32", tmp_path / "network.onnx")


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("openvino", "the name of a file for openvino ends in .xml"),
        ("onnx", "exists; remove it, or choose another name"),
    ],
)
def test_messages_in_python_name_the_file_and_no_option_of_the_command_line(tmp_path, kind, fault):
    (tmp_path / "network.onnx").touch()
    with pytest.raises(MerlabError, match=rf"^{tmp_path / 'network.onnx'}:? {fault}$"):
        export_recognizer(tmp_path / "network.onnx", kind, weights=small_recognizer())


@pytest.mark.parametrize(("kind", "precision", "named"), [("tflite", "fp32", "tflite"), ("onnx", "fp64", "fp64")])
def test_an_unknown_format_or_precision_is_named(tmp_path, kind, precision, named):
    with pytest.raises(MerlabError, match=f"unknown .*'{named}'"):
        Export(small_recognizer(), kind, precision, tmp_path / "network.onnx")


@pytest.mark.slow
def test_one_call_exports_compares_and_describes(tmp_path):
    pytest.importorskip("onnxruntime")
    recognizer = small_recognizer()
    done = export_recognizer(tmp_path / "network.onnx", "onnx", weights=recognizer, subjects=1, progress=False)
    assert (done.agreement.clips, done.agreement.changed) == (6, 0)
    assert done.compared_on == "6 SYNTHETIC clips of unseen faces"
    assert done.bytes == (tmp_path / "network.onnx").stat().st_size
    assert done.stamps == ("SYNTHETIC",)
    assert done.metadata == metadata_by_onnx(done.out)
    with pytest.raises(MerlabError, match="subjects must be a whole number from 1 up"):
        export_recognizer(tmp_path / "other.onnx", "onnx", weights=recognizer, subjects=0)


def test_bfloat16_in_onnx_names_the_remedy(tmp_path):
    with pytest.raises(MerlabError, match="choose --format openvino"):
        Export(small_recognizer(), "onnx", "bf16", tmp_path / "network.onnx")


@pytest.mark.parametrize(
    ("kind", "precision", "absent", "extra"),
    [
        ("onnx", "fp32", "onnxruntime", "onnx"),
        ("openvino", "fp32", "openvino", "openvino"),
        ("openvino", "int8", "onnxruntime", "onnx"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path, kind, precision, absent, extra):
    monkeypatch.setattr(runtimes, "find_spec", lambda package: None if package == absent else package)
    with pytest.raises(MerlabError, match=re.escape(install_hint(extra))):
        Export(small_recognizer(), kind, precision, tmp_path / f"network{SUFFIXES[kind]}")
