"""The plain training loop: one step of the optimizer per batch, in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.training.augmentation import Mirror, augmented
from merlab.training.schedules import learning_rate
from merlab.training.steps import (
    NetworkWithUnits,
    balanced_weights,
    epoch_batches,
    make_optimizer,
    outputs_of,
    refuse_probabilities,
    require_logits,
    training_loss,
    unit_loss,
)

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings


@dataclass(frozen=True)
class UnitTargets:
    """Intensities of action units that a network is trained to predict.

    Attributes:
        intensities: (N, units) of every clip; NaN for a clip without known ones.
        other_side: (units,) the position of the same unit on the other side of the face.

    """

    intensities: Tensor
    other_side: Tensor

    def of(self, rows: Tensor, mirrored: Tensor | None) -> Tensor:
        """Those of these rows (n,); the rows that are ``mirrored`` (n,) have their sides exchanged."""
        chosen = self.intensities[rows]
        return chosen if mirrored is None else torch.where(mirrored[:, None], chosen[:, self.other_side], chosen)


class Loop:
    """Trains one network on the clips of one fold, epoch by epoch.

    Random numbers come from torch's global generators. ``inputs`` (N + M, [T,] C, H, W) float32 and ``labels``
    (N + M,) are on the network's device, N training clips and then M = ``synthetic`` clips, which are mixed into every
    batch. ``units`` are of all of them, for settings with ``unit_loss``. ``reduced`` computes in bfloat16 where
    autocast allows it. For ``rate`` () see ``make_optimizer``.

    Raises MerlabError for ``units`` and a network that is not a ``NetworkWithUnits``, and for outputs that are not
    logits.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        *,
        classes: int,
        settings: TrainingSettings,
        mirror: Mirror | None = None,
        reduced: bool = False,
        rate: Tensor | None = None,
        synthetic: int = 0,
        units: UnitTargets | None = None,
    ) -> None:
        if units is not None and not isinstance(module, NetworkWithUnits):
            raise MerlabError(
                f"unit_loss={settings.unit_loss:g} needs a network with a second head, for the intensities of action "
                "units, such as flow-cnn; set unit_loss to 0"
            )
        self.module = module
        self.classes = classes
        self.inputs = inputs
        self.labels = labels
        self.settings = settings
        self.mirror = mirror
        self.reduced = reduced
        self.synthetic = synthetic
        self.units = units
        self.done = 0
        self.generator = torch.default_generator
        balanced = settings.class_weights == "balanced"
        self.weights = balanced_weights(self._real_labels(), classes) if balanced else None
        self.optimizer = make_optimizer(settings, module, rate=rate)

    def epoch(self) -> float:
        """Train on all training clips once; returns the mean loss per clip."""
        self.module.train()
        batches = epoch_batches(self.settings, self._real_labels(), synthetic=self.synthetic)
        total = torch.zeros((), device=self.labels.device)
        for number, rows in enumerate(batches):
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.settings, self.done + number / len(batches))
            batch, mirrored = augmented(self.inputs.index_select(0, rows), self.settings, self.mirror)
            loss = self._loss(batch, rows, mirrored)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total += loss.detach() * len(rows)
        self.done += 1
        return float(total) / sum(map(len, batches))

    def _real_labels(self) -> Tensor:
        return self.labels[: len(self.labels) - self.synthetic]

    def _loss(self, batch: Tensor, rows: Tensor, mirrored: Tensor | None) -> Tensor:
        """The loss () of a changed batch of these rows; that of the action units is added with its weight."""
        labels, smoothing = self.labels[rows], self.settings.label_smoothing
        if self.units is None:
            outputs = self._outputs(self.module, batch)
            require_logits(self.module, outputs, len(labels), self.classes)
            if not self.done:
                refuse_probabilities(self.module, outputs)
            return training_loss(self.module, outputs, labels, self.weights, smoothing)
        logits, predicted = self._outputs(self.module.heads, batch)  # type: ignore[arg-type]
        units = unit_loss(predicted, self.units.of(rows, mirrored))
        return training_loss(self.module, logits, labels, self.weights, smoothing) + self.settings.unit_loss * units

    def _outputs(self, forward: Callable[[Tensor], Any], batch: Tensor) -> Any:
        return outputs_of(forward, batch, channels_last=self.settings.channels_last, reduced=self.reduced)
