"""The runtimes that compute a network: PyTorch, and the extras ONNX Runtime and OpenVINO.

Both extras read the same ONNX file, which is exported once from the torch module.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inference.cost import median_ms, parameters
from merlab.registry import look_up
from merlab.storage import temporary_folder, whole_file
from merlab.telemetry import switch_off_onnxruntime_telemetry, switch_off_openvino_telemetry
from merlab.training import is_large
from merlab.training.usual_torch import usual_torch
from merlab.unneeded_warnings import without_warnings
from merlab.user_folders import user_cache
from merlab.version import __version__, install_hint
from merlab.vocabulary import RUNTIME_CHOICES, RuntimeChoice, RuntimeName

Infer = Callable[[Float32Array], NDArray[Any]]

INPUT, OUTPUT = "input", "logits"
NO_BF16 = "this processor has no bfloat16; use openvino"


# The exporter of torch works in one thread of a program at a time; so do the changes that keep it quiet.
ONE_EXPORTS = threading.Lock()


@usual_torch()
def export_onnx(module: nn.Module, shape: tuple[int, ...], path: Path) -> None:
    """Write a network as one ONNX file, inputs (N, *shape) float32 for any N; needs onnx and onnxscript.

    Raises MerlabError for a network that this version of torch does not export.
    """
    module.eval()
    with ONE_EXPORTS, _quiet_exporter(), _naming_versions():
        program = torch.onnx.export(
            module,
            # With an example of one clip, the exporter would fix the batch size at 1.
            (torch.zeros(2, *shape),),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("clips")},),
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        model = program.model_proto
    # The place of each operation in the source code, with paths of this machine: up to a third of the file.
    for node in model.graph.node:
        node.ClearField("metadata_props")
    path.write_bytes(model.SerializeToString())


@contextmanager
def _naming_versions() -> Iterator[None]:
    """Name the exporter's versions in an error inside: the oldest ones fail on some networks, each in its own way."""
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        first: BaseException = error
        while first.__cause__ is not None:
            first = first.__cause__
        versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "onnx", "onnxscript"))
        reason = f"{type(first).__name__}: {str(first).partition(chr(10))[0]}"
        raise MerlabError(
            f"this network cannot be exported to ONNX with {versions} ({reason}); install newer versions of all three, "
            "or use the runtime torch"
        ) from error


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """The exporter warns about torchvision, which it does not need, and uses deprecated functions of torch."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with without_warnings():
            yield
    finally:
        exporter.setLevel(level)


def load_onnxruntime(path: Path) -> Infer:
    """The network of an ONNX file under ONNX Runtime, with as many CPU threads as torch."""
    switch_off_onnxruntime_telemetry()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda clips: np.asarray(session.run(None, {INPUT: clips})[0])


def load_openvino(path: Path, precision: str, *, as_stored: bool = False) -> Infer:
    """The network of an ONNX or OpenVINO file under OpenVINO, with as many CPU threads as torch.

    ``precision`` is f32 or bf16. Clips are computed one by one, so that OpenVINO can fix every size beforehand;
    ``as_stored`` keeps the sizes of the file, as programs without merlab do.
    """
    switch_off_openvino_telemetry()
    import openvino

    hints = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        # Pinned, the threads of several processes would share the first cores.
        "ENABLE_CPU_PINNING": False,
    }
    core = openvino.Core()
    model = core.read_model(str(path))
    if not as_stored:
        model.reshape([1, *model.input(0).get_partial_shape()[1:]])
    compiled = core.compile_model(model, "CPU", hints)
    if as_stored:
        return lambda clips: np.asarray(compiled(clips)[0])
    return lambda clips: np.concatenate([compiled(clip)[0] for clip in np.split(clips, len(clips))])


@dataclass(frozen=True)
class Runtime:
    """One runtime: its name in tables, the extra that installs its packages, and the function that loads a file."""

    title: str
    extra: str = ""
    packages: tuple[str, ...] = ()
    load: Callable[[Path], Infer] | None = None
    bfloat16: bool = False

    @property
    def unavailable(self) -> str | None:
        """Why it cannot be used: the command that installs it, or what the processor lacks; None if it can be used."""
        if any(find_spec(package) is None for package in self.packages):
            return f"not installed: {install_hint(self.extra)}"
        return NO_BF16 if self.bfloat16 and not has_bfloat16() else None


_OPENVINO = ("openvino", ("onnx", "onnxscript", "openvino"))
RUNTIMES: dict[RuntimeName, Runtime] = {
    "torch": Runtime("eager PyTorch"),
    "onnx": Runtime("ONNX Runtime", "onnx", ("onnx", "onnxscript", "onnxruntime"), load_onnxruntime),
    "openvino": Runtime("OpenVINO", *_OPENVINO, lambda path: load_openvino(path, "f32")),
    "openvino-bf16": Runtime("OpenVINO bf16", *_OPENVINO, lambda path: load_openvino(path, "bf16"), bfloat16=True),
}
AUTO: Literal["auto"] = "auto"
FASTEST_FIRST: tuple[RuntimeName, ...] = ("openvino", "onnx", "torch")


def has_bfloat16() -> bool:
    """Whether this processor has bfloat16 arithmetic, according to OpenVINO."""
    switch_off_openvino_telemetry()
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def resolve_runtime(name: RuntimeChoice, module: nn.Module, shape: tuple[int, ...]) -> RuntimeName:
    """The runtime of this name, or the choice of ``auto``, for inputs of this shape.

    ``auto`` is a rule, not a timing, so that the same machine always computes the same: a large network (see
    ``training.is_large``) gets the fastest installed float32 runtime; a small one stays in PyTorch, because exporting
    and loading it takes longer than the time saved over hundreds of clips.

    Raises MerlabError for a runtime that does not exist, is not installed, or that the processor does not support.
    """
    look_up(name, dict.fromkeys(RUNTIME_CHOICES), "runtime")
    if name == AUTO:
        large = is_large(parameters(module), shape[-2] * shape[-1])
        return next(each for each in FASTEST_FIRST if RUNTIMES[each].unavailable is None) if large else "torch"
    reason = RUNTIMES[name].unavailable
    if reason is not None:
        raise MerlabError(f"runtime {name}: {reason}")
    return name


def load_network(name: RuntimeName, module: nn.Module, shape: tuple[int, ...], key: str = "") -> Infer | None:
    """A network under a runtime of ``resolve_runtime``; None for PyTorch, which computes with the module itself.

    The ONNX file is kept in the user's cache under ``key``, which must differ for different networks; without a key it
    is exported each time.
    """
    load = RUNTIMES[name].load
    if load is None:
        return None
    with temporary_folder() as folder:
        path = folder / "network.onnx"
        if key:
            path = user_cache() / "networks" / f"{key}-merlab-{__version__}-torch-{torch.__version__}.onnx"
        return load(_exported(module, shape, path))


def _exported(module: nn.Module, shape: tuple[int, ...], path: Path) -> Path:
    if not path.exists():
        with whole_file(path) as aside:
            export_onnx(module, shape, aside)
    return path


def frames_per_second(module: nn.Module, shape: tuple[int, ...]) -> dict[str, float | str]:
    """Inputs per second of one network at batch 1 under every runtime, or the reason why it was not measured.

    This is 1000 divided by the median time in milliseconds, in this process, with torch's present number of threads.
    """
    clip = torch.zeros(1, *shape)
    module.eval()
    speeds: dict[str, float | str] = {}
    with temporary_folder() as folder, torch.inference_mode():
        path = folder / "network.onnx"
        for runtime in RUNTIMES.values():
            if runtime.unavailable is not None:
                speeds[runtime.title] = runtime.unavailable
            elif runtime.load is None:
                speeds[runtime.title] = 1000 / median_ms(lambda: module(clip))
            else:
                speeds[runtime.title] = _speed(runtime.load(_exported(module, shape, path)), clip.numpy())
    return speeds


def _speed(infer: Infer, clip: Float32Array) -> float:
    return 1000 / median_ms(lambda: infer(clip))
