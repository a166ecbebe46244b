"""Later: two video transformers, one on optical flow and one on gray frames, joined late.

Hong, Lee and Jung, "Late Fusion-Based Video Transformer for Facial Micro-Expression Recognition", Applied Sciences 12,
2022. From the authors' released code (no license): a clip of 17 gray frames by linear interpolation, 224 x 224; the
Farneback flow between successive frames as magnitude, u and v (16 x 3), and the first 16 gray frames in [0, 1]. Each
goes through its own Video Swin-B (``methods.later.swin``: width 128; 2, 2, 18 and 2 blocks; 4, 8, 16 and 32 heads;
windows of 8 x 7 x 7; patches of 2 x 4 x 4; drop path 0.2); the mean features of both are concatenated; one linear
layer. AdamW at 1e-5, weight decay 0.05, batches of 1, 100 epochs. An epoch draws as many clips as there are for
training, with equally likely classes. Mirroring; half of the clips are also turned by up to 10 degrees and scaled by up
to 10 %. Linear layers start from normal random numbers (sd 0.02): the release can read weights of a Video Swin-B, but
its training script does not. The epoch of the best UF1 on the test subject is reported.

Differs: batches of 2; an epoch has 120 of them, as on CASME II, for any number of clips; initial weights as torch draws
them, unless ``--from`` gives those of a Video Swin-B; the last epoch is kept; all clips are turned and scaled, with
normal sizes (sd 0.1 rad and 5 %), after the flow was computed; flow is computed at 231 x 282 and in pixels of that size
(release: 224 x 224); the first and the last of the 17 frames are those of the movement (release: the centers of 17
equal parts); frames are in their order in time (release: sorted by their names as texts, so that frame 100 precedes
frame 46). The published crop (MTCNN, 1.2 times the smaller side) is replaced by the database's or by ``merlab
prepare``. Flow of 28 x 28 that is stored as one image per clip cannot serve: the method needs the flow between
successive frames, and the frames.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from merlab.methods.later.swin import RELEASED, TORCHVISION, SwinShape, VideoSwin, ZooLayers, zoo_places
from merlab.methods.layers.zoo import ZooNames
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.methods.reduced import ONE_CYCLE
from merlab.training import TrainingSettings

STREAMS = ("motion", "texture")
SIZES: dict[str, SwinShape] = {
    "base": SwinShape(),
    "small": SwinShape(width=24, depths=(2, 2), heads=(3, 6), window=(2, 6, 6), patch=(2, 4, 4), drop_path=0.0),
}


class Later(nn.Module):
    """Flow m, u, v and gray frames (N, T, 4, H, W) -> logits (N, classes).

    Attributes:
        size: ``base`` is Video Swin-B; ``small`` is merlab's own, with two stages of 24 and 48 channels.
        positions: classify the tokens of all positions instead of their mean. A small transformer without trained
            weights, whose attention knows only relative positions, does not learn where a face moves from the mean.

    """

    def __init__(
        self,
        task: Task,
        *,
        size: Literal["base", "small"] = "base",
        positions: bool = False,
    ) -> None:
        super().__init__()
        check_channels(
            task, 4, "Later takes three channels of flow and the gray frame", "consecutive-flow:channels=muv,gray=yes"
        )
        self.motion, self.texture = VideoSwin(3, SIZES[size]), VideoSwin(1, SIZES[size])
        self.positions = positions
        places = math.prod(self.motion.grid(task.frames, task.height, task.width)) if positions else 1
        self.classify = nn.Linear(2 * self.motion.features * places, task.classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Logits (N, classes)."""
        tokens = torch.cat([self.motion(clips[:, :, :3]), self.texture(clips[:, :, 3:])], dim=4).flatten(1, 3)
        logits: Tensor = self.classify(tokens.flatten(1) if self.positions else tokens.mean(dim=1))
        return logits


def _zoo(title: str, names: ZooLayers) -> ZooNames:
    places = {f"{stream}.{place}": source for stream in STREAMS for place, source in zoo_places(names).items()}
    return ZooNames(title, places, names.patches)


LATER = Method(
    name="later",
    title="Later: video transformers on flow and on gray frames, late fusion",
    paper="Hong, Lee and Jung, Applied Sciences 12, 2022",
    input="consecutive-flow:frames=16,channels=muv,gray=yes,size=224x224",
    presets={
        "paper": Preset(
            source="the authors' released code, from random weights, with batches of 2 and the last epoch",
            training=TrainingSettings(
                epochs=100,
                batch_size=2,
                optimizer="adamw",
                learning_rate=1e-5,
                decay=1,
                weight_decay=0.05,
                steps=120,
                mirror=True,
                turn=0.1,
                scale=0.05,
            ),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: 4 flow fields of 48 x 48, scaled, two stages of 24 and 48 channels, the "
            "tokens of all positions",
            reduced=True,
            network={"size": "small", "positions": True},
            training=ONE_CYCLE,
            input="consecutive-flow:frames=4,channels=muv,gray=yes,scale=signed,size=48x48",
        ),
    },
    network=Later,
    zoo=(
        _zoo("Video Swin-B (names of torchvision)", TORCHVISION),
        _zoo("Video Swin-B (names of its release)", RELEASED),
    ),
    takes=("sequence",),
)
