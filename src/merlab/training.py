"""Train one network on one fold, repeatably: the settings and the training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from sklearn.model_selection import GroupShuffleSplit
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.processes import keep_freed_memory
from merlab.vocabulary import Selection

Precision = Literal["float32", "bfloat16"]
Mirror = Callable[[Tensor], Tensor]
LabeledInputs = tuple[NDArray[np.float32], NDArray[np.int64]]
EpochReport = Callable[[int, int, float], None]

# If the network or the input is smaller, a CPU loses more time on converting to and from bfloat16 than the faster
# convolutions save: 0.54 M parameters at 80 x 96 trained faster in float32, 8.5 M at 231 x 282 in bfloat16 (1.7 times).
LARGE_PARAMETERS = 1_000_000
LARGE_PIXELS = 128 * 128
MOMENTUM = 0.9


class TrainingSettings(BaseModel):
    """The training settings of a network. Defaults are the paper's: Adam, 500 epochs, batches of 64, step decay of 0.9.

    Attributes:
        optimizer: ``sgd`` is stochastic gradient descent with momentum 0.9.
        class_weights: ``balanced`` weights the loss by the inverse class frequency of the training clips.
        mirror: flip each clip left to right with probability 1/2; horizontal motion then changes its sign.
        shift: move each clip by up to this many pixels along both axes, repeating its border.
        precision: ``auto`` chooses by a fixed rule (see ``resolve_precision``), never by a timing.
        selection: ``fixed`` keeps the last epoch. ``validation`` holds out subjects of the training fold and keeps the
            epoch with the smallest class-balanced loss on them. ``best-epoch-on-test`` keeps the epoch with the best
            accuracy on the test fold. This is a leak; it exists only to measure how large the leak is.
        validation_share: the share of the training subjects that ``validation`` holds out.
        threads: number of CPU threads; it is fixed, because rounding depends on how sums are divided among threads.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(500, ge=1)
    batch_size: int = Field(64, ge=2)
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    decay: float = Field(0.9, gt=0, le=1)
    decay_every: int = Field(100, ge=1)
    weight_decay: float = Field(0.0, ge=0)
    class_weights: Literal["none", "balanced"] = "none"
    mirror: bool = False
    shift: int = Field(0, ge=0)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    channels_last: bool = True
    device: Literal["auto", "cpu", "cuda"] = "auto"
    selection: Selection = "fixed"
    validation_share: float = Field(0.2, gt=0, lt=1)
    threads: int = Field(1, ge=1)


