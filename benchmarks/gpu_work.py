"""What ``gpu.py`` measures: networks of Table 7 and training loops, with nothing but torch and this checkout."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

SOURCE = Path(__file__).resolve().parents[1] / "src"


def import_without_packages() -> None:
    """Make modules of merlab importable without the ``__init__`` of their packages, which need other libraries."""
    sys.path.insert(0, str(SOURCE))
    for name in ("merlab", "merlab.methods", "merlab.methods.dual_branch", "merlab.training"):
        package = ModuleType(name)
        package.__path__ = [str(SOURCE.joinpath(*name.split(".")))]
        sys.modules.setdefault(name, package)


if not TYPE_CHECKING and "merlab" not in sys.modules:
    import_without_packages()

from merlab.methods.dual_branch.network import DualNetwork, FusionNetwork, GlobalNetwork, LocalNetwork  # noqa: E402
from merlab.methods.task import Task  # noqa: E402
from merlab.training.accelerated import AcceleratedLoop, Acceleration  # noqa: E402
from merlab.training.clip_store import ClipStore  # noqa: E402
from merlab.training.loop import Loop  # noqa: E402

CLASSES = 5
TRAINED_ROW = "dbfem-caffm"
CHUNK_SECONDS = 0.02


@dataclass(frozen=True)
class Settings:
    """The training settings of the paper (section IV.B), without the library that checks merlab's own settings."""

    epochs: int = 500
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "step"
    decay: float = 0.9
    decay_every: int = 100
    weight_decay: float = 0.0
    class_weights: str = "none"
    label_smoothing: float = 0.0
    steps: int | None = None
    synthetic_share: float = 0.0
    unit_loss: float = 0.0
    mirror: bool = False
    shift: int = 0
    move: float = 0.0
    scale: float = 0.0
    turn: float = 0.0
    noise: float = 0.0
    channels_last: bool = True


@dataclass(frozen=True)
class Row:
    """A row of Table 7: its network, and whether it takes both views of the face."""

    network: Callable[..., nn.Module]
    views: int = 2
    options: tuple[tuple[str, str], ...] = ()


ROWS = {
    "gfem": Row(GlobalNetwork, 1),
    "ltfem": Row(LocalNetwork, 1),
    "dbfem": Row(DualNetwork),
    "dbfem-caffm": Row(FusionNetwork),
    "dbfem-caffm-l": Row(FusionNetwork, options=(("guide", "local"),)),
    "dbfem-caffm-g": Row(FusionNetwork, options=(("guide", "global"),)),
}


@dataclass(frozen=True)
class Scale:
    """The size of everything. The defaults are the paper's; onset and apex frames give six channels per view."""

    width: int = 231
    height: int = 282
    clips: int = 255
    folds: int = 26
    network_width: float = 1.0
    channels: int = 6
    inference_batches: tuple[int, ...] = (64, 128, 256)
    folds_at_once: tuple[int, ...] = (1, 2, 4)
    check_side: int = 96
    check_clips: int = 40
    settings: Settings = Settings()
    briefly: bool = False

    @property
    def fold_clips(self) -> int:
        """The mean number of training clips of a fold: every clip trains in all folds but one."""
        return self.clips * (self.folds - 1) // self.folds

    def task(self, row: str, channels: int) -> Task:
        """The task of a row of Table 7 at this size."""
        return Task(CLASSES, channels, self.height, self.width, views=ROWS[row].views)

    def module(self, row: str, channels: int) -> nn.Module:
        """The untrained network of a row of Table 7."""
        return ROWS[row].network(self.task(row, channels), width=self.network_width, **dict(ROWS[row].options))

    def shape(self, row: str, channels: int) -> tuple[int, ...]:
        """The shape (C, H, W) of one input."""
        return self.task(row, channels).shape

    def for_check(self) -> Scale:
        """A smaller size for the comparison of loops: SGD, because Adam enlarges differences of rounding."""
        settings = replace(self.settings, batch_size=16, optimizer="sgd", learning_rate=0.01, class_weights="balanced")
        return replace(self, width=self.check_side, height=self.check_side, clips=self.check_clips, settings=settings)


PAPER = Scale()
SMALL = Scale(
    width=32,
    height=40,
    clips=20,
    network_width=0.125,
    inference_batches=(2, 4),
    folds_at_once=(1, 2),
    check_side=32,
    check_clips=20,
    settings=Settings(batch_size=8),
    briefly=True,
)


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_per_call(work: Callable[[], object], device: torch.device, budget: float) -> float:
    """The median seconds of one call, over groups of calls that follow each other, within a budget of seconds."""
    for _ in range(3):
        work()
    synchronize(device)
    begin = time.perf_counter()
    work()
    synchronize(device)
    calls = max(1, int(CHUNK_SECONDS / max(time.perf_counter() - begin, 1e-6)))
    times: list[float] = []
    while len(times) < 3 or (time.perf_counter() - begin < budget and len(times) < 200):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        synchronize(device)
        times.append((time.perf_counter() - start) / calls)
    return statistics.median(times)


def free(device: torch.device) -> None:
    """Give GPU memory of finished measurements back, and start a new count of the peak."""
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def memory_gib(device: torch.device) -> float | None:
    """The peak of reserved GPU memory since ``free``, in GiB."""
    return torch.cuda.max_memory_reserved(device) / 2**30 if device.type == "cuda" else None


