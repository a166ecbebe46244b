"""The runtimes that compute a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from merlab.errors import MerlabError
from merlab.inference import runtimes
from merlab.inference.cost import network_of
from merlab.inference.runtimes import (
    RUNTIMES,
    Runtime,
    export_onnx,
    frames_per_second,
    load_network,
    resolve_runtime,
)
from merlab.methods import find_method
from merlab.version import __version__, install_hint
from merlab.vocabulary import RuntimeName


def needs(name):
    reason = RUNTIMES[name].unavailable
    return pytest.mark.skipif(reason is not None, reason=f"{name}: {reason}")


@pytest.fixture(autouse=True)
def networks_cached_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return network_of(find_method("ststnet"), "paper", (28, 28))


def computed(name, module, batch, key=""):
    infer = load_network(name, module, batch.shape[1:], key)
    assert infer is not None
    return infer(batch)


@pytest.mark.slow
@needs("openvino")
@needs("onnx")
def test_all_runtimes_give_the_answers_of_torch_for_any_batch(small):
    module, shape = small
    tolerances: dict[RuntimeName, float] = {"onnx": 1e-3, "openvino": 1e-3, "openvino-bf16": 0.05}
    for name, close in tolerances.items():
        if RUNTIMES[name].unavailable is not None:
            continue
        # All read the file that is exported for the first.
        infer = load_network(name, module, shape, key="small")
        assert infer is not None
        for clips in (1, 3):
            batch = torch.rand(clips, *shape)
            with torch.inference_mode():
                expected = module(batch).numpy()
            np.testing.assert_allclose(infer(batch.numpy()), expected, rtol=close, atol=close * np.ptp(expected))


@pytest.mark.slow
@needs("onnx")
def test_a_network_with_a_key_is_exported_once(small, tmp_path, monkeypatch):
    module, shape = small
    batch = np.zeros((1, *shape), np.float32)
    first = computed("onnx", module, batch, "abc")
    monkeypatch.setattr(runtimes, "export_onnx", lambda *_: pytest.fail("exported again"))
    assert np.array_equal(computed("onnx", module, batch, "abc"), first)
    assert [path.name[:3] for path in (tmp_path / "merlab" / "networks").iterdir()] == ["abc"]


@pytest.fixture
def exports(monkeypatch):
    """Where networks were exported to, and what a runtime was given: the content of the file and the shape of clips."""

    def export(module, shape, path):
        path.write_text(f"exported for {shape}")
        written.append(path)

    def load(path):
        content = path.read_text()
        return lambda clips: seen.append((content, clips.shape))

    written: list[Path] = []
    seen: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(runtimes, "export_onnx", export)
    monkeypatch.setattr(runtimes, "RUNTIMES", {"torch": RUNTIMES["torch"], "onnx": Runtime("fake", load=load)})
    return written, seen


def test_every_runtime_is_timed_on_one_clip(small, exports, monkeypatch):
    """Four milliseconds for a clip are 250 clips a second."""
    monkeypatch.setattr(runtimes, "median_ms", lambda work: (work(), 4.0)[1])
    assert frames_per_second(*small) == {"eager PyTorch": 250.0, "fake": 250.0}
    assert exports[1] == [("exported for (3, 28, 28)", (1, 3, 28, 28))]


def test_only_a_network_with_a_key_is_kept(small, exports, tmp_path):
    module, shape = small
    for key in ("abc", "", "abc", "", "other"):
        infer = load_network("onnx", module, shape, key)
        assert infer is not None
    assert len(exports[0]) == 4
    kept = sorted(path.name for path in (tmp_path / "merlab" / "networks").glob("*.onnx"))
    assert kept == [f"{key}-merlab-{__version__}-torch-{torch.__version__}.onnx" for key in ("abc", "other")]
    assert load_network("torch", module, shape, "abc") is None


def test_a_runtime_that_is_not_installed_is_reported_with_the_command_that_installs_it(small, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    speeds = frames_per_second(*small)
    assert isinstance(speeds["eager PyTorch"], float)
    assert speeds["ONNX Runtime"] == f"not installed: {install_hint('onnx')}"
    assert speeds["OpenVINO bf16"] == f"not installed: {install_hint('openvino')}"
    with pytest.raises(MerlabError, match=re.escape(f"runtime onnx: not installed: {install_hint('onnx')}")):
        resolve_runtime("onnx", *small)


@pytest.mark.parametrize(("has", "reason"), [(True, None), (False, "this processor has no bfloat16; use openvino")])
def test_one_runtime_depends_on_the_processor(monkeypatch, has, reason):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: name)
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: has)
    found = {name: runtime.unavailable for name, runtime in RUNTIMES.items()}
    assert found == {"torch": None, "onnx": None, "openvino": None, "openvino-bf16": reason}


@pytest.mark.slow
@needs("openvino")
def test_bfloat16_needs_a_processor_that_has_it(small, monkeypatch):
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: False)
    assert resolve_runtime("openvino", *small) == "openvino"
    with pytest.raises(MerlabError, match="no bfloat16; use openvino"):
        resolve_runtime("openvino-bf16", *small)


def test_auto_uses_torch_for_small_networks_and_the_fastest_installed_runtime_for_large_ones(small, monkeypatch):
    module, shape = small
    large = torch.nn.Conv2d(64, 64, 31)
    installed = {"onnx", "onnxscript", "onnxruntime", "openvino"}
    monkeypatch.setattr(runtimes, "find_spec", lambda name: name in installed or None)
    assert resolve_runtime("auto", module, shape) == "torch"
    assert resolve_runtime("auto", module, (3, 282, 231)) == "torch"
    assert resolve_runtime("auto", large, (64, 282, 231)) == "openvino"
    installed.remove("openvino")
    assert resolve_runtime("auto", large, (64, 282, 231)) == "onnx"
    installed.clear()
    assert resolve_runtime("auto", large, (64, 282, 231)) == "torch"


def test_a_mistyped_runtime_is_named(small):
    with pytest.raises(MerlabError, match=r"did you mean openvino\? runtimes are auto, torch, onnx, openvino"):
        resolve_runtime("openvin", *small)  # type: ignore[arg-type]


@pytest.mark.slow
@needs("onnx")
def test_what_the_exporter_cannot_do_is_said_with_its_versions(small, tmp_path, monkeypatch):
    """As torch 2.5.0 with onnxscript 0.2.0, whose own error is a page of stages with the reason at its top."""

    def fail(*_, **__):
        try:
            raise TypeError("unhashable type: 'list'")
        except TypeError as error:
            raise RuntimeError("Failed to convert the exported program\nto an ONNX model.") from error

    monkeypatch.setattr(torch.onnx, "export", fail)
    module, shape = small
    said = r"with torch \S+, onnx \S+, onnxscript \S+ \(TypeError: unhashable type: 'list'\); install newer"
    with pytest.raises(MerlabError, match=said):
        export_onnx(module, shape, tmp_path / "network.onnx")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="ONNX Runtime is an extra; " + install_hint("onnx"))
def test_onnx_runtime_keeps_no_record_of_its_use(tmp_path):
    network = tmp_path / "network.onnx"
    export_onnx(torch.nn.Linear(2, 2), (2,), network)
    program = f"from merlab.inference.runtimes import load_onnxruntime; load_onnxruntime({str(network)!r})"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == [network]


@pytest.mark.slow
@needs("openvino")
def test_openvino_keeps_no_record_of_its_use(tmp_path):
    program = (
        "import sys; from merlab.inference.runtimes import has_bfloat16; has_bfloat16();"
        "assert not sys.modules['openvino_telemetry']"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.slow
@needs("onnx")
def test_threads_of_a_program_export_one_after_the_other_and_leave_its_warnings_on(small, tmp_path):
    module, shape = small
    filters = list(warnings.filters)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: export_onnx(module, shape, tmp_path / name), ("a.onnx", "b.onnx")))
    assert (tmp_path / "a.onnx").stat().st_size == (tmp_path / "b.onnx").stat().st_size
    assert ("ignore", None, Warning, None, 0) not in [each for each in warnings.filters if each not in filters]
