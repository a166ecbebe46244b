"""Fit one network on one fold: the loop, its settings, and what keeps its numbers repeatable."""

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

# Below either, converting to and from bfloat16 costs a CPU more than the faster convolutions save: 0.54 M parameters at
# 80 x 96 trained faster in float32, 8.5 M at 231 x 282 in bfloat16 (1.7 times).
LARGE_PARAMETERS = 1_000_000
LARGE_PIXELS = 128 * 128
MOMENTUM = 0.9


class TrainingSettings(BaseModel):
    """How a network is trained. The defaults are the paper's: Adam, 500 epochs, batches of 64, step decay of 0.9.

    Attributes:
        optimizer: ``sgd`` is stochastic gradient descent with momentum 0.9.
        class_weights: ``balanced`` weighs the loss by the inverse class frequency of the training clips.
        mirror: flip each clip left to right with probability 1/2, horizontal motion included.
        shift: move each clip by up to this many pixels along both axes, repeating its border.
        precision: ``auto`` is a rule, never a timing, see ``resolve_precision``.
        selection: ``fixed`` keeps the last epoch. ``validation`` holds out subjects of the training fold and keeps the
            epoch of the least class-balanced loss on them. ``best-epoch-on-test`` keeps the epoch of the best accuracy
            on the test fold: a leak, here only to show the size of the leak.
        validation_share: the share of the training subjects that ``validation`` holds out.
        threads: CPU threads of one fit; fixed, because sums depend on how they are divided.

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
    """A network that is trained by more than the cross-entropy of its logits.

    In evaluation it gives logits (N, classes) like any other; in training whatever its ``loss`` needs.
    """

    def loss(self, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The loss of a batch (): ``outputs`` of training mode, labels (N,), weights of the classes (classes,)."""
        raise NotImplementedError


class BestEpoch:
    """The first epoch of the best score so far, and a copy of its weights."""

    def __init__(self) -> None:
        self.epoch = 0
        self.score = -math.inf
        self.weights: dict[str, Tensor] = {}

    def consider(self, epoch: int, score: float, module: nn.Module) -> None:
        """Take this epoch if it scores higher than all before it."""
        if self.epoch == 0 or score > self.score:
            self.epoch, self.score = epoch, score
            self.weights = {name: value.clone() for name, value in module.state_dict().items()}


class NeuralClassifier:
    """A torch network behind ``fit`` and ``predict_proba``.

    ``network`` makes the untrained module; it maps (N, C, H, W), or (N, T, C, H, W) for sequences, to logits
    (N, classes). ``mirror`` flips a batch of this input left to right (``merlab.inputs.mirror_of``); settings with
    mirror=True need it. A fit is repeatable: the same seed on the same machine gives the same numbers, and torch's
    global random state is left as it was found.

    After ``fit``: ``module`` is the trained network, ``kept_epoch`` the epoch (from 1) that its weights come from.
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
                "training with mirror=True needs to know how this input is mirrored (horizontal flow changes sign); "
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
        """Where the network runs."""
        return resolve_device(self.settings.device)

    def precision(self, height: int, width: int) -> Precision:
        """The arithmetic that inputs of this size are trained and judged in; can be asked before ``fit``."""
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

        ``monitor`` is the test fold (inputs, labels), given exactly when selection is ``best-epoch-on-test``.
        ``on_epoch(done, total, loss)`` is called after every epoch.

        Raises MerlabError for inputs that are not finite, labels out of range, too few clips or subjects, a loss that
        is no longer finite, and a device whose memory does not suffice.
        """
        check_inputs(inputs)
        check_labels(labels, groups, len(inputs), self.classes)
        if (monitor is not None) != (self.settings.selection == "best-epoch-on-test"):
            raise MerlabError(
                f"selection={self.settings.selection} was {'not ' if monitor is None else ''}given the test fold; only "
                "best-epoch-on-test, which shows the size of the leak, looks at it while training"
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
        """Class probabilities (N, classes): the softmax of the logits, which is not calibrated."""
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
        """What is trained on, and what each epoch is judged on."""
        chosen = np.arange(len(labels))
        judged = monitor
        if self.settings.selection == "validation":
            chosen, held_out = hold_out_subjects(groups, self.settings.validation_share, seed)
            judged = inputs[held_out], labels[held_out]
        if len(chosen) < 2:
            raise MerlabError(
                "a network is trained on 2 clips at least; give it more clips, or evaluate with fewer folds"
            )
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
        """One pass over the training clips; the mean loss of a clip."""
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
        """How good an epoch is, higher is better: accuracy on the test fold, else minus the balanced loss."""
        logits = self._logits(module, inputs)
        if self.settings.selection == "best-epoch-on-test":
            return float((logits.argmax(dim=1) == labels).double().mean())
        return -float(F.cross_entropy(logits, labels, balanced_weights(labels, self.classes)))

    @contextmanager
    def _repeatable(self) -> Iterator[None]:
        """Fixed threads, repeatable cuDNN algorithms, and a remedy for a device that is too small."""
        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.settings.threads)
        try:
            with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
                yield
        except torch.cuda.OutOfMemoryError as error:
            raise MerlabError(
                f"the memory of {self.device} does not suffice for batches of {self.settings.batch_size}; "
                "lower batch_size, or set device to cpu"
            ) from error
        finally:
            torch.set_num_threads(threads_before)