def matrix_rate(device: torch.device, budget: float, side: int = 8192) -> float:
    """Measured multiply-accumulate rate of a bfloat16 matrix product of random numbers, in TFLOP/s."""
    side = side if device.type == "cuda" else 256
    left, right = (torch.randn(side, side, device=device).bfloat16() for _ in range(2))
    return 2 * side**3 / seconds_per_call(lambda: left @ right, device, budget) / 1e12


def copy_rate(device: torch.device, budget: float) -> float:
    """Measured rate of a copy on the device, counting bytes read and bytes written, in GB/s."""
    source = torch.randn(2**28 if device.type == "cuda" else 2**20, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / seconds_per_call(lambda: target.copy_(source), device, budget) / 1e9


def macs(scale: Scale, row: str, channels: int) -> int:
    """Multiply-accumulates of the convolutions and linear layers for one input, as the paper counts them."""
    module = scale.module(row, channels).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module(torch.zeros(1, *scale.shape(row, channels)))
    return int(counter.get_total_flops()) // 2


def captured(work: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """The same work as one CUDA graph; on a CPU, the work itself."""
    if device.type != "cuda":
        return work
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        work()

    def replay(kept: Callable[[], object] = work) -> None:
        # The graph reads the memory of the network and the images, which ``kept`` keeps.
        graph.replay()

    return replay


def inference(scale: Scale, row: str, batch: int, device: torch.device, how: str) -> Callable[[], object]:
    """One forward pass of a row of Table 7; ``how`` is eager, graph or compiled (which is also captured)."""
    module = scale.module(row, scale.channels).eval().to(device)
    module = module.to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.rand(batch, *scale.shape(row, scale.channels), device=device, dtype=torch.bfloat16)
    images = images.contiguous(memory_format=torch.channels_last)
    network: Callable[[Tensor], Tensor] = torch.compile(module, dynamic=False) if how == "compiled" else module

    def work() -> object:
        with torch.no_grad():
            return network(images)

    return work if how == "eager" else captured(work, device)


@contextmanager
def algorithms(fastest: bool) -> Iterator[None]:
    """The cuDNN algorithms: merlab's choice repeats its results; ``fastest`` is chosen by timing and does not."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=fastest, deterministic=not fastest):
        yield


@dataclass
class Clips:
    """Random clips and labels at the size of a data set, on the device."""

    store: ClipStore
    labels: Tensor
    scale: Scale
    device: torch.device
    reduced: bool

    def with_batches_of(self, size: int) -> Clips:
        """The same clips, trained in batches of another size."""
        return replace(self, scale=replace(self.scale, settings=replace(self.scale.settings, batch_size=size)))

    @classmethod
    def random(cls, scale: Scale, device: torch.device, *, reduced: bool) -> Clips:
        """Clips of uint8 gray levels; the label is visible as the brightness of one channel."""
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(scale.clips) % CLASSES
        shape = (scale.clips, *scale.shape(TRAINED_ROW, scale.channels))
        levels = torch.randint(0, 200, shape, dtype=torch.uint8, generator=generator)
        levels[:, 0] += (labels * 10).to(torch.uint8)[:, None, None]
        return cls(ClipStore.of(levels.float() / 255, device), labels.to(device), scale, device, reduced)

    def rows(self, fold: int) -> Tensor:
        """The training rows of a fold: all clips but its own share."""
        held_out = self.scale.clips - self.scale.fold_clips
        return torch.arange(self.scale.clips, device=self.device).roll(-fold * held_out)[: self.scale.fold_clips]

    def network(self, dropout: bool = True) -> nn.Module:
        """The untrained network on the device."""
        module = self.scale.module(TRAINED_ROW, self.scale.channels).to(self.device)
        for child in module.modules():
            if isinstance(child, nn.Dropout) and not dropout:
                child.p = 0.0
        return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def plain(self, *, dropout: bool = True) -> Loop:
        """The plain loop on the first fold."""
        rows = self.rows(0)
        return Loop(self.network(dropout), self.store.take(rows), self.labels[rows], **self._common())

    def accelerated(self, fold: int, how: Acceleration, *, dropout: bool = True) -> AcceleratedLoop:
        """The accelerated loop on a fold."""
        rows = self.rows(fold)
        return AcceleratedLoop(
            self.network(dropout), self.store, rows, self.labels[rows], acceleration=how, **self._common()
        )

    def _common(self) -> dict[str, Any]:
        return {"classes": CLASSES, "settings": self.scale.settings, "reduced": self.reduced}


def epoch_together(loops: Sequence[AcceleratedLoop]) -> list[float]:
    """One epoch of several folds at once; their losses."""
    for loop in loops:
        loop.start_epoch()
    return [loop.finish_epoch() for loop in loops]


def seconds_per_epoch(epoch: Callable[[], object], budget: float) -> tuple[float, int]:
    """The mean seconds of an epoch over as many as fit the budget (after one that does not count), and their number."""
    epoch()
    begin, count = time.perf_counter(), 0
    while count < 2 or time.perf_counter() - begin < budget:
        epoch()
        count += 1
    return (time.perf_counter() - begin) / count, count
