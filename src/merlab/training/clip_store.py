"""The clips of a data set on the device, as small as they can be without a change of any value."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

GRAY_STEPS = 255


@dataclass(frozen=True)
class ClipStore:
    """Clips (N, [T,] C, H, W): as uint8 if every value is a whole number of 255ths, otherwise as float32.

    Images lie in channels-last order, so that a batch is a copy of whole rows.
    """

    rows: Tensor
    shape: tuple[int, ...]
    steps: Tensor | None

    @classmethod
    def of(cls, inputs: Tensor, device: torch.device) -> ClipStore:
        """A store of float32 clips, which may be on another device."""
        rows = (inputs.permute(0, 2, 3, 1) if inputs.ndim == 4 else inputs).reshape(len(inputs), -1)
        steps = torch.tensor(float(GRAY_STEPS))
        levels = (rows * GRAY_STEPS).round().clamp(0, GRAY_STEPS).to(torch.uint8)
        if torch.equal(levels / steps.to(rows.device), rows):
            return cls(levels.to(device), tuple(inputs.shape[1:]), steps.to(device))
        return cls(rows.contiguous().to(device), tuple(inputs.shape[1:]), None)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def device(self) -> torch.device:
        """Where the clips are."""
        return self.rows.device

    def take(self, rows: Tensor) -> Tensor:
        """These clips (n, [T,] C, H, W), float32; images in channels-last memory."""
        taken = self.rows.index_select(0, rows)
        # A division by a number instead of a tensor is a multiplication on a GPU, which rounds otherwise.
        values = taken if self.steps is None else taken / self.steps
        if len(self.shape) == 3:
            channels, height, width = self.shape
            return values.view(-1, height, width, channels).permute(0, 3, 1, 2)
        return values.view(-1, *self.shape)
