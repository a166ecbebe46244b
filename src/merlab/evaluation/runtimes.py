"""How fast one network answers under several runtimes, side by side: eager PyTorch, ONNX Runtime, OpenVINO.

ONNX Runtime and OpenVINO are extras; both read the same ONNX file, exported once from the torch module.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from merlab.evaluation.cost import median_ms
from merlab.inputs.recipe import FloatArray

Shape = tuple[int, int, int]
Infer = Callable[[FloatArray], NDArray[Any]]

INPUT_NAME = "input"
NO_BF16 = "this processor has no bfloat16"


def export_onnx(module: nn.Module, shape: Shape, path: Path) -> None:
    """Write a network as one ONNX file that takes a single clip (1, C, H, W) float32; needs onnx and onnxscript."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    # The exporter warns of torchvision, which it does not need, and uses what torch itself has deprecated.
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module.eval(),
                (torch.zeros(1, *shape),),
                str(path),
                input_names=[INPUT_NAME],
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    finally:
        exporter.setLevel(level)


def load_onnxruntime(path: Path) -> Infer:
    """The network under ONNX Runtime on as many CPU threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda clip: np.asarray(session.run(None, {INPUT_NAME: clip})[0])


def load_openvino(path: Path, precision: str) -> Infer:
    """The network under OpenVINO, ``precision`` f32 or bf16, on as many CPU threads as torch has."""
    import openvino

    hints = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = openvino.compile_model(str(path), "CPU", hints)
    return lambda clip: np.asarray(compiled(clip)[0])


def has_bfloat16() -> bool:
    """Whether OpenVINO finds bfloat16 arithmetic in this processor."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


LOADERS: Mapping[str, tuple[str, Callable[[Path], Infer]]] = {
    "ONNX Runtime": ("onnx", load_onnxruntime),
    "OpenVINO": ("openvino", lambda path: load_openvino(path, "f32")),
    "OpenVINO bf16": ("openvino", lambda path: load_openvino(path, "bf16")),
}
PACKAGES = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "openvino": ("onnx", "onnxscript", "openvino")}
RUNTIMES = ("eager PyTorch", *LOADERS)


def unavailable(runtime: str) -> str | None:
    """Why a runtime cannot be measured here: the command that installs it, or what the processor lacks; else None."""
    if runtime not in LOADERS:
        return None
    extra, _ = LOADERS[runtime]
    if any(find_spec(package) is None for package in PACKAGES[extra]):
        return f"not installed: pip install 'merlab[{extra}]'"
    return NO_BF16 if runtime == "OpenVINO bf16" and not has_bfloat16() else None


def frames_per_second(module: nn.Module, shape: Shape) -> dict[str, float | str]:
    """Clips a second of one network at batch 1 under every runtime, or the reason why it was not measured.

    1000 divided by the median time in milliseconds, all in this one process, on torch's present number of threads.
    """
    clip = torch.zeros(1, *shape)
    module.eval()
    with torch.inference_mode():
        speeds: dict[str, float | str] = {RUNTIMES[0]: 1000 / median_ms(lambda: module(clip))}
    reasons = {runtime: unavailable(runtime) for runtime in LOADERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        for runtime, (_, load) in LOADERS.items():
            reason = reasons[runtime]
            if reason is None and not path.exists():
                export_onnx(module, shape, path)
            speeds[runtime] = reason if reason is not None else _speed(load(path), clip.numpy())
    return speeds


def _speed(infer: Infer, clip: FloatArray) -> float:
    return 1000 / median_ms(lambda: infer(clip))
