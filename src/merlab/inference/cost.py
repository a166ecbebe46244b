"""What a network costs: parameters, multiply-accumulates, and time at batch 1 on this machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from merlab.methods.method import Method, Task
from merlab.training import processor_field

WARM_UP_RUNS = 3
TIMED_RUNS = 15


@dataclass(frozen=True)
class Cost:
    """Of one network: parameters, multiply-accumulates of one forward pass, and the median time of one clip.

    ``ms`` is in milliseconds and ``fps`` = 1000 / ms in clips a second, both of eager float32 inference at batch 1.
    """

    method: str
    parameters: int
    macs: int
    ms: float
    fps: float


def parameters(module: nn.Module) -> int:
    """Trainable numbers of a network."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def macs(module: nn.Module, *shape: int) -> int:
    """Multiply-accumulates of convolutions and linear layers for one input of this shape (C, H, W).

    Half of what torch's flop counter says, which counts a multiplication and an addition. Table 7's "complexity" is
    this.
    """
    module.eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module(torch.zeros(1, *shape))
    return int(counter.get_total_flops()) // 2


def median_ms(work: Callable[[], object], runs: int = TIMED_RUNS) -> float:
    """The median time of repeated runs in milliseconds, after a few that warm up."""
    for _ in range(WARM_UP_RUNS):
        work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def network_of(
    method: Method,
    preset: str,
    size: tuple[int, int],
    classes: int = 5,
    channels: int = 3,
    network: Mapping[str, Any] | None = None,
) -> tuple[nn.Module, tuple[int, int, int]]:
    """The untrained network of a method for inputs of ``size`` (width, height), ``channels`` a view, and its (C, H, W).

    ``network`` holds options that replace the preset's. Raises MerlabError for a method that is no network, and for an
    option that it does not have.
    """
    width, height = size
    task = Task(classes, channels, height, width, views=2 if method.view == "both" else 1)
    module = method.module(task, method.preset_with(preset, network or {})).eval()
    return module, (task.views * channels, height, width)


def profile(
    method: Method,
    preset: str,
    size: tuple[int, int],
    classes: int = 5,
    channels: int = 3,
    network: Mapping[str, Any] | None = None,
) -> Cost:
    """Cost of a method's network (see ``network_of``): eager float32 on the CPU, torch's present number of threads."""
    module, shape = network_of(method, preset, size, classes, channels, network)
    clip = torch.zeros(1, *shape)
    with torch.inference_mode():
        ms = median_ms(lambda: module(clip))
    return Cost(method.name, parameters(module), macs(module, *shape), ms, 1000 / ms)


def hardware() -> str:
    """Processor, cores, torch threads and torch version, for the head of every timing."""
    name = processor_field("model name") or platform.processor() or platform.machine()
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads{gpu}, torch {torch.__version__}"
