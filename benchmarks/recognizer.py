"""Speed of a recognizer under every runtime and precision, and its share of the speed that the processor can reach.

    python benchmarks/recognizer.py [--threads N] [--rounds N] [--compile]

It measures the paper's DBFEM+CAFFM at 231 x 282 with both views, then the recognizer that ships with merlab. All rows
are measured in one process, in turn, round after round. Each number is the least (or the median) time of all rounds, so
that other work on the machine affects all rows alike. With --threads 1 the processor time of the process is measured
instead of the wall-clock time; other programs on the machine hardly change it.

The ceiling of a precision is the highest rate, in operations per second, of three probes in the same rounds: a chain of
3 x 3 convolutions of 256 channels under OpenVINO, one clip at a time and on parallel streams, and a product of two
matrices of 2048 x 2048 in PyTorch. A multiply-accumulate counts as two operations.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inference.cost import hardware, macs, network_of
from merlab.inference.runtimes import export_onnx, load_onnxruntime, load_openvino
from merlab.methods import find_method
from merlab.models.export import quantize
from merlab.models.recognizer import load_recognizer
from merlab.training import cpu_has_bfloat16
from merlab.version import install_hint
from plain_errors import run_benchmark

SIZE, MANY = (231, 282), 8
PROBE_CHANNELS, PROBE_SIDE, PROBE_LAYERS, MATRIX = 256, 56, 4, 2048
FP32, BF16, INT8 = "fp32", "bf16", "int8"
MATRIX_TYPES = {FP32: torch.float32, BF16: torch.bfloat16}

Work = Callable[[Float32Array], object]
Clock = Callable[[], float]


@dataclass
class Row:
    """One way to compute a network: for one clip, and for many clips at once."""

    name: str
    precision: str
    one: Work
    many: Work
    times: dict[int, list[float]] = field(default_factory=dict)

    def measure(self, clips: Float32Array, clock: Clock) -> None:
        """Time these clips once more, in ms per clip."""
        work = self.one if len(clips) == 1 else self.many
        start = clock()
        work(clips)
        self.times.setdefault(len(clips), []).append(1000 * (clock() - start) / len(clips))

    def least(self, clips: int) -> float:
        """The least time, ms per clip."""
        return min(self.times[clips])

    @property
    def best(self) -> float:
        """The least time of both, ms per clip."""
        return min(self.least(clips) for clips in self.times)


def eager(module: nn.Module, *, channels_last: bool = False, bfloat16: bool = False) -> Work:
    """PyTorch, with a copy of the network in this memory order."""
    order = torch.channels_last if channels_last else torch.contiguous_format
    module = deepcopy(module).to(memory_format=order)  # type: ignore[call-overload]

    def work(clips: Float32Array) -> object:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return module(torch.from_numpy(clips).contiguous(memory_format=order))

    return work


def streams(path: Path, precision: str, threads: int) -> Work:
    """OpenVINO with as many streams as threads: clips in parallel, each on one core."""
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    model.reshape([1, *model.input(0).get_partial_shape()[1:]])
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": str(threads),
        "INFERENCE_NUM_THREADS": threads,
    }
    queue = openvino.AsyncInferQueue(core.compile_model(model, "CPU", settings), threads)

    def work(clips: Float32Array) -> None:
        for clip in np.split(clips, len(clips)):
            queue.start_async([clip])
        queue.wait_all()

    return work


def openvino_rows(files: dict[str, Path], threads: int) -> list[Row]:
    """OpenVINO in every precision; with int8, all other layers are computed in bfloat16 if the processor has it."""
    reduced = "bf16" if cpu_has_bfloat16() else "f32"
    hints = {FP32: "f32", INT8: reduced} | ({BF16: "bf16"} if cpu_has_bfloat16() else {})
    return [
        Row(
            f"OpenVINO {precision}",
            precision,
            load_openvino(files[precision], hint),
            streams(files[precision], hint, threads),
        )
        for precision, hint in hints.items()
    ]


def network_rows(module: nn.Module, shape: tuple[int, ...], folder: Path, threads: int, compiled: bool) -> list[Row]:
    """All ways to compute one network."""
    files = export(module, shape, folder)
    ways = {"eager PyTorch": (FP32, eager(module)), "channels-last": (FP32, eager(module, channels_last=True))}
    if cpu_has_bfloat16():
        ways["bfloat16 autocast"] = (BF16, eager(module, channels_last=True, bfloat16=True))
    if compiled:
        ways["torch.compile"] = (FP32, torch.compile(eager(module)))
    ways |= {f"ONNX Runtime {precision}": (precision, load_onnxruntime(files[precision])) for precision in (FP32, INT8)}
    rows = [Row(name, precision, work, work) for name, (precision, work) in ways.items()]
    return rows + openvino_rows(files, threads)


def export(module: nn.Module, shape: tuple[int, ...], folder: Path) -> dict[str, Path]:
    """One ONNX file in float32, for both floating-point precisions, and one in int8."""
    folder.mkdir()
    network, quantized = folder / "fp32.onnx", folder / "int8.onnx"
    export_onnx(module, shape, network)
    quantized.write_bytes(network.read_bytes())
    quantize(quantized, random_clips(4, shape))
    return {FP32: network, BF16: network, INT8: quantized}


def random_clips(clips: int, shape: tuple[int, ...]) -> Float32Array:
    return np.random.default_rng(0).random((clips, *shape), np.float32)


def measure(rows: list[Row], shape: tuple[int, ...], rounds: int, many: int = MANY) -> None:
    """Measure all rows in turn, round after round; the first round is for warming up and does not count."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    for clips in (random_clips(1, shape), random_clips(many, shape)):
        for round_number in range(rounds + 1):
            for row in rows:
                row.measure(clips, clock)
            if round_number == 0:
                for row in rows:
                    row.times[len(clips)].clear()


