"""RCN, recurrent convolutional networks with modules that have no parameters.

Xia, Peng, Khor, Feng and Zhao, "Revealing the Invisible with Model and Data Shrinking for Composite-database Micro-
expression Recognition", IEEE Transactions on Image Processing 29, 2020, arXiv:2006.09674. The paper adds a wide
expansion (RCN-W), shortcut connections (RCN-S) or an attention unit (RCN-A) to a shallow recurrent network, and
combines them (RCN-P, RCN-C, RCN-F).

From the authors' released PyTorch code (no license): flow images of three channels in [0, 1]. The plain stem is a 5 x 5
convolution, batch normalization, ReLU, max-pooling 2 / 2 and dropout 0.5. The wide stem has three 3 x 3 convolutions of
stride 3 and dilation 1, 2 and 3 (a half, a quarter and a quarter of the maps), ReLU, batch normalization and dropout.
Then one recurrent block, whose steps share one 3 x 3 convolution and its batch normalization; max-pooling 2 / 2,
dropout, adaptive average pooling, one linear layer. 64 maps on a grid of 7 x 7; SGD with momentum 0.9 at 5e-4; batches
of 64, 100 epochs, last epoch kept (these are the defaults of the script; its README trains 32 maps on 5 x 5 for 20
epochs). The script makes a schedule that halves the learning rate every 10 epochs, but never takes a step of it, so the
learning rate is constant. Initial weights of convolutions are those of He (fan-out), of the linear layer normal with a
standard deviation of 0.01.

Differs: in the release, the third wide path of RCN-F repeats the second one; here it is separate, as in RCN-W. A lower
limit prevents a division by zero where the attention divides by the maximum of a map. Assumed: u, v and strain are the
three channels. The size of the input is not in the release: it is 28 x 28, as for other methods on flow (60 x 60 in the
paper is recalled, not verified).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.methods.layers import Between, Parallel
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

SMALLEST = 1e-6


class RecurrentUnit(nn.Module):
    """Two steps of one shared convolution; each step also gets the input: (N, C, H, W) -> the same shape."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.Conv2d(maps, maps, 1), nn.BatchNorm2d(maps), nn.ReLU(inplace=True))
        self.step = nn.Sequential(nn.Conv2d(maps, maps, 3, padding=1), nn.BatchNorm2d(maps), nn.ReLU(inplace=True))

    def forward(self, features: Tensor, gate: Tensor) -> Tensor:
        """The state after the last step; ``gate`` (N, 1, H, W) or () multiplies the first state."""
        state: Tensor = gate * self.enter(features)
        for _ in range(2):
            state = self.step(features + state)
        return state


class ShortcutUnit(RecurrentUnit):
    """Three steps of one shared convolution; each step gets the sum of the input and all earlier states."""

    def forward(self, features: Tensor, gate: Tensor) -> Tensor:
        """The state after the last step; ``gate`` (N, 1, H, W) or () multiplies the first state."""
        known = features + gate * self.enter(features)
        for _ in range(2):
            known = known + self.step(known)
        last: Tensor = self.step(known)
        return last


def attention_of(weights: Tensor, features: Tensor) -> Tensor:
    """The positions that the linear classifier uses, as a gate (N, 1, H, W) in [0, 1]; it has no parameters.

    ``weights`` (classes, C x H x W) are those of the classifier, ``features`` are (N, C, H, W). The activation map of
    each class is scaled to [0, 1] per clip; the gate is the mean over the classes.
    """
    by_class = weights.view(len(weights), *features.shape[1:])
    maps = (by_class[None] * features[:, None]).mean(dim=2)
    maps = maps - maps.amin(dim=(2, 3), keepdim=True)
    maps = maps / maps.amax(dim=(2, 3), keepdim=True).clamp(min=SMALLEST)
    return maps.mean(dim=1, keepdim=True)


class RCN(nn.Module):
    """Flow (N, channels, H, W) in [0, 1] -> logits (N, classes).

    Attributes:
        wide: use the stem with three dilations.
        shortcut: use the unit whose steps get all earlier states.
        attention: what the classifier's activation maps weight: nothing, the ``output`` of the unit (RCN-A), or the
            state that ``enters`` the unit (RCN-F).
        maps: number of feature maps.
        grid: side of the last grid.

    """

    def __init__(
        self,
        task: Task,
        *,
        wide: bool = False,
        shortcut: bool = False,
        attention: Literal["none", "output", "enters"] = "none",
        maps: Annotated[int, Between(4, 1024)] = 64,
        grid: Annotated[int, Between(1, 28)] = 7,
    ) -> None:
        super().__init__()
        self.attention, self.grid = attention, grid
        self.stem = _wide_stem(task.channels, maps) if wide else _plain_stem(task.channels, maps)
        self.unit = ShortcutUnit(maps) if shortcut else RecurrentUnit(maps)
        self.shrink = nn.Sequential(nn.MaxPool2d(2), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(grid))
        self.classify = nn.Linear(maps * grid**2, task.classes)
        self.apply(_initialize)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        features = self.stem(inputs)
        entering = leaving = torch.ones((), device=inputs.device)
        if self.attention != "none":
            gate = attention_of(self.classify.weight, F.adaptive_avg_pool2d(features, self.grid))
            if self.attention == "enters":
                entering = F.interpolate(gate, features.shape[2:])
            else:
                leaving = gate
        state = leaving * self.shrink(self.unit(features, entering))
        logits: Tensor = self.classify(state.flatten(1))
        return logits


def _plain_stem(channels: int, maps: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, maps, 5), nn.BatchNorm2d(maps), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Dropout(0.5)
    )


def _wide_stem(channels: int, maps: int) -> nn.Sequential:
    paths = [
        nn.Conv2d(channels, share, 3, stride=3, padding=dilation, dilation=dilation)
        for dilation, share in ((1, maps // 2), (2, maps // 4), (3, maps - maps // 2 - maps // 4))
    ]
    return nn.Sequential(Parallel(*paths), nn.ReLU(inplace=True), nn.BatchNorm2d(maps), nn.Dropout(0.5))


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0, 0.01)
        nn.init.zeros_(module.bias)


_PRESETS = {
    "paper": Preset(
        source="the defaults of the authors' released training script",
        training=TrainingSettings(epochs=100, batch_size=64, optimizer="sgd", learning_rate=5e-4, decay=1),
    ),
    "reduced": Preset(
        source="merlab's choice: 32 maps on 5 x 5 as in the README, Adam for 30 epochs with smaller batches",
        reduced=True,
        network={"maps": 32, "grid": 5},
        training=TrainingSettings(epochs=30, batch_size=32, learning_rate=2e-3, decay=0.5, decay_every=10),
    ),
}


def _method(letter: str, title: str, network: Callable[..., nn.Module]) -> Method:
    return Method(
        name=f"rcn-{letter}",
        title=f"RCN-{letter.upper()}: recurrent convolutions {title}",
        paper="Xia et al., IEEE Transactions on Image Processing 29, 2020, arXiv:2006.09674",
        input="flow:channels=uvs,scale=minmax,size=28x28",
        presets=_PRESETS,
        network=network,
    )


RCNS = (
    _method("a", "with an attention unit", partial(RCN, attention="output")),
    _method("s", "with shortcut connections", partial(RCN, shortcut=True)),
    _method("w", "with a wide expansion", partial(RCN, wide=True)),
    _method("f", "with all three modules", partial(RCN, wide=True, shortcut=True, attention="enters")),
)