class NetworkWithLoss(nn.Module):
    """A network with its own loss, instead of the cross-entropy of its logits.

    In evaluation mode it returns logits (N, classes), as every network; in training mode, what ``loss`` needs.
    """

    def loss(self, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The loss () of a batch: ``outputs`` in training mode, labels (N,), class weights (classes,)."""
        raise NotImplementedError


class BestEpoch:
    """The epoch with the best score so far (the first of several), and a copy of its weights."""

    def __init__(self) -> None:
        self.epoch = 0
        self.score = -math.inf
        self.weights: dict[str, Tensor] = {}

    def consider(self, epoch: int, score: float, module: nn.Module) -> None:
        """Keep this epoch if its score is higher than all scores before."""
        if self.epoch == 0 or score > self.score:
            self.epoch, self.score = epoch, score
            self.weights = {name: value.clone() for name, value in module.state_dict().items()}


class NeuralClassifier:
    """A torch network with ``fit`` and ``predict_proba``.

    ``network`` returns the untrained module, which maps (N, C, H, W), or (N, T, C, H, W) for sequences, to logits
    (N, classes). ``mirror`` flips a batch of this input left to right (``merlab.inputs.mirror_of``); settings with
    mirror=True need it. Training is repeatable: the same seed on the same machine gives the same numbers. Torch's
    global random state does not change.

    After ``fit``, ``module`` is the trained network and ``kept_epoch`` the epoch of its weights, counted from 1.
    """

    def __init__(
        self,
        network: Callable[[], nn.Module],
        classes: int,
        settings: TrainingSettings,
        *,
        mirror: Mirror | None = None,
    ) -> None:
        if settings.mirror and mirror is None:
            raise MerlabError(
                "mirror=True needs a function that mirrors this input (horizontal flow changes its sign); "
                "pass mirror=merlab.inputs.mirror_of(recipe), or set mirror to false"
            )
        self.network = network
        self.classes = classes
        self.settings = settings
        self.mirror = mirror
        self.kept_epoch = 0
        self._module: nn.Module | None = None

    @property
    def module(self) -> nn.Module:
        """The trained network; raises MerlabError before ``fit``."""
        if self._module is None:
            raise MerlabError("this classifier has not been trained yet; call fit before predict_proba")
        return self._module

    @property
    def device(self) -> torch.device:
        """The device on which the network runs."""
        return resolve_device(self.settings.device)

    def precision(self, height: int, width: int) -> Precision:
        """The precision of training and prediction for inputs of this size; known before ``fit``."""
        return resolve_precision(self.settings, self.device, self._parameters, height * width)

    @cached_property
    def _parameters(self) -> int:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in self.network().parameters())

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        *,
        monitor: LabeledInputs | None = None,
        on_epoch: EpochReport | None = None,
    ) -> None:
        """Train on inputs (N, [T,] C, H, W), labels (N,) in 0..classes-1 and the subject of each row.

        ``monitor`` is the test fold (inputs, labels); the selection ``best-epoch-on-test`` needs it, and no other may
        have it. ``on_epoch(done, total, loss)`` is called after every epoch.

        Raises MerlabError for inputs that are not finite, labels out of range, too few clips or subjects, a loss that
        is not finite, and a device with too little memory.
        """
        check_inputs(inputs)
        check_labels(labels, groups, len(inputs), self.classes)
        if (monitor is not None) != (self.settings.selection == "best-epoch-on-test"):
            raise MerlabError(
                f"selection={self.settings.selection} got {'no' if monitor is None else 'a'} test fold; only "
                "best-epoch-on-test, which measures a leak, uses the test fold during training, and it needs one"
            )
        training, judged = self._divide(inputs, labels, groups, seed, monitor)
        keep_freed_memory()
        with self._repeatable(), seeded(seed, self.device):
            module = self.network().to(self.device)
            if self.settings.channels_last:
                module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self._train(module, self._both_on_device(training), judged and self._both_on_device(judged), on_epoch)
        self._module = module.eval()

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes): the softmax of the logits, not calibrated."""
        check_inputs(inputs)
        with self._repeatable():
            logits = self._logits(self.module, self._on_device(inputs))
            return np.asarray(logits.double().softmax(dim=1).cpu().numpy(), np.float64)

    def _divide(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        monitor: LabeledInputs | None,
    ) -> tuple[LabeledInputs, LabeledInputs | None]:
        """The clips for training, and the clips that score each epoch (None for the selection ``fixed``)."""
        chosen = np.arange(len(labels))
        judged = monitor
        if self.settings.selection == "validation":
            chosen, held_out = hold_out_subjects(groups, self.settings.validation_share, seed)
            judged = inputs[held_out], labels[held_out]
        if len(chosen) < 2:
            raise MerlabError("a network needs at least 2 training clips; use more clips, or evaluate with fewer folds")
        return (inputs[chosen], labels[chosen]), judged

    def _on_device(self, inputs: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(inputs, np.float32)).to(self.device)

    def _both_on_device(self, pair: LabeledInputs) -> tuple[Tensor, Tensor]:
        inputs, labels = pair
        return self._on_device(inputs), torch.from_numpy(labels.astype(np.int64)).to(self.device)

    def _train(
        self,
        module: nn.Module,
        training: tuple[Tensor, Tensor],
        judged: tuple[Tensor, Tensor] | None,
        on_epoch: EpochReport | None,
    ) -> None:
        settings = self.settings
        optimizer = make_optimizer(settings, module)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, settings.decay_every, settings.decay)
        balanced = settings.class_weights == "balanced"
        weights = balanced_weights(training[1], self.classes) if balanced else None
        best = BestEpoch()
        for epoch in range(1, settings.epochs + 1):
            loss = self._epoch(module, training, weights, optimizer)
            if not math.isfinite(loss):
                raise MerlabError(
                    f"the training loss is {loss} in epoch {epoch}; "
                    f"lower learning_rate (now {settings.learning_rate:g}), or set precision to float32"
                )
            schedule.step()
            if judged is not None:
                best.consider(epoch, self._score(module, *judged), module)
            if on_epoch is not None:
                on_epoch(epoch, settings.epochs, loss)
        self.kept_epoch = settings.epochs
        if judged is not None:
            module.load_state_dict(best.weights)
            self.kept_epoch = best.epoch

    def _epoch(
        self,
        module: nn.Module,
        training: tuple[Tensor, Tensor],
        weights: Tensor | None,
        optimizer: torch.optim.Optimizer,
    ) -> float:
        """Train on all training clips once; returns the mean loss per clip."""
        inputs, labels = training
        module.train()
        total = torch.zeros((), device=inputs.device)
        for batch in random_batches(len(labels), self.settings.batch_size, inputs.device):
            outputs = self._forward(module, self._augmented(inputs[batch]))
            loss = training_loss(module, outputs, labels[batch], weights)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.detach() * len(batch)
        return float(total) / len(labels)

    def _augmented(self, batch: Tensor) -> Tensor:
        if self.settings.mirror and self.mirror is not None:
            chosen = torch.rand(len(batch), device=batch.device) < 0.5
            batch = torch.where(chosen.view(-1, *[1] * (batch.ndim - 1)), self.mirror(batch), batch)
        return shifted(batch, self.settings.shift) if self.settings.shift else batch

    def _forward(self, module: nn.Module, batch: Tensor) -> Any:
        if self.settings.channels_last and batch.ndim == 4:
            batch = batch.contiguous(memory_format=torch.channels_last)
        reduced = self.precision(*batch.shape[-2:]) == "bfloat16"
        with torch.autocast(batch.device.type, torch.bfloat16, enabled=reduced):
            return module(batch)

    @torch.inference_mode()
    def _logits(self, module: nn.Module, inputs: Tensor) -> Tensor:
        module.eval()
        batches = torch.split(inputs, self.settings.batch_size)
        return torch.cat([self._forward(module, batch).float() for batch in batches])

    def _score(self, module: nn.Module, inputs: Tensor, labels: Tensor) -> float:
        """The score of an epoch, higher is better: accuracy on the test fold, or the negative balanced loss."""
        logits = self._logits(module, inputs)
        if self.settings.selection == "best-epoch-on-test":
            return float((logits.argmax(dim=1) == labels).double().mean())
        return -float(F.cross_entropy(logits, labels, balanced_weights(labels, self.classes)))

    @contextmanager
    def _repeatable(self) -> Iterator[None]:
        """Fix the number of threads and the cuDNN algorithms; give the remedy if the device has too little memory."""
        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.settings.threads)
        try:
            with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
                yield
        except torch.cuda.OutOfMemoryError as error:
            raise MerlabError(
                f"{self.device} has too little memory for batches of {self.settings.batch_size}; "
                "lower batch_size, or set device to cpu"
            ) from error
        finally:
            torch.set_num_threads(threads_before)


