"""The networks, their training and their scores.

Methods import this file when they are fitted: loading PyTorch takes seconds, and most methods do not need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from merlab.evaluation.metrics import Float64Array
from merlab.spotting.comparison.flow_images import shares_shown
from merlab.spotting.comparison.training import NetworkTraining
from merlab.training.threads import ONE_TRAINS, torch_threads
from merlab.training.usual_torch import usual_torch
from merlab.training.without_compiler import made

SIDE_AFTER_POOLING = 7
# The activations of larger batches do not fit into the caches of a processor: 512 images take twice the time of 128.
SCORING_BATCH = 128


class ThreeStreams(nn.Module):
    """U, v and strain (N, 3, 42, 42) in 0..1, one stream for each -> scores (N,)."""

    def __init__(self, streams: Iterable[nn.Module], *score: nn.Module) -> None:
        super().__init__()
        self.streams = nn.ModuleList(streams)
        self.score = nn.Sequential(*score)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,)."""
        planes = torch.split(images, 1, dim=1)
        merged = torch.cat([stream(plane) for stream, plane in zip(self.streams, planes, strict=True)], dim=1)
        scores: Tensor = self.score(merged).squeeze(1)
        return scores


def softnet() -> ThreeStreams:
    """The network of SOFTNet: 3, 5 and 8 filters, a layer of 400."""
    filters = (3, 5, 8)
    streams = [nn.Sequential(nn.Conv2d(1, each, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3)) for each in filters]
    return ThreeStreams(
        streams,
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(sum(filters) * SIDE_AFTER_POOLING**2, 400),
        nn.ReLU(),
        nn.Linear(400, 1),
    )


def mean_net() -> ThreeStreams:
    """MEAN's network for spotting: 3, 3 and 8 filters, then 8 over all streams."""
    filters, merged = (3, 3, 8), 8
    streams = [
        nn.Sequential(
            nn.Conv2d(1, each, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(each), nn.MaxPool2d(3), nn.Dropout(0.3)
        )
        for each in filters
    ]
    return ThreeStreams(
        streams,
        nn.Conv2d(sum(filters), merged, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(merged * SIDE_AFTER_POOLING**2, 1),
    )


# Name of a method -> what makes its untrained network, which maps images (N, 3, 42, 42) to scores (N,).
NETWORKS: Mapping[str, Callable[[], nn.Module]] = {"softnet": softnet, "mean-net": mean_net}


@usual_torch()
def scores(network: nn.Module, images: NDArray[np.generic]) -> Float64Array:
    """The score of each image (n, 3, 42, 42): (n,)."""
    if images.ndim != 4:
        return np.zeros(0)
    network.eval()
    with torch.no_grad(), torch_threads(1):
        batches = torch.split(torch.from_numpy(images), SCORING_BATCH)
        return np.concatenate([network(batch.float()).double().numpy() for batch in batches])


@usual_torch()
def trained(
    network: Callable[[], nn.Module], images: Tensor, labels: Tensor, training: NetworkTraining, seed: int
) -> nn.Module:
    """A new network that learned the labels (N,) of images (N, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    if training.mirrored:
        images, labels = _with_mirrored(images, labels)
    with ONE_TRAINS, torch.random.fork_rng(devices=[]), torch_threads(1):
        torch.manual_seed(seed)
        model = network().train()
        common = {"lr": training.learning_rate, "weight_decay": training.weight_decay}
        steps = made(torch.optim.Adam, model.parameters(), **common)
        for _ in range(training.epochs):
            for batch in torch.split(torch.randperm(len(labels), generator=generator), training.batch_size):
                steps.zero_grad()
                nn.functional.mse_loss(model(images[batch].float()), labels[batch]).backward()  # type: ignore[no-untyped-call]
                steps.step()
    return model


def _with_mirrored(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The images, and the mirror images of those with a movement; u, stretched to 0..1, becomes 1 - u.

    Masked eyes stay 0, and so does a plane u without movement.
    """
    mirrored = images[labels > 0].flip(-1)
    across = mirrored[:, 0].flatten(1).any(dim=1)
    mirrored[across, 0] = torch.from_numpy(shares_shown()).to(mirrored.dtype) - mirrored[across, 0]
    return torch.cat([images, mirrored]), torch.cat([labels, torch.ones(len(mirrored))])
