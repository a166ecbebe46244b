"""What a network costs: parameters, multiply-accumulates, and time at batch 1 on this machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from merlab.errors import MerlabError, naming_mistakes
from merlab.given import as_settings, as_whole
from merlab.inputs import as_recipe, parse_size
from merlab.methods import Method, Task, is_own, methods_of
from merlab.progress import Progress, shown_progress
from merlab.spelling import counted
from merlab.training import processor_field
from merlab.training.usual_torch import usual_torch
from merlab.unneeded_warnings import without_warnings

WARM_UP_RUNS = 3
TIMED_RUNS = 15
# A network that needs seconds for one input is run less often.
MOST_SECONDS = 10.0
PAPER = "paper"
MOST_CLASSES, MOST_CHANNELS = 1000, 1000


@dataclass(frozen=True)
class Cost:
    """The cost of one network: parameters, multiply-accumulates per input, and the median time of one input.

    ``shape`` is that of the input, ([T,] C, H, W) with the channels of all views. ``ms`` is in milliseconds, ``fps`` =
    1000 / ms in inputs per second: of eager PyTorch in float32 at batch 1.
    """

    method: str
    shape: tuple[int, ...]
    parameters: int
    macs: int
    ms: float
    fps: float


def parameters(module: nn.Module) -> int:
    """The number of trainable parameters of a network."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def macs(module: nn.Module, *shape: int) -> int:
    """Multiply-accumulates of convolutions, linear and recurrent layers for one input of this shape ([T,] C, H, W).

    This is half of the number of torch's flop counter, which counts multiplications and additions. It is the
    "complexity" of the paper's Table 7.
    """
    # It loads triton, the compiler for GPUs, which takes half a second.
    from torch.utils.flop_counter import FlopCounterMode

    module.eval()
    # In inference mode, the counter of PyTorch 2.4 counts nothing.
    with _countable(module), FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, *shape))
    return int(counter.get_total_flops()) // 2


@contextmanager
def _countable(module: nn.Module) -> Iterator[None]:
    """On a CPU, oneDNN computes an LSTM in one step, of which torch's counter sees nothing: do without oneDNN then."""
    if not any(isinstance(layer, nn.LSTM) for layer in module.modules()):
        yield
        return
    # Setting the flag warns about other processors.
    with without_warnings(category=UserWarning), torch.backends.mkldnn.flags(enabled=False):
        yield


def median_ms(work: Callable[[], object], runs: int = TIMED_RUNS) -> float:
    """The median time of repeated runs in milliseconds, after a few runs for warming up.

    There are fewer runs, but at least one of each kind, where they take more than ten seconds.
    """
    for count in (WARM_UP_RUNS, runs):
        times: list[float] = []
        while len(times) < count and sum(times) < MOST_SECONDS:
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def network_of(
    method: Method,
    preset: str,
    size: tuple[int, int] | None,
    classes: int = 5,
    channels: int | None = 3,
    network: Mapping[str, Any] | None = None,
) -> tuple[nn.Module, tuple[int, ...]]:
    """The untrained network of a method, and the shape ([T,] C, H, W) of its input.

    ``size`` is (width, height), ``channels`` is per view; None for either takes that of the preset's recipe, which also
    gives the number of frames of a sequence. ``network`` holds options that replace the preset's. Raises MerlabError
    for a method that is not a network, for an option that it does not have, and for a number out of range.
    """
    chosen = method.preset_with(preset, network or {})
    recipe = as_recipe(chosen.input or method.input).seen_by(method.view)
    channels = recipe.channels if channels is None else channels
    for name, number, least, most in (("classes", classes, 2, MOST_CLASSES), ("channels", channels, 1, MOST_CHANNELS)):
        as_whole(number, name, least, most)
    task = replace(Task.of(classes, recipe), channels=channels)
    if size is not None:
        task = replace(task, width=size[0], height=size[1])
    module = method.module(task, chosen)
    module.eval()
    return module, task.shape


def profile(
    methods: object,
    *,
    preset: str | None = None,
    size: str | tuple[int, int] | None = None,
    classes: int = 5,
    channels: int | None = None,
    network: Mapping[str, Any] | None = None,
    progress: Progress | bool = True,
) -> list[Cost]:
    """The cost of each network on this machine, with the present number of torch's CPU threads.

    Args:
        methods: one method or several, as in ``merlab.evaluate``.
        preset: the preset whose network is measured; None takes paper where a method has it, or else its first.
        size: of the input: (width, height), or the text ``WIDTHxHEIGHT``; None takes each method's own.
        classes: the number of classes, 2 to 1000.
        channels: the number of channels per view, 1 to 1000; None takes each method's own.
        network: network options that replace the preset's.
        progress: True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: for a method that is not a network, and for an option, a size or a number that it does not take.

    """
    chosen = methods_of(methods)
    width_height, options = _as_size(size), as_settings(network, "network", '{"width": 0.5}')
    costs = []
    # Random weights that nobody sees: the program that calls draws the same numbers as without them.
    with usual_torch(), torch.random.fork_rng(devices=[]), shown_progress(progress) as show:
        for position, method in enumerate(chosen):
            show(position, len(chosen), method.name)
            with naming_mistakes(f"method {method.name}: its network", is_own(method)):
                own = PAPER if PAPER in method.presets else next(iter(method.presets))
                named = own if preset is None else preset
                module, shape = network_of(method, named, width_height, classes, channels, options)
                costs.append(_profile(method.name, module, shape))
    return costs


def _as_size(size: object) -> tuple[int, int] | None:
    """(width, height) of a pair or a text; None takes each method's own. Raises MerlabError for anything else."""
    if size is None or isinstance(size, str):
        return None if size is None else parse_size(size)
    if not isinstance(size, Sequence) or len(size) != 2:
        raise MerlabError(f"size must be (width, height) or a text such as 231x282, got {size!r}")
    return as_whole(size[0], "the width of size", 1), as_whole(size[1], "the height of size", 1)


def _profile(name: str, module: nn.Module, shape: tuple[int, ...]) -> Cost:
    clip = torch.zeros(1, *shape)
    with torch.inference_mode():
        ms = median_ms(lambda: module(clip))
    return Cost(name, shape, parameters(module), macs(module, *shape), ms, 1000 / ms)


def hardware() -> str:
    """Processor, cores, torch threads and torch version, for the heading of every timing."""
    name = processor_field("model name") or platform.processor() or platform.machine()
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    cores, threads = counted(os.cpu_count() or 1, "core"), counted(torch.get_num_threads(), "thread")
    return f"{name}, {cores}, {threads}{gpu}, torch {torch.__version__}"
