"""MSMMT: transformers on patches of several sizes of two modalities, motion and texture, with contrast between them.

Wang et al., "Multi-scale Multi-modal Micro-expression Recognition Algorithm Based on Transformer", arXiv:2301.02969,
2023. From its abstract: patches of several scales of the face; motion (optical flow) and texture (the face image) as
modalities; attention weights fused over several layers choose the patches that matter; a contrast between the
modalities and the cross-entropy are the loss.

No code was found, and only the abstract was read. Assumed: the texture is the apex frame, the motion u, v and strain
from onset to apex, both 224 x 224; patches of 16 and 32 pixels; one encoder for each modality and scale (width 384, 6
blocks, 6 heads); the weights of the layers are fused by attention rollout (Abnar and Zuidema, ACL 2020), and the 12
patches with the largest weight for the class token are chosen at each scale; one more block reads the class tokens and
chosen patches of all scales and both modalities, and the mean of its class tokens is classified. The contrast is
InfoNCE with the temperature 0.1 between the mean class tokens of the modalities: those of one clip belong together,
those of other clips of the batch do not; its weight is 0.1. AdamW at 1e-4, weight decay 0.05, batches of 16, 100
epochs, cosine. Flow of 28 x 28 that is stored without frames cannot serve: it has no texture.
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.methods.layers import Between, EncoderBlock, PatchTokens, PositionEmbedding
from merlab.methods.method import Method, Preset, Task
from merlab.methods.reduced import ONE_CYCLE
from merlab.training import NetworkWithLoss, TrainingSettings

MOTION = 3
CONTRAST_WEIGHT, TEMPERATURE = 0.1, 0.1
Outputs = tuple[Tensor, Tensor, Tensor]


def rollout(weights: list[Tensor]) -> Tensor:
    """Attention weights of successive layers, each (N, heads, L, L), fused into one (N, L, L); its rows sum to 1.

    The mean over the heads, and half of the identity for the residual connection, multiplied over the layers.
    """
    fused = torch.eye(weights[0].shape[-1], device=weights[0].device, dtype=weights[0].dtype)
    identity = fused
    for each in weights:
        fused = (each.mean(dim=1) + identity) / 2 @ fused
    return fused


class ScaleEncoder(nn.Module):
    """An encoder of one modality at one scale: image (N, C, H, W) -> class token and the chosen patches.

    The result is (N, 1 + chosen, width), the class token first.
    """

    def __init__(
        self, channels: int, task: Task, *, side: int, width: int, depth: int, heads: int, chosen: int
    ) -> None:
        super().__init__()
        patches = (task.height // side) * (task.width // side)
        if not patches:
            raise MerlabError(
                f"an image of {task.width}x{task.height} has no patch of {side} pixels; use a larger size in the "
                "recipe, or a smaller patch"
            )
        self.chosen = min(chosen, patches)
        self.tokens = nn.Sequential(
            PatchTokens(channels, width, side), PositionEmbedding(patches, width, class_token=True)
        )
        self.blocks = nn.ModuleList(EncoderBlock(width, heads) for _ in range(depth))

    def forward(self, images: Tensor) -> Tensor:
        """The class token, and the patches with the largest fused weight for it."""
        tokens, fused = self.encode(images)
        places = fused[:, 0, 1:].topk(self.chosen, dim=1).indices + 1
        patches = tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))
        return torch.cat([tokens[:, :1], patches], dim=1)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """All tokens (N, L, width), the class token first, and the fused weights (N, L, L)."""
        tokens = self.tokens(images)
        layers: list[Tensor] = []
        for block in self.blocks:
            assert isinstance(block, EncoderBlock)
            mixed, weights = block.attention.attend(block.before_attention(tokens))
            layers.append(weights.detach())
            tokens = tokens + mixed
            tokens = tokens + block.perceptron(tokens)
        return tokens, rollout(layers)


class MSMMT(NetworkWithLoss):
    """Apex frame and flow (N, channels, H, W), the last three channels are the flow -> logits (N, classes).

    In training mode also the features of motion and texture, each (N, width).

    Attributes:
        width, depth, heads: of each encoder.
        patch: side of the smallest patches, pixels.
        scales: number of scales; each has patches of twice the side.
        chosen: how many patches of each scale are chosen.

    """

    def __init__(
        self,
        task: Task,
        *,
        width: Annotated[int, Between(4, 4096)] = 384,
        depth: Annotated[int, Between(1, 64)] = 6,
        heads: Annotated[int, Between(1, 64)] = 6,
        patch: Annotated[int, Between(2, 128)] = 16,
        scales: Annotated[int, Between(1, 4)] = 2,
        chosen: Annotated[int, Between(1, 1024)] = 12,
    ) -> None:
        super().__init__()
        if task.channels <= MOTION:
            raise MerlabError(
                f"MSMMT takes an image and three channels of flow, and got {task.channels} channels; use a recipe with "
                "apex-and-flow"
            )

        def encoders(channels: int) -> nn.ModuleList:
            """One encoder per scale, from the finest patches to the coarsest."""
            return nn.ModuleList(
                ScaleEncoder(
                    channels, task, side=patch * 2**scale, width=width, depth=depth, heads=heads, chosen=chosen
                )
                for scale in range(scales)
            )

        self.texture, self.motion = encoders(task.channels - MOTION), encoders(MOTION)
        self.fuse = nn.Sequential(EncoderBlock(width, heads), nn.LayerNorm(width))
        self.classify = nn.Linear(width, task.classes)

    def forward(self, inputs: Tensor) -> Tensor | Outputs:
        """Logits (N, classes); in training mode logits, and the features of motion and texture (N, width)."""
        motion = [encode(inputs[:, -MOTION:]) for encode in self.motion]
        texture = [encode(inputs[:, :-MOTION]) for encode in self.texture]
        joined = self.fuse(torch.cat([*motion, *texture], dim=1))
        lengths = [part.shape[1] for part in (*motion, *texture)]
        logits: Tensor = self.classify(torch.stack([part[:, 0] for part in joined.split(lengths, dim=1)]).mean(dim=0))
        return (logits, _mean_class_token(motion), _mean_class_token(texture)) if self.training else logits

    def loss(self, outputs: Outputs, labels: Tensor, weights: Tensor | None) -> Tensor:
        """Cross-entropy plus the weighted contrast between the modalities."""
        logits, motion, texture = (each.float() for each in outputs)
        return F.cross_entropy(logits, labels, weights) + CONTRAST_WEIGHT * cross_modal_contrast(motion, texture)


def _mean_class_token(parts: list[Tensor]) -> Tensor:
    return torch.stack([part[:, 0] for part in parts]).mean(dim=0)


def cross_modal_contrast(one: Tensor, other: Tensor) -> Tensor:
    """InfoNCE between two modalities (N, width): row i of one belongs to row i of the other, in both directions."""
    similarity = F.normalize(one, dim=1) @ F.normalize(other, dim=1).T / TEMPERATURE
    own = torch.arange(len(one), device=one.device)
    return (F.cross_entropy(similarity, own) + F.cross_entropy(similarity.T, own)) / 2


MSMMT_METHOD = Method(
    name="msmmt",
    title="MSMMT: transformers on patches of several scales, motion and texture, with contrast",
    paper="Wang et al., arXiv:2301.02969, 2023",
    input="apex-and-flow:color=bgr,channels=uvs,scale=minmax,size=224x224",
    presets={
        "paper": Preset(
            source="the abstract gives no sizes and no settings; all are merlab's choice",
            training=TrainingSettings(
                epochs=100,
                batch_size=16,
                optimizer="adamw",
                learning_rate=1e-4,
                weight_decay=0.05,
                schedule="cosine",
            ),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: 48 x 48 in gray, patches of 6 and 12, width 48, 2 blocks, 4 heads",
            reduced=True,
            network={"width": 48, "depth": 2, "heads": 4, "patch": 6, "chosen": 8},
            training=ONE_CYCLE.model_copy(update={"epochs": 40}),
            input="apex-and-flow:color=gray,channels=uvs,scale=signed,size=48x48",
        ),
    },
    network=MSMMT,
)
