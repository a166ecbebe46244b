"""DTSCNN, a network with two temporal scales.

Peng, Wang, Chen, Liu and Fu, "Dual Temporal Scale Convolutional Neural Network for Micro-Expression Recognition",
Frontiers in Psychology 8, 2017, doi:10.3389/fpsyg.2017.01745. From its abstract: two shallow streams, one for each
frame rate, on sequences of optical flow; on clips of CASME and CASME II.

The authors' code was not found, and only the abstract and a review were read (Merghani, Davison and Yap,
arXiv:1805.02397): four layers of convolution and pooling per stream; 66.67 % on selected clips with the classes
negative, others, positive and surprise. Others who use one stream for another task have 16, 32, 64 and 128 filters, the
first 8 frames long with stride 4. Recalled, not verified: the scales are 64 and 128 frames, and an SVM classifies the
features of both streams. Assumed: flow between successive frames of a clip that is interpolated (TIM) to 128 steps, at
64 x 64; the stream of 64 gets the sum of two successive fields, which is the flow at half the frame rate; a stream has
four 3 x 3 x 3 convolutions of 16, 32, 64 and 64 filters, each with batch normalization, ReLU and max-pooling 2, and
averages its last maps; the features of both streams are concatenated, with dropout 0.5; Adam at 1e-3, halved every 30
epochs, batches of 16, 100 epochs, last epoch kept. Differs: one linear layer in place of the SVM, so that it is trained
as one network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import VideoConvBnRelu, VideoPool, Width, scaled, video_maps
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

FILTERS = (16, 32, 64, 64)


class NetworkStream(nn.Sequential):
    """Maps (N, channels, T, H, W) -> features (N, 64 x width)."""

    def __init__(self, channels: int, width: float) -> None:
        layers: list[nn.Module] = []
        for filters in FILTERS:
            layers += [VideoConvBnRelu(channels, scaled(filters, width)), VideoPool()]
            channels = scaled(filters, width)
        super().__init__(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten())
        self.features = channels


class DualScale(nn.Module):
    """Flow between successive frames (N, T, channels, H, W), T even -> logits (N, classes)."""

    def __init__(self, task: Task, *, width: Width = 1.0) -> None:
        super().__init__()
        if task.frames % 2:
            raise MerlabError(
                f"dtscnn adds successive pairs of {task.frames} fields of flow; use an even number of frames in the "
                "recipe, such as frames=128"
            )
        self.fast, self.slow = (NetworkStream(task.channels, width) for _ in range(2))
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.Linear(2 * self.fast.features, task.classes))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        flow = video_maps(inputs)
        features = [self.fast(flow), self.slow(at_half_rate(flow))]
        logits: Tensor = self.classify(torch.cat(features, dim=1))
        return logits


def at_half_rate(flow: Tensor) -> Tensor:
    """The flow (N, C, T / 2, H, W) over two steps: the sum of successive pairs of (N, C, T, H, W)."""
    return flow[:, :, ::2] + flow[:, :, 1::2]


DTSCNN = Method(
    name="dtscnn",
    title="DTSCNN: two shallow streams on flow sequences of two frame rates",
    paper="Peng et al., Frontiers in Psychology 8, 2017, doi:10.3389/fpsyg.2017.01745",
    input="consecutive-flow:frames=128,channels=uv,interpolation=tim,algorithm=dis,scale=signed,size=64x64",
    presets={
        "paper": Preset(
            source="the abstract gives no settings; 64 and 128 frames are recalled, all else is merlab's choice",
            training=TrainingSettings(epochs=100, batch_size=16, decay=0.5, decay_every=30, channels_last=False),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: 8 and 16 steps of 28 x 28 pixels, half of the width, 30 epochs",
            reduced=True,
            network={"width": 0.5},
            training=TrainingSettings(epochs=30, batch_size=16, decay=0.5, decay_every=10, channels_last=False),
            input="consecutive-flow:frames=16,channels=uv,interpolation=tim,algorithm=dis,scale=signed,size=28x28",
        ),
    },
    network=DualScale,
    takes=("sequence",),
)
