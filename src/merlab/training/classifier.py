"""A network as a classifier: fit on one fold, class probabilities of other clips."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.processes.freed_memory import keep_freed_memory
from merlab.training.accelerated import AcceleratedLoop, Acceleration
from merlab.training.augmentation import Mirror
from merlab.training.best_epoch import BestEpoch
from merlab.training.checks import check_inputs, check_labels, hold_out_subjects, trained
from merlab.training.clip_store import ClipStore
from merlab.training.dropout import with_quick_dropout
from merlab.training.loop import Loop, UnitTargets
from merlab.training.material import SyntheticClips
from merlab.training.settings import TrainingSettings, resolve_device, resolve_precision
from merlab.training.steps import (
    balanced_weights,
    in_memory_format,
    outputs_of,
    refuse_probabilities,
    require_logits,
    seeded,
)
from merlab.training.threads import ONE_TRAINS, torch_threads
from merlab.training.training_clips import TrainingClips
from merlab.training.unfinished import UnfinishedTraining
from merlab.training.usual_torch import usual_torch

LabeledInputs = tuple[NDArray[np.float32], NDArray[np.int64]]
# So many clips show whether a network returns logits.
TRIED = 2
EpochReport = Callable[[int, int, float], None]


class _Common(TypedDict):
    """What both loops take."""

    classes: int
    settings: TrainingSettings
    mirror: Mirror | None
    reduced: bool


class NeuralClassifier:
    """A torch network with ``fit`` and ``predict_proba``.

    ``network`` returns the untrained module, which maps (N, C, H, W), or (N, T, C, H, W) for sequences, to logits
    (N, classes). ``mirror`` flips a batch of this input left to right (``merlab.inputs.mirror_of``); settings with
    mirror=True or mirror_at_test=True need it. ``synthetic`` clips are mixed into every batch if the settings have a
    ``synthetic_share``, which needs them. ``starts`` are weights to start from: the seed s starts from number s modulo
    their count, and all tensors that they lack from random weights. Training is repeatable: the same seed on the same
    machine gives the same numbers. Torch's global random state does not change.

    After ``fit``, ``module`` is the trained network and ``kept_epoch`` the epoch of its weights, counted from 1.
    """

    def __init__(
        self,
        network: Callable[[], nn.Module],
        classes: int,
        settings: TrainingSettings,
        *,
        mirror: Mirror | None = None,
        synthetic: SyntheticClips | None = None,
        starts: tuple[Mapping[str, Tensor], ...] = (),
    ) -> None:
        wanted = [name for name in ("mirror", "mirror_at_test") if getattr(settings, name)]
        if wanted and mirror is None:
            raise MerlabError(
                f"{wanted[0]}=True needs a function that mirrors this input (horizontal flow changes its sign); "
                f"pass mirror=merlab.inputs.mirror_of(recipe), or set {' and '.join(wanted)} to false"
            )
        if settings.synthetic_share and synthetic is None:
            raise MerlabError(
                f"synthetic_share={settings.synthetic_share:g} needs synthetic clips; pass --synthetic FOLDER "
                "(merlab make-flow FOLDER writes it), or set synthetic_share to 0"
            )
        self.network = network
        self.classes = classes
        self.settings = settings
        self.mirror = mirror
        self.synthetic = synthetic if settings.synthetic_share else None
        self.starts = starts
        self.kept_epoch = 0
        self._module: nn.Module | None = None

    @property
    def module(self) -> nn.Module:
        """The trained network; raises MerlabError before ``fit``."""
        return trained(self._module)

    @property
    def device(self) -> torch.device:
        """The device on which the network runs."""
        return resolve_device(self.settings.device)

    def _is_reduced(self, module: nn.Module, inputs: Tensor) -> bool:
        """Whether training and prediction compute in bfloat16."""
        parameters = sum(parameter.numel() for parameter in module.parameters())
        height, width = inputs.shape[-2:]
        return resolve_precision(self.settings, self.device, parameters, height * width) == "bfloat16"

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        *,
        monitor: LabeledInputs | None = None,
        on_epoch: EpochReport | None = None,
        intensities: NDArray[np.float32] | None = None,
        other_side: NDArray[np.int64] | None = None,
        unfinished: Path | None = None,
    ) -> None:
        """Train on inputs (N, [T,] C, H, W), labels (N,) in 0..classes-1 and the subject of each row.

        ``monitor`` is the test fold (inputs, labels); the selection ``best-epoch-on-test`` needs it, and no other may
        have it. ``on_epoch(done, total, loss)`` is called after every epoch. ``intensities`` (N, units) of action units
        and ``other_side`` (units,) are those of training clips that have them (see ``SyntheticClips``); settings with
        ``unit_loss`` need them, or synthetic clips. On a CPU, a long training is kept in the file ``unfinished``, and a
        later call with the same arguments continues with it; the network must have all its state in its parameters and
        buffers. The caller removes the file.

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
        chosen, judged = self._divide(inputs, labels, groups, seed, monitor)
        known = None if intensities is None else intensities[chosen]
        clips = TrainingClips(inputs[chosen], labels[chosen], known, other_side)
        if self.synthetic is not None:
            clips = clips.followed_by(self.synthetic, self.classes)
        keep_freed_memory()
        with self._repeatable(), seeded(seed, self.device):
            module = self.network()
            if self.starts:
                module.load_state_dict({**module.state_dict(), **self.starts[seed % len(self.starts)]})
            module = in_memory_format(module.to(self.device), channels_last=self.settings.channels_last)
            self._train(module, clips, judged and self._both_on_device(judged), on_epoch, unfinished)
            # As it is asked later: a network may apply a softmax only after training. Not before training, which a
            # network that keeps what it computes first would not survive.
            refuse_probabilities(module, self._logits(module, self._on_device(clips.inputs[:TRIED])))
        # Nothing here uses what train() and eval() return: an overridden one may return nothing.
        module.eval()
        self._module = module

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes): the softmax of the logits, not calibrated."""
        check_inputs(inputs)
        with self._repeatable():
            clips = self._on_device(inputs)
            views = [clips]
            if self.settings.mirror_at_test and self.mirror is not None:
                views.append(self.mirror(clips))
            shares = [self._logits(self.module, view).double().softmax(dim=1) for view in views]
            return np.asarray(torch.stack(shares).mean(dim=0).cpu().numpy(), np.float64)

    def _divide(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        monitor: LabeledInputs | None,
    ) -> tuple[NDArray[np.int64] | slice, LabeledInputs | None]:
        """The rows for training, and the clips that score each epoch (None for the selection ``fixed``)."""
        # A slice of all rows does not copy the clips.
        chosen: NDArray[np.int64] | slice = slice(None)
        judged = monitor
        if self.settings.selection == "validation":
            chosen, held_out = hold_out_subjects(groups, self.settings.validation_share, seed)
            judged = inputs[held_out], labels[held_out]
        if len(labels[chosen]) < 2:
            raise MerlabError("a network needs at least 2 training clips; use more clips, or evaluate with fewer folds")
        return chosen, judged

    def _on_device(self, inputs: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(inputs, np.float32)).to(self.device)

    def _both_on_device(self, pair: LabeledInputs) -> tuple[Tensor, Tensor]:
        inputs, labels = pair
        return self._on_device(inputs), torch.from_numpy(labels.astype(np.int64)).to(self.device)

    def _train(
        self,
        module: nn.Module,
        clips: TrainingClips,
        judged: tuple[Tensor, Tensor] | None,
        on_epoch: EpochReport | None,
        unfinished: Path | None,
    ) -> None:
        settings = self.settings
        loop = self._loop(module, clips)
        best = BestEpoch()
        # A graph of a GPU replays on the tensors of its optimizer, which reading the file would replace.
        kept = None if unfinished is None or self.device.type != "cpu" else UnfinishedTraining(unfinished)
        if kept is not None:
            kept.put_into(loop, best)
        for epoch in range(loop.done + 1, settings.epochs + 1):
            loss = loop.epoch()
            if not math.isfinite(loss):
                raise MerlabError(
                    f"the training loss is {loss} in epoch {epoch}; "
                    f"lower learning_rate (now {settings.learning_rate:g}), or set precision to float32"
                )
            if judged is not None:
                best.consider(epoch, self._score(module, *judged), module)
            if on_epoch is not None:
                on_epoch(epoch, settings.epochs, loss)
            if kept is not None and epoch < settings.epochs:
                kept.store(loop, best)
        self.kept_epoch = settings.epochs
        if judged is not None:
            module.load_state_dict(best.weights)
            self.kept_epoch = best.epoch

    def _loop(self, module: nn.Module, clips: TrainingClips) -> Loop:
        """The loop of the settings, at its first epoch."""
        inputs, labels = self._both_on_device((clips.inputs, clips.labels))
        common: _Common = {
            "classes": self.classes,
            "settings": self.settings,
            "mirror": self.mirror,
            "reduced": self._is_reduced(module, inputs),
        }
        if self.settings.loop == "plain":
            if self.device.type == "cpu":
                module = with_quick_dropout(module)
            return Loop(module, inputs, labels, synthetic=clips.synthetic, units=self._unit_targets(clips), **common)
        how = Acceleration(graphs=self.device.type == "cuda", compiled=self.settings.loop == "compiled")
        store = ClipStore.of(inputs, self.device)
        rows = torch.arange(len(store), device=self.device)
        return AcceleratedLoop(module, store, rows, labels, acceleration=how, **common)

    def _unit_targets(self, clips: TrainingClips) -> UnitTargets | None:
        """The intensities of action units that the settings train on, on the device."""
        if not self.settings.unit_loss:
            return None
        if clips.intensities is None or clips.other_side is None:
            raise MerlabError(
                f"unit_loss={self.settings.unit_loss:g} needs clips with known intensities of action units, which "
                "synthetic flow has (merlab make-flow FOLDER): train on it alone with merlab pretrain --synthetic "
                "FOLDER, mix it in with --synthetic FOLDER and a synthetic_share, or set unit_loss to 0"
            )
        other_side = torch.from_numpy(clips.other_side.astype(np.int64)).to(self.device)
        return UnitTargets(self._on_device(clips.intensities), other_side)

    @torch.inference_mode()
    def _logits(self, module: nn.Module, inputs: Tensor) -> Tensor:
        module.eval()
        reduced = self._is_reduced(module, inputs)
        logits = []
        for batch in torch.split(inputs, self.settings.batch_size):
            outputs = outputs_of(module, batch, channels_last=self.settings.channels_last, reduced=reduced)
            require_logits(module, outputs, len(batch), self.classes)
            logits.append(outputs.float())
        return torch.cat(logits)

    def _score(self, module: nn.Module, inputs: Tensor, labels: Tensor) -> float:
        """The score of an epoch, higher is better: accuracy on the test fold, or the negative balanced loss."""
        logits = self._logits(module, inputs)
        if self.settings.selection == "best-epoch-on-test":
            return float((logits.argmax(dim=1) == labels).double().mean())
        return -float(F.cross_entropy(logits, labels, balanced_weights(labels, self.classes)))

    @contextmanager
    def _repeatable(self) -> Iterator[None]:
        """Fix the number of threads and the cuDNN algorithms; give the remedy if the device has too little memory.

        One thread of a program at a time is inside.
        """
        try:
            with (
                ONE_TRAINS,
                usual_torch(),
                torch_threads(self.settings.threads),
                torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
            ):
                yield
        except torch.cuda.OutOfMemoryError as error:
            raise MerlabError(
                f"{self.device} has too little memory for batches of {self.settings.batch_size}; "
                "lower batch_size, or set device to cpu"
            ) from error