def check_inputs(inputs: NDArray[np.float32]) -> None:
    """Raise MerlabError unless inputs are (N, [T,] C, H, W), N at least 1, with finite values."""
    if inputs.ndim not in (4, 5) or len(inputs) == 0:
        raise MerlabError(
            "inputs must be (clips, channels, height, width) or (clips, frames, channels, height, width) with at least "
            f"one clip, got {inputs.shape}"
        )
    unfit = np.flatnonzero(~np.isfinite(inputs).all(axis=tuple(range(1, inputs.ndim))))
    if len(unfit):
        raise MerlabError(
            f"{len(unfit)} of {len(inputs)} inputs contain NaN or infinity, the first is row {unfit[0]}; "
            "compute these inputs again, or leave the clips out"
        )


def check_labels(labels: NDArray[np.int64], groups: Sequence[str], clips: int, classes: int) -> None:
    """Raise MerlabError unless each clip has a label in 0..classes-1 and a subject."""
    if not len(labels) == len(groups) == clips:
        raise MerlabError(
            f"{clips} clips need {clips} labels and {clips} subjects, got {len(labels)} and {len(groups)}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise MerlabError(
            f"labels of {classes} classes must be in 0..{classes - 1}, got {labels.min()}..{labels.max()}"
        )


def resolve_device(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """The device; ``auto`` is the GPU if there is one. Raises MerlabError for ``cuda`` without a usable GPU."""
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        raise MerlabError("device=cuda, but torch finds no usable CUDA device; set device to auto or cpu")
    return torch.device("cuda" if present and name != "cpu" else "cpu")


def resolve_precision(settings: TrainingSettings, device: torch.device, parameters: int, pixels: int) -> Precision:
    """The precision of the settings; ``auto`` depends on the device, the network and the input, by a fixed rule.

    A GPU uses bfloat16 if it has bfloat16 arithmetic (compute capability 8.0 or higher). A CPU uses it if the processor
    has it (AVX-512 BF16 or AMX) and network and input are large (``is_large``). Otherwise it is float32.
    """
    if settings.precision != "auto":
        return settings.precision
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(device) >= (8, 0) else "float32"
    return "bfloat16" if is_large(parameters, pixels) and cpu_has_bfloat16() else "float32"


def is_large(parameters: int, pixels: int) -> bool:
    """Whether network (1 M parameters) and input (128 x 128 pixels) are both large, for the choice of a precision."""
    return parameters >= LARGE_PARAMETERS and pixels >= LARGE_PIXELS


def cpu_has_bfloat16() -> bool:
    """Whether the processor has bfloat16 arithmetic; False on systems other than Linux, which do not report it."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(processor_field("flags").split())


@lru_cache
def processor_field(name: str) -> str:
    """A field of the first processor in /proc/cpuinfo, such as ``model name``; empty if there is none."""
    table = Path("/proc/cpuinfo")
    if not table.exists():
        return ""
    fields = (line.partition(":") for line in table.read_text(encoding="utf-8").splitlines())
    return next((value.strip() for field, _, value in fields if field.strip() == name), "")


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch inside, on the CPU and on ``device``; afterwards restore its random state."""
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed(seed)
        yield


def hold_out_subjects(groups: Sequence[str], share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows for training and rows held out, without common subjects; raises MerlabError for fewer than 2 subjects."""
    subjects = len(set(groups))
    if subjects < 2:
        raise MerlabError(
            f"selection=validation needs at least 2 subjects in the training fold, which has {subjects}; "
            "use selection=fixed, or a protocol with larger training folds"
        )
    held_out = min(max(1, round(share * subjects)), subjects - 1)
    splitter = GroupShuffleSplit(n_splits=1, test_size=held_out, random_state=seed)
    kept, judged = next(splitter.split(np.zeros(len(groups)), groups=list(groups)))
    return kept, judged


def make_optimizer(settings: TrainingSettings, module: nn.Module) -> torch.optim.Optimizer:
    """The optimizer of the settings."""
    common: dict[str, Any] = {
        "lr": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "fused": True,
    }
    if settings.optimizer == "sgd":
        return torch.optim.SGD(module.parameters(), momentum=MOMENTUM, **common)
    return torch.optim.Adam(module.parameters(), **common)


def training_loss(module: nn.Module, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
    """The network's own loss if it has one, otherwise the class-weighted cross-entropy of its logits."""
    if isinstance(module, NetworkWithLoss):
        return module.loss(outputs, labels, weights)
    return F.cross_entropy(outputs.float(), labels, weights)


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """One weight per class (classes,): N / (classes present x clips of the class); 0 for a class without clips."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0)


def random_batches(count: int, size: int, device: torch.device) -> list[Tensor]:
    """Rows 0..count-1 in random order, divided into batches; a single last row is added to the batch before it.

    Batch normalization needs more than one value per channel, which one clip on a grid of 1 x 1 does not give.
    """
    batches = list(torch.split(torch.randperm(count, device=device), size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        single = batches.pop()
        batches[-1] = torch.cat([batches[-1], single])
    return batches


def shifted(batch: Tensor, pixels: int) -> Tensor:
    """Move each of (N, ..., H, W) by random whole pixels, -pixels..pixels along both axes; the border is repeated."""
    count, height, width = len(batch), *batch.shape[-2:]
    down, right = torch.randint(-pixels, pixels + 1, (2, count, 1), device=batch.device)
    rows = (torch.arange(height, device=batch.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=batch.device) - right).clamp(0, width - 1)
    clips = torch.arange(count, device=batch.device).view(-1, 1, 1)
    planes = batch.reshape(count, -1, height, width)
    moved = planes.permute(0, 2, 3, 1)[clips, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).reshape(batch.shape)
