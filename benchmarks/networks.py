"""Training step and inference of the six rows of Table 7: plain eager PyTorch and the variants that merlab uses.

    python benchmarks/networks.py [--size 231x282] [--threads N] [--quick]

The reference is eager float32 in PyTorch's default memory order (NCHW). The variants are channels-last memory, and
bfloat16 autocast with channels-last if the processor has bfloat16 arithmetic. All are measured in one run. Every number
is the median of repeated runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.inference.cost import hardware, median_ms
from merlab.inputs.recipe import parse_size
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.training import cpu_has_bfloat16
from plain_errors import run_benchmark

ROWS = ("gfem", "ltfem", "dbfem", "dbfem-caffm", "dbfem-caffm-l", "dbfem-caffm-g")
CLASSES, CHANNELS = 5, 3
TRAINING_BATCH = 16


@dataclass(frozen=True)
class Variant:
    """One way to run the same network."""

    name: str
    channels_last: bool = False
    bfloat16: bool = False

    def placed(self, tensor: Tensor) -> Tensor:
        """A tensor in this variant's memory order."""
        return tensor.contiguous(memory_format=torch.channels_last) if self.channels_last else tensor

    def autocast(self) -> torch.autocast:
        """The context that this variant computes in."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16)


REFERENCE = Variant("float32")
CHANNELS_LAST = Variant("float32 channels-last", channels_last=True)
BFLOAT16 = Variant("bfloat16 channels-last", channels_last=True, bfloat16=True)


def build(row: str, size: tuple[int, int], variant: Variant) -> tuple[nn.Module, Task]:
    """The network of a row of Table 7 at full width, in the variant's memory order, and its task."""
    method = find_method(row)
    width, height = size
    task = Task(CLASSES, CHANNELS, height, width, views=2 if method.view == "both" else 1)
    module = method.module(task, method.preset("paper"))
    if variant.channels_last:
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module, task


def inference(row: str, size: tuple[int, int], variant: Variant) -> Callable[[], object]:
    """One forward pass at batch 1."""
    module, task = build(row, size, variant)
    module.eval()
    clip = variant.placed(torch.rand(1, task.views * CHANNELS, task.height, task.width))

    def work() -> object:
        with torch.inference_mode(), variant.autocast():
            return module(clip)

    return work


def training_step(row: str, size: tuple[int, int], variant: Variant) -> Callable[[], object]:
    """Forward, backward and Adam on a batch of 16."""
    module, task = build(row, size, variant)
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    batch = variant.placed(torch.rand(TRAINING_BATCH, task.views * CHANNELS, task.height, task.width))
    labels = torch.arange(TRAINING_BATCH) % CLASSES

    def work() -> None:
        with variant.autocast():
            logits = module(batch)
        optimizer.zero_grad()
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return work


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--size", default="231x282", help="input size, WIDTHxHEIGHT")
    arguments.add_argument("--quick", action="store_true", help="one row, three runs")
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    size, runs = parse_size(chosen.size), 3 if chosen.quick else 15
    variants = [REFERENCE, CHANNELS_LAST] + ([BFLOAT16] if cpu_has_bfloat16() else [])

    print(hardware())
    print(f"input {CHANNELS} x {chosen.size}, ms per clip (times faster than {REFERENCE.name}), median of {runs} runs")
    if BFLOAT16 not in variants:
        print(f"{BFLOAT16.name}: not measured, because this processor has no bfloat16 arithmetic")
    for title, prepare, clips in (
        ("inference, batch 1", inference, 1),
        ("training, batch 16", training_step, TRAINING_BATCH),
    ):
        print(f"\n{title:20}" + "".join(f"{variant.name:>28}" for variant in variants))
        for row in ("dbfem-caffm",) if chosen.quick else ROWS:
            times = [median_ms(prepare(row, size, variant), runs) / clips for variant in variants]
            print(f"{row:20}" + "".join(f"{f'{time:.1f} ({times[0] / time:.2f})':>28}" for time in times), flush=True)


if __name__ == "__main__":
    run_benchmark(main)
