"""SLSTT: a vision transformer on each of several long-term flow images, joined by a mean or by an LSTM.

Zhang, Hong, Arandjelovic and Zhao, "Short and Long Range Relation Based Spatio-Temporal Transformer for
Micro-Expression Recognition", IEEE Transactions on Affective Computing 13(4), 2022. From the authors' released code
(MIT license): 11 frames around the apex; Farneback flow from the onset to each of them as a color image of 384 x 384
(``inputs.hsv_flow``), standardized by the mean and standard deviation of ImageNet; ViT-B/16 (width 768, 12 blocks, 12
heads, dropout 0.1), started from weights of ImageNet. SLSTT-Mean: one linear layer per frame, and the mean of the
logits of all frames. SLSTT-LSTM: three LSTM layers of 512 units, a layer of 256 with ReLU and one linear layer on the
last output; its ViT is that of SLSTT-Mean and is not trained any more. SGD at 0.01, momentum 0.9, weight decay 1e-4, 40
epochs, single clips per batch. The release makes a cosine with warm restarts every 4 epochs, but sets the learning rate
anew before every epoch: 0.01, and 0.001 from epoch 30 on. Its script for all folds has batches of 4, passes a tenth of
these rates, and continues from weights that were also trained on CK+; another version of it passes 3e-5, and 0.05 for
the LSTM. The best epoch on the test subject is reported.

Differs: random initial weights, unless ``--from`` gives those of a ViT-B/16; batches of 2; both parts of SLSTT-LSTM are
trained together; the last epoch is kept; dropout also inside the perceptrons; exact GELU (release: an approximation by
tanh). All layers are trained: the blocks in the release run without gradients, so that only the layers after them are
trained, but its training script imports another package, which is not released. The published crop, from 68 landmarks,
is replaced by the database's or by ``merlab prepare``. Flow of 28 x 28 that is stored as one image per clip cannot
serve: the method needs the flow to each of several frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import Between, EncoderBlock, LastOutput, PatchTokens, PositionEmbedding
from merlab.methods.layers.zoo import ZooNames, below
from merlab.methods.method import Method, Preset, Task, check_channels
from merlab.methods.reduced import ONE_CYCLE
from merlab.training import TrainingSettings

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

PUBLISHED_DEPTH = 12
# Added to the variances of layer normalization in ViT-B/16, whose public weights were trained with it.
PUBLISHED_EPSILON = 1e-6
TIMM_ENDS = {"0.embed": "patch_embed.proj", "1.first": "cls_token", "1.positions": "pos_embed", "14": "norm"}
TIMM_BLOCK = {
    "before_attention": "norm1",
    "attention.project": "attn.qkv",
    "attention.join": "attn.proj",
    "perceptron.0": "norm2",
    "perceptron.1": "mlp.fc1",
    "perceptron.4": "mlp.fc2",
}
TORCHVISION_ENDS = {
    "0.embed": "conv_proj",
    "1.first": "class_token",
    "1.positions": "encoder.pos_embedding",
    "14": "encoder.ln",
}
TORCHVISION_BLOCK = {
    "before_attention": "ln_1",
    "attention.project.weight": "self_attention.in_proj_weight",
    "attention.project.bias": "self_attention.in_proj_bias",
    "attention.join": "self_attention.out_proj",
    "perceptron.0": "ln_2",
    "perceptron.1": "mlp.0",
    "perceptron.4": "mlp.3",
}
# The files that torchvision offers have these names, which it changes when it reads them.
IN_FILES = {**TORCHVISION_BLOCK, "perceptron.1": "mlp.linear_1", "perceptron.4": "mlp.linear_2"}

TokenWidth = Annotated[int, Between(4, 4096)]
Depth = Annotated[int, Between(1, 64)]
Heads = Annotated[int, Between(1, 64)]
PatchSide = Annotated[int, Between(2, 128)]
DropoutShare = Annotated[float, Between(0, 0.9)]
Epsilon = Annotated[float, Between(1e-12, 1)]


class VisionTransformer(nn.Module):
    """A vision transformer (Dosovitskiy et al., ICLR 2021): color images (N, 3, H, W) in [0, 1] -> (N, width).

    The result is the class token after the last block and a layer normalization. ``epsilon`` is added to the variances
    of all layer normalizations. Raises MerlabError if the image is smaller than a patch.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        height: int,
        width_px: int,
        *,
        width: int,
        depth: int,
        heads: int,
        patch: int,
        dropout: float,
        epsilon: float,
    ) -> None:
        super().__init__()
        tokens = (height // patch) * (width_px // patch)
        if not tokens:
            raise MerlabError(
                f"an image of {width_px}x{height} has no patch of {patch} pixels; use a larger size in the recipe, or "
                "a smaller patch"
            )
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(-1, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).view(-1, 1, 1), persistent=False)
        self.layers = nn.Sequential(
            PatchTokens(3, width, patch),
            PositionEmbedding(tokens, width, class_token=True),
            *(EncoderBlock(width, heads, dropout=dropout, epsilon=epsilon) for _ in range(depth)),
            nn.LayerNorm(width, epsilon),
        )

    def forward(self, images: Tensor) -> Tensor:
        """The class tokens."""
        tokens: Tensor = self.layers((images - self.mean) / self.deviation)
        return tokens[:, 0]


