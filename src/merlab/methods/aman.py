"""AMAN: attention over factors of magnification and over frames.

Wei, Zheng, Zong et al., "A Novel Micro-Expression Recognition Approach Using Attention-Based Magnification-Adaptive
Networks", ICASSP 2022. From the authors' released code (no license): 11 frames, each magnified by 9 factors with a
trained magnifier for two frames; ResNet-18, trained for expressions (FER+), up to its third stage, whose 256 maps of 14
x 14 are kept for each image and not trained; its fourth stage (512 features after average pooling). A factor has the
weight sigmoid(linear layer of 512), and the features of a frame are the weighted mean over its factors; the frames are
weighted in the same way; one linear layer. RMSprop at 1e-3, weight decay 1e-4, x0.2 every 30 of 50 epochs, batches of
4. The best epoch on the test subject is reported, and training stops when it is perfect.

Differs: the linear magnification of ``inputs.magnified_frames``; images stay in [0, 1] (release: standardized by mean
and deviation of ImageNet); all images of a batch are normalized together (release: those of each frame and factor
apart); the last epoch is kept. merlab includes no weights of FER+: the first three stages start from random weights, or
from a ResNet-18 of ``--from``, and are trained, unless ``frozen`` is set, which is meant for weights of your own that
were trained on images in [0, 1]. Assumed: the nine factors are 2 to 10 (the release only demonstrates 2 to 12), and the
frames have equal distances in time. Flow of 28 x 28 that is stored as one image per clip cannot serve: the method
magnifies frames.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import Between, Width, residual_stages, residual_stem, stage_channels
from merlab.methods.layers.zoo import residual_names, resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.methods.reduced import ONE_CYCLE
from merlab.training import TrainingSettings

STEM_KERNEL = 7


class AttentiveMean(nn.Module):
    """The mean of several vectors, each weighted by a sigmoid of a linear layer on it: (..., n, C) -> (..., C)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(features, 1), nn.Sigmoid())

    def forward(self, vectors: Tensor) -> Tensor:
        """The weighted mean."""
        weights = self.weights(vectors)
        return (weights * vectors).sum(dim=-2)

    def weights(self, vectors: Tensor) -> Tensor:
        """The weight of each vector, (..., n, 1); they sum to 1."""
        scores: Tensor = self.score(vectors)
        return scores / scores.sum(dim=-2, keepdim=True)


class AMAN(nn.Module):
    """Magnified frames (N, T, factors x channels, H, W) in [0, 1] -> logits (N, classes).

    Attributes:
        factors: how many factors of magnification there are; the channels of the first factor come first.
        frozen: keep stem and the first three stages as they are, for weights that were trained elsewhere.

    """

    def __init__(
        self,
        task: Task,
        *,
        factors: Annotated[int, Between(1, 64)] = 9,
        width: Width = 1.0,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        if task.channels % factors:
            raise MerlabError(
                f"{task.channels} channels cannot be divided among {factors} factors of magnification; use a recipe of "
                "magnified-frames, and its number of factors as the network option factors"
            )
        self.factors, self.frozen = factors, frozen
        self.trunk = nn.Sequential(
            residual_stem(task.channels // factors, STEM_KERNEL, width), residual_stages(1, 3, width)
        )
        self.tail = nn.Sequential(residual_stages(4, 4, width), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        features = stage_channels(4, width)
        self.over_factors, self.over_frames = AttentiveMean(features), AttentiveMean(features)
        self.classify = nn.Linear(features, task.classes)
        if frozen:
            self.trunk.requires_grad_(False)

    def train(self, mode: bool = True) -> AMAN:
        """Training mode; a frozen trunk stays in evaluation mode, so that its normalization does not change."""
        super().train(mode)
        if self.frozen:
            self.trunk.eval()
        return self

    def forward(self, clips: Tensor) -> Tensor:
        """Logits (N, classes)."""
        images = torch.unflatten(clips, 2, (self.factors, -1))
        features = self.tail(self.trunk(images.flatten(0, 2))).unflatten(0, images.shape[:3])
        logits: Tensor = self.classify(self.over_frames(self.over_factors(features)))
        return logits


AMAN_METHOD = Method(
    name="aman",
    title="AMAN: attention over factors of magnification and over frames",
    paper="Wei et al., ICASSP 2022",
    input="magnified-frames:frames=11,factors=2to10,color=bgr,size=224x224",
    presets={
        "paper": Preset(
            source="the authors' released code, from random weights, with the last epoch",
            training=TrainingSettings(
                epochs=50,
                batch_size=4,
                optimizer="rmsprop",
                learning_rate=1e-3,
                weight_decay=1e-4,
                decay=0.2,
                decay_every=30,
            ),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: 3 frames and 3 factors in gray, 64 x 64, an eighth of the width",
            reduced=True,
            network={"factors": 3, "width": 0.125},
            training=ONE_CYCLE,
            input="magnified-frames:frames=3,factors=2-5-8,color=gray,size=64x64",
        ),
    },
    network=AMAN,
    zoo=resnet18_names("trunk", residual_names("tail.0", (2,), stage=4)),
    takes=("sequence",),
)
