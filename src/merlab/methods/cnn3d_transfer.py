"""3D-CNNs with transfer learning: convolutions over time and space, first trained on other expressions.

Zhi, Xu, Wan and Li, "Combining 3D Convolutional Neural Networks with Transfer Learning by Supervised Pre-Training for
Facial Micro-Expression Recognition", IEICE Transactions on Information and Systems E102-D(5), 2019. From its abstract:
a 3D-CNN is trained on the posed expressions of Oulu-CASIA, and its training then goes on with micro-expressions.

No code was found, and only the abstract was read. Assumed: 16 gray frames of 64 x 64; four 3 x 3 x 3 convolutions of
16, 32, 64 and 128 filters, each with batch normalization, ReLU and max-pooling 2 (the first pools no frames); a hidden
layer of 256 with dropout 0.5; Adam at 1e-3, halved every 30 epochs, batches of 32, 100 epochs, last epoch kept. The
transfer is ``merlab pretrain --method 3d-cnn-transfer`` on another database or on synthetic faces, and ``--from`` in an
evaluation; without ``--from`` it is the 3D-CNN without transfer, which the abstract also reports. No public file of
weights has these layers.
"""

from __future__ import annotations

from torch import Tensor, nn

from merlab.methods.layers import VideoConvBnRelu, VideoPool, Width, halved, scaled, video_maps
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

FILTERS = (16, 32, 64, 128)
HIDDEN = 256


class Cnn3d(nn.Module):
    """Sequences (N, T, channels, H, W) -> logits (N, classes)."""

    def __init__(self, task: Task, *, width: Width = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        last = task.channels
        for number, filters in enumerate(FILTERS):
            layers += [VideoConvBnRelu(last, scaled(filters, width)), VideoPool(frames=number > 0)]
            last = scaled(filters, width)
        times = len(FILTERS)
        grid = halved(task.frames, times - 1) * halved(task.height, times) * halved(task.width, times)
        hidden = scaled(HIDDEN, width)
        self.convolve = nn.Sequential(*layers)
        self.classify = nn.Sequential(
            nn.Flatten(),
            nn.Linear(last * grid, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(hidden, task.classes),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.convolve(video_maps(inputs)))
        return logits


CNN3D_TRANSFER = Method(
    name="3d-cnn-transfer",
    title="3D-CNN on frames; with --from, first trained on other expressions",
    paper="Zhi et al., IEICE Transactions on Information and Systems E102-D(5), 2019",
    input="sequence:frames=16,interpolation=linear,color=gray,size=64x64",
    presets={
        "paper": Preset(
            source="the abstract gives no settings: all are merlab's choice",
            training=TrainingSettings(epochs=100, batch_size=32, decay=0.5, decay_every=30, channels_last=False),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: half of the width, 16 fields of flow of 32 x 32 in place of the frames, "
            "30 epochs",
            reduced=True,
            network={"width": 0.5},
            training=TrainingSettings(epochs=30, batch_size=16, decay=0.5, decay_every=10, channels_last=False),
            input="flow-sequence:frames=16,channels=uv,scale=signed,size=32x32",
        ),
    },
    network=Cnn3d,
    takes=("sequence",),
)