def probe_module() -> nn.Module:
    layers = [nn.Conv2d(PROBE_CHANNELS, PROBE_CHANNELS, 3, padding=1) for _ in range(PROBE_LAYERS)]
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))


def product(dtype: torch.dtype) -> Work:
    left, right = (torch.rand(MATRIX, MATRIX).to(dtype) for _ in range(2))
    return lambda _: left @ right


def ceilings(folder: Path, threads: int, rounds: int) -> dict[str, float]:
    """Operations per second that the probes reach, by precision."""
    module, shape = probe_module(), (PROBE_CHANNELS, PROBE_SIDE, PROBE_SIDE)
    rows = openvino_rows(export(module, shape, folder), threads)
    measure(rows, shape, rounds)
    rates = {row.precision: 2 * macs(module, *shape) / (row.best / 1000) for row in rows}
    matrices = [Row("", name, product(dtype), product(dtype)) for name, dtype in MATRIX_TYPES.items() if name in rates]
    measure(matrices, (), rounds, many=1)
    for row in matrices:
        rates[row.precision] = max(rates[row.precision], 2 * MATRIX**3 / (row.best / 1000))
    return rates


def show(title: str, rows: list[Row], ceiling: dict[str, float] | None, operations: int, many: int) -> None:
    """Print one table: ms per clip for one clip and for many, speed-up over the first row, share of the ceiling."""
    heads = ["1 clip: ms", "median", "faster", f"{many} clips: ms", "median", "clips/s"]
    heads += [] if ceiling is None else ["ceiling, 1 clip", "at best"]
    print(f"\n{title}\n{'':20}" + "".join(f"{head:>{len(head) + 3}}" for head in heads))
    for row in rows:
        times = [row.least(1), statistics.median(row.times[1]), rows[0].least(1) / row.least(1)]
        times += [row.least(many), statistics.median(row.times[many]), 1000 / row.best]
        cells = [f"{value:.2f}" for value in times]
        if ceiling is not None:
            cells += [f"{operations / ms * 1000 / ceiling[row.precision]:.0%}" for ms in (row.least(1), row.best)]
        line = "".join(f"{cell:>{len(head) + 3}}" for cell, head in zip(cells, heads, strict=True))
        print(f"{row.name:20}{line}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    arguments.add_argument("--rounds", type=int, default=15, help="how often everything is measured")
    arguments.add_argument("--compile", action="store_true", help="also torch.compile, which takes minutes")
    chosen = arguments.parse_args()
    if find_spec("openvino") is None:
        raise MerlabError(f"this benchmark needs OpenVINO; {install_hint('openvino')}")
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    print(f"{hardware()}, openvino {version('openvino')}, {chosen.rounds} rounds, least time")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ceiling = ceilings(folder / "probe", chosen.threads, chosen.rounds)
        print("ceiling: " + ", ".join(f"{precision} {rate / 1e9:.0f} Gop/s" for precision, rate in ceiling.items()))

        module, shape = network_of(find_method("dbfem-caffm"), "paper", SIZE)
        operations = 2 * macs(module, *shape)
        rows = network_rows(module, shape, folder / "paper", chosen.threads, chosen.compile)
        measure(rows, shape, chosen.rounds)
        show(f"DBFEM+CAFFM, 2 x 3 x 231 x 282, {operations / 2e9:.2f} G MACs", rows, ceiling, operations, MANY)

        shipped = load_recognizer()
        many = 8 * MANY
        rows = network_rows(shipped.module, shipped.recipe.shape, folder / "shipped", chosen.threads, compiled=False)
        measure(rows, shipped.recipe.shape, 2 * chosen.rounds, many)
        show(f"the recognizer that ships, {shipped.recipe}", rows, None, 0, many)


if __name__ == "__main__":
    run_benchmark(main)
