"""The accelerated training loop: clips stay on the device, and a step is replayed as one CUDA graph.

It computes what the plain loop computes. On a CPU, without ``compiled``, random numbers and arithmetic are those of the
plain loop. On a GPU, dropout draws other random numbers, and with ``compiled`` sums are rounded in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.training.augmentation import Mirror, augmented
from merlab.training.clip_store import ClipStore
from merlab.training.loop import Loop
from merlab.training.replayable import feed_dropout, mask_batch_norms, sharing_copy, tensors_of
from merlab.training.schedules import learning_rate
from merlab.training.steps import (
    NetworkWithLoss,
    epoch_batches,
    in_memory_order,
    masked_loss,
    sizes_of_batches,
    training_loss,
)

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings

WARM_UP_STEPS = 3


@dataclass(frozen=True)
class Acceleration:
    """What is accelerated beside clips on the device.

    Attributes:
        graphs: replay each step as one CUDA graph; only on a GPU.
        compiled: compile forward and backward pass with ``torch.compile``, for one shape of batch.
        fixed_shapes: fill a smaller batch up with rows that have no influence; ``compiled`` needs it.

    """

    graphs: bool = False
    compiled: bool = False
    fixed_shapes: bool = False


@dataclass(frozen=True)
class Batch:
    """The memory that a step reads: inputs (n, ..., H, W), labels (n,), and for fixed shapes a mask (n,)."""

    inputs: Tensor
    labels: Tensor
    mask: Tensor | None

    def fill(self, inputs: Tensor, labels: Tensor) -> None:
        """Write a batch of at most n clips; the rest keeps old clips and gets the mask 0."""
        count = len(labels)
        self.inputs[:count].copy_(inputs)
        self.labels[:count].copy_(labels)
        if self.mask is not None:
            self.mask[:count] = 1
            self.mask[count:] = 0


class AcceleratedLoop(Loop):
    """Trains one network on some rows of a clip store; several loops on one GPU overlap, each on its own stream.

    ``start_epoch`` only queues the work, ``finish_epoch`` waits for it. Random numbers come from a generator of this
    loop, which continues from the state of the device's global generator, so that folds trained together and folds
    trained one after the other get the same numbers.
    """

    def __init__(
        self,
        module: nn.Module,
        clips: ClipStore,
        rows: Tensor,
        labels: Tensor,
        *,
        classes: int,
        settings: TrainingSettings,
        acceleration: Acceleration,
        mirror: Mirror | None = None,
        reduced: bool = False,
    ) -> None:
        if settings.synthetic_share or settings.unit_loss:
            raise MerlabError(
                "the accelerated loop trains without synthetic clips and without a loss of action units; set "
                "synthetic_share and unit_loss to 0, or the training setting loop to plain"
            )
        self.device = clips.device
        on_gpu = self.device.type == "cuda"
        super().__init__(
            module,
            clips.rows,
            labels,
            classes=classes,
            settings=settings,
            mirror=mirror,
            reduced=reduced,
            rate=torch.tensor(settings.learning_rate, device=self.device) if on_gpu else None,
        )
        self.clips = clips
        self.rows = rows
        self.how = acceleration
        self.generator = torch.Generator(self.device)
        self.generator.set_state(torch.cuda.get_rng_state(self.device) if on_gpu else torch.get_rng_state())
        self.stream = torch.cuda.Stream(self.device) if on_gpu else None  # type: ignore[no-untyped-call]
        self.pool = torch.cuda.graph_pool_handle() if acceleration.graphs else None
        self.total = torch.zeros((), device=self.device)
        self.steps: dict[int, tuple[Batch, Callable[[], None]]] = {}
        self._prepare()

    def _prepare(self) -> None:
        """Make the working copy of the network, and a step for each size of batch."""
        sizes = sorted(set(sizes_of_batches(self.settings, len(self.rows))), reverse=True)
        fixed = self.how.fixed_shapes or self.how.compiled
        if fixed and isinstance(self.module, NetworkWithLoss):
            raise MerlabError(
                "a network with its own loss cannot be trained on batches of a fixed shape; set the training setting "
                "loop to accelerated or plain"
            )
        with self._on_stream():
            mask = torch.ones(sizes[0], device=self.device) if fixed else None
            self.working = sharing_copy(self.module)
            self.working.train()
            self.dropouts = feed_dropout(self.working, self._batch(sizes[0], None).inputs)
            if mask is not None:
                mask_batch_norms(self.working, mask)
            self.loss = compiled_loss() if self.how.compiled else batch_loss
            for size in sizes[:1] if fixed else sizes:
                batch = self._batch(size, mask)
                self.steps[size] = batch, self._step_of(batch)

    def _batch(self, size: int, mask: Tensor | None) -> Batch:
        chosen = torch.arange(size, device=self.device) % len(self.rows)
        rows, labels = self.rows[chosen], self.labels[chosen]
        inputs = in_memory_order(self.clips.take(rows), channels_last=self.settings.channels_last)
        return Batch(inputs.clone(), labels.clone(), mask)

    def _step_of(self, batch: Batch) -> Callable[[], None]:
        def step() -> None:
            self._step(batch)

        if not self.how.graphs:
            return step
        before = {id(tensor): tensor.detach().clone() for tensor in self._state()}
        for _ in range(WARM_UP_STEPS):
            step()
        with torch.no_grad():
            for tensor in self._state():
                tensor.copy_(before[id(tensor)]) if id(tensor) in before else tensor.zero_()
        self.optimizer.zero_grad()
        graph = torch.cuda.CUDAGraph()
        # The graphs of one loop never run at the same time, and nothing that they leave behind is read.
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
            step()
        return graph.replay

    def _state(self) -> list[Tensor]:
        """Everything that a step changes."""
        return [*self.module.parameters(), *self.module.buffers(), *tensors_of(self.optimizer), self.total]

    def _step(self, batch: Batch) -> None:
        smoothing = self.settings.label_smoothing
        loss = self.loss(self.working, batch.inputs, batch.labels, batch.mask, self.weights, self.reduced, smoothing)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.total += loss.detach() * (len(batch.labels) if batch.mask is None else batch.mask.sum())

    @contextmanager
    def _on_stream(self) -> Iterator[None]:
        """Queue the work inside on this loop's stream, after the work that the caller has queued."""
        if self.stream is None:
            yield
            return
        self.stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self.stream):
            yield

    def epoch(self) -> float:
        """Train on all training clips once; returns the mean loss per clip."""
        self.start_epoch()
        return self.finish_epoch()

    def start_epoch(self) -> None:
        """Queue one epoch; on a CPU, this is the work itself."""
        with self._on_stream():
            self.total.zero_()
            batches = epoch_batches(self.settings, self.labels, self.generator)
            for number, chosen in enumerate(batches):
                self._set_rate(learning_rate(self.settings, self.done + number / len(batches)))
                self._train_on(chosen)
        self.done += 1

    def finish_epoch(self) -> float:
        """Wait for the queued epoch; returns its mean loss per clip."""
        with self._on_stream():
            return float(self.total) / sum(sizes_of_batches(self.settings, len(self.rows)))

    def _set_rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _train_on(self, chosen: Tensor) -> None:
        batch, step = self.steps[len(chosen)] if len(chosen) in self.steps else next(iter(self.steps.values()))
        clips, _ = augmented(self.clips.take(self.rows[chosen]), self.settings, self.mirror, self.generator)
        batch.fill(clips, self.labels[chosen])
        for dropout in self.dropouts:
            dropout.draw(len(chosen), self.generator)
        step()


def batch_loss(
    module: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    mask: Tensor | None,
    weights: Tensor | None,
    reduced: bool,
    smoothing: float,
) -> Tensor:
    """The loss () of a batch; ``reduced`` computes in bfloat16 where autocast allows it."""
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=reduced):
        outputs: Any = module(inputs)
    if mask is None:
        return training_loss(module, outputs, labels, weights, smoothing)
    return masked_loss(outputs, labels, weights, mask, smoothing)


@lru_cache
def compiled_loss() -> Callable[..., Tensor]:
    """``batch_loss``, compiled for each shape of batch that it meets; all folds share it.

    The function raises MerlabError where it cannot be compiled.
    """
    compiled = torch.compile(batch_loss, dynamic=False)

    def loss(*arguments: Any) -> Tensor:
        try:
            return compiled(*arguments)
        except RuntimeError as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            # Advice to the developers of PyTorch follows.
            fault = " ".join(str(error).partition("\n\n")[0].split())
            raise MerlabError(
                f"PyTorch cannot compile this network here ({fault}): a CPU needs a C++ compiler, and a GPU triton; "
                "set the training setting loop to accelerated or plain"
            ) from error

    return loss
