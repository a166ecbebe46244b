"""Runtimes side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlab.evaluation import runtimes
from merlab.evaluation.cost import network_of
from merlab.evaluation.runtimes import export_onnx, frames_per_second, load_onnxruntime, load_openvino, unavailable
from merlab.methods import find_method


def needs(runtime):
    return pytest.mark.skipif(unavailable(runtime) is not None, reason=f"{runtime}: {unavailable(runtime)}")


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return network_of(find_method("ststnet"), "paper", (28, 28))


@needs("ONNX Runtime")
@needs("OpenVINO")
def test_all_runtimes_compute_what_torch_computes(small, tmp_path):
    module, shape = small
    clip = torch.rand(1, *shape)
    with torch.inference_mode():
        expected = module(clip).numpy()
    export_onnx(module, shape, tmp_path / "network.onnx")
    for load in (load_onnxruntime, lambda path: load_openvino(path, "f32")):
        np.testing.assert_allclose(load(tmp_path / "network.onnx")(clip.numpy()), expected, rtol=1e-3, atol=1e-3)


def test_a_runtime_that_is_not_installed_says_how_to_install_it(small, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    speeds = frames_per_second(*small)
    assert isinstance(speeds["eager PyTorch"], float)
    assert speeds["ONNX Runtime"] == "not installed: pip install 'merlab[onnx]'"
    assert speeds["OpenVINO bf16"] == "not installed: pip install 'merlab[openvino]'"


@needs("OpenVINO")
def test_bfloat16_is_measured_only_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: False)
    assert unavailable("OpenVINO bf16") == "this processor has no bfloat16"
    assert unavailable("OpenVINO") is None
