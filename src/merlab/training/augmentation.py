"""Random changes of training clips: mirrored, shifted, turned, scaled, noisy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings

Mirror = Callable[[Tensor], Tensor]


def augmented(
    batch: Tensor, settings: TrainingSettings, mirror: Mirror | None, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor | None]:
    """A batch (N, ..., C, H, W) with the random changes of the settings, which are different for each clip.

    The second value states which clips are mirrored, (N,) bool; None without mirroring.
    """
    mirrored = None
    if settings.mirror and mirror is not None:
        mirrored = torch.rand(len(batch), device=batch.device, generator=generator) < 0.5
        batch = torch.where(mirrored.view(-1, *[1] * (batch.ndim - 1)), mirror(batch), batch)
    if settings.shift:
        batch = shifted(batch, settings.shift, generator)
    if settings.move or settings.scale or settings.turn:
        batch = moved(batch, settings.move, settings.scale, settings.turn, generator)
    if settings.noise:
        batch = noisy(batch, settings.noise, generator)
    return batch, mirrored


def shifted(batch: Tensor, pixels: int, generator: torch.Generator | None = None) -> Tensor:
    """Move each of (N, ..., H, W) by random whole pixels, -pixels..pixels along both axes; the border is repeated."""
    count, height, width = len(batch), *batch.shape[-2:]
    down, right = torch.randint(-pixels, pixels + 1, (2, count, 1), device=batch.device, generator=generator)
    rows = (torch.arange(height, device=batch.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=batch.device) - right).clamp(0, width - 1)
    clips = torch.arange(count, device=batch.device).view(-1, 1, 1)
    planes = batch.reshape(count, -1, height, width)
    moved = planes.permute(0, 2, 3, 1)[clips, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).reshape(batch.shape)


def moved(batch: Tensor, pixels: float, scale: float, turn: float, generator: torch.Generator | None = None) -> Tensor:
    """Move, scale and turn each of (N, ..., H, W) about its center, with linear interpolation.

    The shifts along both axes are uniform up to ``pixels``; the two scales have the mean 1 and the standard deviation
    ``scale``; the angle has the standard deviation ``turn``, in radians. The border is repeated. The values are not
    changed: the direction of a movement does not turn with the image, which small angles allow.
    """
    count, height, width = len(batch), *batch.shape[-2:]
    normal = torch.randn(3, count, device=batch.device, generator=generator)
    width_scale, height_scale = 1 + scale * normal[0], 1 + scale * normal[1]
    cosine, sine = torch.cos(turn * normal[2]), torch.sin(turn * normal[2])
    share = 2 * torch.rand(2, count, device=batch.device, generator=generator) - 1
    right, down = share[0] * 2 * pixels / width, share[1] * 2 * pixels / height
    # The grid goes from -1 to 1 along both axes, whatever their lengths are.
    aspect = height / width
    rows = [
        torch.stack([width_scale * cosine, -height_scale * sine * aspect, right], dim=1),
        torch.stack([width_scale * sine / aspect, height_scale * cosine, down], dim=1),
    ]
    planes = batch.reshape(count, -1, height, width)
    grid = F.affine_grid(torch.stack(rows, dim=1), list(planes.shape), align_corners=False)
    changed = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    return changed.reshape(batch.shape)


def noisy(batch: Tensor, largest: float, generator: torch.Generator | None = None) -> Tensor:
    """Add white noise to each of (N, ...); its standard deviation is uniform between 0 and ``largest``."""
    amounts = largest * torch.rand(len(batch), device=batch.device, generator=generator)
    noise = torch.randn(batch.shape, device=batch.device, generator=generator)
    return batch + amounts.view(-1, *[1] * (batch.ndim - 1)) * noise