def check_inputs(inputs: NDArray[np.float32]) -> None:
    """Raise MerlabError unless inputs are (N, [T,] C, H, W) of finite numbers, N at least 1."""
    if inputs.ndim not in (4, 5) or len(inputs) == 0:
        raise MerlabError(
            "inputs must be (clips, channels, height, width) or (clips, frames, channels, height, width) with one clip "
            f"at least, got {inputs.shape}"
        )
    unfit = np.flatnonzero(~np.isfinite(inputs).all(axis=tuple(range(1, inputs.ndim))))
    if len(unfit):
        raise MerlabError(
            f"{len(unfit)} of {len(inputs)} inputs hold NaN or infinity, the first in row {unfit[0]}; "
            "make these inputs again, or leave the clips out"
        )


def check_labels(labels: NDArray[np.int64], groups: Sequence[str], clips: int, classes: int) -> None:
    """Raise MerlabError unless there is one label in 0..classes-1 and one subject a clip."""
    if not len(labels) == len(groups) == clips:
        raise MerlabError(
            f"{clips} clips need as many labels and subjects, got {len(labels)} labels, {len(groups)} subjects"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise MerlabError(f"labels of {classes} classes lie in 0..{classes - 1}, got {labels.min()}..{labels.max()}")


def resolve_device(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """``auto`` takes the GPU where there is one; raises MerlabError where ``cuda`` is asked for and absent."""
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        raise MerlabError("device=cuda, but torch finds no usable CUDA device; set device to auto or cpu")
    return torch.device("cuda" if present and name != "cpu" else "cpu")


def resolve_precision(settings: TrainingSettings, device: torch.device, parameters: int, pixels: int) -> Precision:
    """The precision that ``auto`` stands for: a rule on the device and the size of the work.

    A GPU with bfloat16 arithmetic (compute capability 8.0 up) uses it. A CPU uses it where the processor has it
    (AVX-512 BF16 or AMX) and the work is large. Else float32.
    """
    if settings.precision != "auto":
        return settings.precision
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(device) >= (8, 0) else "float32"
    return "bfloat16" if is_large(parameters, pixels) and cpu_has_bfloat16() else "float32"


def is_large(parameters: int, pixels: int) -> bool:
    """Whether both the network (1 M parameters) and the input (128 x 128 pixels) are large: rules hang on it."""
    return parameters >= LARGE_PARAMETERS and pixels >= LARGE_PIXELS


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; False where the system does not tell (only Linux does)."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(processor_field("flags").split())


@lru_cache
def processor_field(name: str) -> str:
    """A field of the first processor in /proc/cpuinfo, such as ``model name``; empty where there is none."""
    table = Path("/proc/cpuinfo")
    if not table.exists():
        return ""
    fields = (line.partition(":") for line in table.read_text(encoding="utf-8").splitlines())
    return next((value.strip() for field, _, value in fields if field.strip() == name), "")


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from ``seed`` inside, on the CPU and on ``device``; give torch its random state back afterwards."""
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed(seed)
        yield


def hold_out_subjects(groups: Sequence[str], share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on and rows held out; no subject is in both. Raises MerlabError for fewer than 2 subjects."""
    subjects = len(set(groups))
    if subjects < 2:
        raise MerlabError(
            f"selection=validation holds out subjects of the training fold, which has {subjects}; it needs 2 at least: "
            "use selection=fixed, or a protocol with larger training folds"
        )
    held_out = min(max(1, round(share * subjects)), subjects - 1)
    splitter = GroupShuffleSplit(n_splits=1, test_size=held_out, random_state=seed)
    kept, judged = next(splitter.split(np.zeros(len(groups)), groups=list(groups)))
    return kept, judged


def make_optimizer(settings: TrainingSettings, module: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that the settings name."""
    common: dict[str, Any] = {
        "lr": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "fused": True,
    }
    if settings.optimizer == "sgd":
        return torch.optim.SGD(module.parameters(), momentum=MOMENTUM, **common)
    return torch.optim.Adam(module.parameters(), **common)


def training_loss(module: nn.Module, outputs: Any, labels: Tensor, weights: Tensor | None) -> Tensor:
    """The network's own loss where it has one, else the cross-entropy of its logits, weighted by class."""
    if isinstance(module, NetworkWithLoss):
        return module.loss(outputs, labels, weights)
    return F.cross_entropy(outputs.float(), labels, weights)


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """A weight a class (classes,): N / (classes present x clips of the class); 0 for a class without clips."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0)


def random_batches(count: int, size: int, device: torch.device) -> list[Tensor]:
    """Rows 0..count-1 in random order, cut into batches; a lone last row joins the batch before it.

    Batch normalization has no variance to divide by when a batch is one clip on a grid of 1 x 1.
    """
    batches = list(torch.split(torch.randperm(count, device=device), size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        lone = batches.pop()
        batches[-1] = torch.cat([batches[-1], lone])
    return batches


def shifted(batch: Tensor, pixels: int) -> Tensor:
    """Move each of (N, ..., H, W) by whole pixels drawn from -pixels..pixels along both axes, repeating the border."""
    count, height, width = len(batch), *batch.shape[-2:]
    down, right = torch.randint(-pixels, pixels + 1, (2, count, 1), device=batch.device)
    rows = (torch.arange(height, device=batch.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=batch.device) - right).clamp(0, width - 1)
    clips = torch.arange(count, device=batch.device).view(-1, 1, 1)
    planes = batch.reshape(count, -1, height, width)
    moved = planes.permute(0, 2, 3, 1)[clips, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).reshape(batch.shape)
