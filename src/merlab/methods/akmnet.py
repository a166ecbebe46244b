"""AKMNet: key frames of a clip are chosen by the network, and a recurrent network reads only these.

Peng, Wang, Gao et al., "Recognizing Micro-Expression in Video Clip with Adaptive Key-Frame Mining", arXiv:2009.09179.
From the authors' released code (no license): gray clips of any length, magnified (phase-based, alpha 15). In training,
half of the clips are whole frames of 128 x 128, and half a random part of 128 x 128 of frames of 144 x 144; at test,
they are whole frames. ResNet-18 on each frame (stem of 5 x 5 with stride 2, 512 maps of 4 x 4). The score of a frame is
a sigmoid of one linear layer on its mean features; the weighted sum of these is the vector of the clip. Frames whose
cosine to this vector is at least the mean of the clip are its key frames: a mask of 0 and 1, with a straight-through
gradient. At each of the 16 positions, two bidirectional GRU layers of 32 units read the key frames; their mean over
time, for all positions, is classified (1024 features, dropout 0.5). The loss is the cross-entropy, plus 2 - (mean
cosine of key frames - mean cosine of the others), plus 0.1 x (number of key frames - 1). SGD at 1e-3, momentum 0.9,
weight decay 5e-4, 40 epochs; the learning rate falls along a cosine for 8 epochs, rises for 8, and so on. The gradients
of 8 clips are added up for one step. The network starts from a checkpoint that is not described. The best epoch on the
test subject is reported.

Differs: 64 frames per clip by linear interpolation, because a batch needs one length; Eulerian magnification (alpha 15)
instead of the phase-based one; a batch of 8 clips is normalized together (release: each clip alone); random initial
weights; the last epoch is kept. Assumed: at least one frame is kept. Flow of 28 x 28 that is stored as one image per
clip cannot serve: the method chooses among frames.
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import (
    Between,
    BidirectionalGRU,
    Width,
    mean_of_first,
    residual_stages,
    residual_stem,
    stage_channels,
)
from merlab.methods.layers.zoo import resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.methods.reduced import ONE_CYCLE
from merlab.training import NetworkWithLoss, TrainingSettings

STEM_KERNEL = 5
CONTRAST_WEIGHT, COUNT_WEIGHT = 1.0, 0.1
SMALLEST_SIDE = 17
Outputs = tuple[Tensor, Tensor, Tensor]


def key_frame_mask(cosines: Tensor) -> Tensor:
    """1 for each frame whose cosine is at least the mean of its clip, else 0: (N, T) -> (N, T).

    The gradient passes to the cosines as if the mask were the cosines (straight-through). The frame with the largest
    cosine is always kept, whatever the rounding of the mean.
    """
    threshold = torch.minimum(cosines.mean(dim=1), cosines.amax(dim=1))
    kept = (cosines >= threshold[:, None]).to(cosines.dtype)
    return kept + (cosines - cosines.detach())


def key_frames_first(frames: Tensor, mask: Tensor) -> Tensor:
    """The frames (N, T, ...) with those of mask 1 first, in their order in time, then the others."""
    order = torch.argsort((mask < 0.5).to(torch.int8), dim=1, stable=True)
    return frames.gather(1, order.view(*order.shape, *[1] * (frames.ndim - 2)).expand_as(frames))


class AKMNet(NetworkWithLoss):
    """Gray clips (N, T, channels, H, W) in [0, 1] -> logits (N, classes).

    In training mode also the cosines and the mask of the frames, each (N, T).

    Attributes:
        crop: the side of the frames that ResNet-18 gets, pixels: the whole frames are resized to it, and in training
            half of the clips are a random part of this side; 0 leaves the frames as they are.
        grid: side of the grid of positions at which the frames are read; larger maps are averaged to it.

    """

    def __init__(
        self,
        task: Task,
        *,
        width: Width = 1.0,
        hidden: Annotated[int, Between(1, 1024)] = 32,
        grid: Annotated[int, Between(1, 16)] = 4,
        crop: Annotated[int, Between(0, 2048)] = 128,
    ) -> None:
        super().__init__()
        if crop > min(task.height, task.width) or min(crop or task.height, crop or task.width) < SMALLEST_SIDE:
            raise MerlabError(
                f"AKMNet cannot take parts of {crop}x{crop} from {task.width}x{task.height} pixels; use a larger size "
                f"in the recipe, or the network option crop=0 for frames as they are (at least {SMALLEST_SIDE} pixels)"
            )
        self.crop = crop
        channels = stage_channels(4, width)
        self.trunk = nn.Sequential(
            residual_stem(task.channels, STEM_KERNEL, width), residual_stages(1, 4, width), nn.AdaptiveAvgPool2d(grid)
        )
        self.score = nn.Sequential(nn.Linear(channels, 1), nn.Sigmoid())
        self.over_time = BidirectionalGRU(channels, hidden, layers=2)
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.Linear(grid**2 * 2 * hidden, task.classes))

    def forward(self, clips: Tensor) -> Tensor | Outputs:
        """Logits (N, classes); in training mode logits, cosines (N, T) and mask (N, T)."""
        clips = self._seen(clips)
        maps = self.trunk(clips.flatten(0, 1)).flatten(2).unflatten(0, clips.shape[:2])  # (N, T, C, positions)
        pooled = maps.mean(dim=3)
        clip = (self.score(pooled) * pooled).sum(dim=1, keepdim=True)
        cosines = F.cosine_similarity(pooled, clip, dim=2)
        mask = key_frame_mask(cosines)
        logits = self.classify(self._read(maps, mask))
        return (logits, cosines, mask) if self.training else logits

    def _read(self, maps: Tensor, mask: Tensor) -> Tensor:
        """What the recurrent layers read in the key frames: (N, T, C, positions) -> (N, positions x 2 hidden)."""
        positions = maps.shape[3]
        kept = key_frames_first(maps * mask[:, :, None, None], mask)
        sequences = kept.permute(0, 3, 1, 2).flatten(0, 1)  # (N x positions, T, C)
        lengths = (mask > 0.5).sum(dim=1).repeat_interleave(positions)
        read = mean_of_first(self.over_time(sequences, lengths), lengths)
        return torch.unflatten(read, 0, (-1, positions)).flatten(1)

    def _seen(self, clips: Tensor) -> Tensor:
        """The frames at the side ``crop``: whole, or, in training with probability 1/2, a random part of the clip."""
        if not self.crop:
            return clips
        size = (self.crop, self.crop)
        if self.training:
            places = F.affine_grid(self._random_parts(clips), [len(clips), 1, *size], align_corners=False)
            seen = F.grid_sample(clips.flatten(1, 2), places, padding_mode="border", align_corners=False)
        else:
            seen = F.interpolate(clips.flatten(1, 2), size, mode="bilinear", align_corners=False)
        return torch.unflatten(seen, 1, clips.shape[1:3])

    def _random_parts(self, clips: Tensor) -> Tensor:
        """Where in its frames each clip is read, as scales and moves (N, 2, 3) of places from -1 to 1."""
        count, sides = len(clips), torch.tensor(clips.shape[:-3:-1], device=clips.device)  # width, height
        whole = torch.rand(count, 1, device=clips.device) < 0.5
        first = (torch.rand(count, 2, device=clips.device) * (sides - self.crop + 1)).floor()
        scales = torch.where(whole, 1.0, self.crop / sides)
        moves = torch.where(whole, 0.0, (2 * first + self.crop) / sides - 1)
        return torch.cat([torch.diag_embed(scales), moves[:, :, None]], dim=2)

    def loss(self, outputs: Outputs, labels: Tensor, weights: Tensor | None) -> Tensor:
        """Cross-entropy, plus how little the key frames differ from the others, plus how many they are."""
        logits, cosines, mask = (each.float() for each in outputs)
        kept = mask.detach()  # The contrast moves cosines apart; only the number of key frames moves the mask.
        keys = kept.sum(dim=1)
        above = (cosines * kept).sum(dim=1) / keys
        below = (cosines * (1 - kept)).sum(dim=1) / (mask.shape[1] - keys).clamp(min=1)
        contrast = (2 - (above - below)).mean()
        count = (mask.sum(dim=1) - 1).clamp(min=0).mean()
        return F.cross_entropy(logits, labels, weights) + CONTRAST_WEIGHT * contrast + COUNT_WEIGHT * count


AKMNET = Method(
    name="akmnet",
    title="AKMNet: adaptive key frames, read by a recurrent network",
    paper="Peng et al., arXiv:2009.09179",
    input="sequence:frames=64,interpolation=linear,color=gray,magnify=evm15,size=144x144",
    presets={
        "paper": Preset(
            source="the authors' released code, from random weights, with batches of 8 and the last epoch",
            training=TrainingSettings(
                epochs=40,
                batch_size=8,
                optimizer="sgd",
                learning_rate=1e-3,
                weight_decay=5e-4,
                schedule="cosine-waves",
                decay_every=8,
            ),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: 10 frames of 64 x 64, linear magnification, an eighth of the width",
            reduced=True,
            network={"width": 0.125, "hidden": 16, "grid": 2, "crop": 0},
            training=ONE_CYCLE,
            input="sequence:frames=10,interpolation=linear,color=gray,magnify=linear8,size=64x64",
        ),
    },
    network=AKMNet,
    zoo=resnet18_names("trunk"),
    takes=("sequence",),
)