class _Slstt(nn.Module):
    """What both forms share: flow images (N, T, 3, H, W) in [0, 1] -> features of each frame (N, T, width)."""

    def __init__(
        self, task: Task, *, width: int, depth: int, heads: int, patch: int, dropout: float, epsilon: float
    ) -> None:
        super().__init__()
        check_channels(task, 3, "SLSTT takes flow as color images", "hsv-flow, such as hsv-flow:frames=11")
        self.transform = VisionTransformer(
            task.height,
            task.width,
            width=width,
            depth=depth,
            heads=heads,
            patch=patch,
            dropout=dropout,
            epsilon=epsilon,
        )

    def features(self, clips: Tensor) -> Tensor:
        """The features of each frame (N, T, width)."""
        frames: Tensor = self.transform(clips.flatten(0, 1))
        return torch.unflatten(frames, 0, clips.shape[:2])


class SlsttMean(_Slstt):
    """Flow images (N, T, 3, H, W) in [0, 1] -> logits (N, classes), the mean of those of all frames.

    ``epsilon`` is added to the variances of layer normalization; the default is that of torch, with which files of
    earlier versions were trained.
    """

    def __init__(
        self,
        task: Task,
        *,
        width: TokenWidth = 768,
        depth: Depth = 12,
        heads: Heads = 12,
        patch: PatchSide = 16,
        dropout: DropoutShare = 0.1,
        epsilon: Epsilon = 1e-5,
    ) -> None:
        super().__init__(task, width=width, depth=depth, heads=heads, patch=patch, dropout=dropout, epsilon=epsilon)
        self.classify = nn.Linear(width, task.classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.features(clips))
        return logits.mean(dim=1)


class SlsttLstm(_Slstt):
    """Flow images (N, T, 3, H, W) in [0, 1] -> logits (N, classes) of an LSTM over the frames.

    ``layers`` is the number of LSTM layers, ``hidden`` that of their units; the layer after them has half as many.
    ``epsilon`` is that of ``SlsttMean``.
    """

    def __init__(
        self,
        task: Task,
        *,
        width: TokenWidth = 768,
        depth: Depth = 12,
        heads: Heads = 12,
        patch: PatchSide = 16,
        dropout: DropoutShare = 0.1,
        epsilon: Epsilon = 1e-5,
        hidden: Annotated[int, Between(4, 4096)] = 512,
        layers: Annotated[int, Between(1, 8)] = 3,
    ) -> None:
        super().__init__(task, width=width, depth=depth, heads=heads, patch=patch, dropout=dropout, epsilon=epsilon)
        self.classify = nn.Sequential(
            LastOutput(width, hidden, layers),
            nn.Linear(hidden, hidden // 2),
            nn.ReLU(inplace=True),
            nn.Linear(hidden // 2, task.classes),
        )

    def forward(self, clips: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.features(clips))
        return logits


def _zoo(collection: str, ends: Mapping[str, str], block: Mapping[str, str], blocks: str) -> ZooNames:
    """ViT-B/16 under the names of a collection; ``blocks`` precedes the number of a block."""
    layers = "transform.layers"
    places = {f"{layers}.{place}": source for place, source in ends.items()}
    for number in range(PUBLISHED_DEPTH):
        places |= below(f"{layers}.{2 + number}", block, f"{blocks}{number}")
    return ZooNames(f"ViT-B/16 (names of {collection})", places, ends["0.embed"], ends["1.positions"])


ZOO = (
    _zoo("timm", TIMM_ENDS, TIMM_BLOCK, "blocks."),
    _zoo("torchvision", TORCHVISION_ENDS, TORCHVISION_BLOCK, "encoder.layers.encoder_layer_"),
    _zoo("torchvision", TORCHVISION_ENDS, IN_FILES, "encoder.layers.encoder_layer_"),
)
PAPER = "Zhang et al., IEEE Transactions on Affective Computing 13(4), 2022"
_PUBLISHED = Preset(
    source="the authors' released code, from random weights, with the last epoch",
    network={"epsilon": PUBLISHED_EPSILON},
    training=TrainingSettings(
        epochs=40,
        batch_size=2,
        optimizer="sgd",
        learning_rate=0.01,
        weight_decay=1e-4,
        decay=0.1,
        decay_every=30,
    ),
)
_SMALL = {"width": 64, "depth": 2, "heads": 4, "patch": 8, "dropout": 0.0}
_REDUCED_SOURCE = (
    "merlab's choice for a CPU: 5 frames around the apex at 64 x 64, width 64, 2 blocks, 4 heads, patches of 8"
)
_REDUCED_INPUT = "hsv-flow:frames=5,size=64x64"
_SHORT = ONE_CYCLE.model_copy(update={"epochs": 40, "learning_rate": 1e-3, "mirror": False})

SLSTT_MEAN = Method(
    name="slstt-mean",
    title="SLSTT-Mean: a vision transformer on long-term flow, mean over frames",
    paper=PAPER,
    input="hsv-flow:frames=11,size=384x384",
    presets={
        "paper": _PUBLISHED,
        "reduced": Preset(source=_REDUCED_SOURCE, reduced=True, network=_SMALL, training=_SHORT, input=_REDUCED_INPUT),
    },
    network=SlsttMean,
    zoo=ZOO,
    takes=("sequence",),
)
SLSTT_LSTM = Method(
    name="slstt-lstm",
    title="SLSTT-LSTM: a vision transformer on long-term flow, LSTM over frames",
    paper=PAPER,
    input="hsv-flow:frames=11,size=384x384",
    presets={
        "paper": _PUBLISHED,
        "reduced": Preset(
            source=f"{_REDUCED_SOURCE}, one LSTM layer of 64 units",
            reduced=True,
            network={**_SMALL, "hidden": 64, "layers": 1},
            training=_SHORT,
            input=_REDUCED_INPUT,
        ),
    },
    network=SlsttLstm,
    zoo=ZOO,
    takes=("sequence",),
)
