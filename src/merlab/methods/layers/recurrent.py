"""Recurrent layers over time: a sequence (N, T, D) has T steps of D features per clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LastOutput(nn.Module):
    """LSTM layers; the output after the last step: (N, T, features) -> (N, hidden)."""

    def __init__(self, features: int, hidden: int, layers: int = 1) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)

    def forward(self, sequence: Tensor) -> Tensor:
        """The output after the last step."""
        outputs: Tensor = self.lstm(sequence)[0]
        return outputs[:, -1]


class BidirectionalGRU(nn.Module):
    """GRU layers in both directions, over sequences of different lengths: (N, T, features) -> (N, T, 2 x hidden).

    Steps from the length of a sequence on have no influence on the steps before. Everything has a fixed shape, so that
    no length must be known outside of the device.
    """

    def __init__(self, features: int, hidden: int, layers: int = 1) -> None:
        super().__init__()
        widths = [features, *[2 * hidden] * (layers - 1)]
        self.forwards = nn.ModuleList(nn.GRU(width, hidden, batch_first=True) for width in widths)
        self.backwards = nn.ModuleList(nn.GRU(width, hidden, batch_first=True) for width in widths)

    def forward(self, sequence: Tensor, lengths: Tensor) -> Tensor:
        """The outputs of both directions at every step; ``lengths`` (N,) are at least 1."""
        places = reversed_places(lengths, sequence.shape[1])
        for ahead, back in zip(self.forwards, self.backwards, strict=True):
            seen_before = ahead(sequence)[0]
            seen_after = at_places(back(at_places(sequence, places))[0], places)
            sequence = torch.cat([seen_before, seen_after], dim=2)
        return sequence


def reversed_places(lengths: Tensor, steps: int) -> Tensor:
    """For sequences of these lengths (N,), the step to read at each of ``steps`` steps so that they are reversed.

    (N, steps) int64; the steps after the end of a sequence stay.
    """
    step = torch.arange(steps, device=lengths.device)
    return torch.where(step < lengths[:, None], lengths[:, None] - 1 - step, step)


def at_places(sequence: Tensor, places: Tensor) -> Tensor:
    """The steps ``places`` (N, T) of a sequence (N, T, D)."""
    return sequence.gather(1, places[:, :, None].expand_as(sequence))


def mean_of_first(sequence: Tensor, lengths: Tensor) -> Tensor:
    """The mean of the first ``lengths`` (N,) steps of a sequence (N, T, D): (N, D)."""
    inside = torch.arange(sequence.shape[1], device=lengths.device) < lengths[:, None]
    return (sequence * inside[:, :, None]).sum(dim=1) / lengths[:, None]
