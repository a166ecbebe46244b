"""STSTNet, a network with three shallow streams on optical flow.

Liong, Gan, See, Khor and Huang, "Shallow Triple Stream Three-dimensional CNN (STSTNet) for Micro-expression
Recognition", FG 2019, arXiv:1902.03634.

From the authors' released PyTorch code: three parallel 3 x 3 convolutions of 3, 5 and 8 filters, padding 2; ReLU, then
batch normalization; max-pooling 3 / 3; dropout 0.5; average pooling 2 / 2; one linear layer on 400 features; input
28 x 28 x 3 in 0..255, unscaled; Adam at 5e-5, batches of 256, 800 epochs, last epoch kept (UF1 .7209 and UAR .7250 on
MEGC2019; the paper, in Matlab with 500 epochs: .7353 and .7605, where the "UAR" is macro precision).

Assumed: the order of the channels does not matter. The release uses the order in which OpenCV decodes them, merlab one
fixed order for training and test. Differs: the release does not shuffle its batches, which are in the order of the
classes. Sizes other than 28 x 28 are merlab's extension.
"""

from __future__ import annotations

from torch import Tensor, nn

from merlab.methods.layers.blocked import BlockedSequential
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

STREAM_FILTERS = (3, 5, 8)
PIXEL_RANGE = 255


class STSTNet(nn.Module):
    """Flow (N, channels, H, W) in [0, 1] -> logits (N, classes); 1683 parameters at 3 x 28 x 28 and 3 classes.

    The three streams differ only in their number of filters, and the layers up to the linear one process each filter
    separately. One convolution of 3 + 5 + 8 filters is therefore the same network, and it reads and writes memory a
    third as often. The initial weights also have the same distribution, because torch's bound depends only on how many
    inputs a filter has.
    """

    def __init__(self, task: Task) -> None:
        super().__init__()
        filters = sum(STREAM_FILTERS)
        self.streams = BlockedSequential(
            nn.Conv2d(task.channels, filters, 3, padding=2),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(filters),
            nn.MaxPool2d(3, stride=3, padding=1),
            nn.Dropout(0.5),
            nn.AvgPool2d(2),
            nn.Flatten(),
        )
        self.classify = nn.Linear(filters * _pooled_side(task.height) * _pooled_side(task.width), task.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.streams(inputs * PIXEL_RANGE))
        return logits


def _pooled_side(side: int) -> int:
    """Side of the map after padding 2, max-pooling 3 / 3 and average pooling 2 / 2, pixels: 28 becomes 5."""
    return ((side + 1) // 3 + 1) // 2


STSTNET = Method(
    name="ststnet",
    title="STSTNet: three shallow streams on optical flow",
    paper="Liong et al., FG 2019, arXiv:1902.03634",
    input="flow:channels=uvs,scale=minmax,size=28x28",
    presets={
        "paper": Preset(
            source="the authors' released PyTorch code",
            training=TrainingSettings(epochs=800, batch_size=256, learning_rate=5e-5, decay=1, channels_last=False),
        ),
        "reduced": Preset(
            source="merlab's choice: a tenth of the epochs with ten times the learning rate",
            reduced=True,
            training=TrainingSettings(epochs=80, batch_size=256, learning_rate=5e-4, decay=1, channels_last=False),
        ),
    },
    network=STSTNet,
)
