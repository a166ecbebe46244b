"""Self-attention after a network that was first trained on other images.

Indolia, Nigam and Singh, "Integration of Transfer Learning and Self-Attention for Spontaneous Micro-Expression
Recognition", PDGC 2022. From its title, which is all that merlab's authors have read: a network with weights from
another task, and self-attention.

No code was found. Assumed: the apex frame, 224 x 224; ResNet-18 (He et al., CVPR 2016); its 7 x 7 last positions are
tokens with learned positions; one layer of self-attention with 8 heads, added to its input after layer normalization;
the mean over positions, dropout 0.5 and one linear layer; Adam at 1e-4, halved every 30 epochs, batches of 32, 100
epochs, last epoch kept. The transfer is ``merlab pretrain --method self-attention-transfer`` on another database or on
synthetic faces, and ``--from`` in an evaluation, which also takes a ResNet-18 trained on other images; without
``--from``, all weights are random. Preset ``flow28`` takes flow in place of the apex frame.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from merlab.methods.layers import Between, PositionEmbedding, ResNet18, SelfAttention, Width, halved, tokens_of
from merlab.methods.layers.zoo import resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings


class AttendedResNet(nn.Module):
    """Images (N, channels, H, W) -> logits (N, classes).

    Attributes:
        width: factor of all numbers of maps.
        heads: of the self-attention.
        small: use the stem of ``ResNet18`` for small inputs.

    """

    def __init__(
        self, task: Task, *, width: Width = 1.0, heads: Annotated[int, Between(1, 64)] = 8, small: bool = False
    ) -> None:
        super().__init__()
        self.trunk = ResNet18(task.channels, width, small=small)
        maps = self.trunk.out_channels
        times = 3 if small else 5
        self.place = PositionEmbedding(halved(task.height, times) * halved(task.width, times), maps)
        self.normalize = nn.LayerNorm(maps)
        self.attention = SelfAttention(maps, heads)
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.Linear(maps, task.classes))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        tokens = self.place(tokens_of(self.trunk(inputs)))
        tokens = tokens + self.attention(self.normalize(tokens))
        logits: Tensor = self.classify(tokens.mean(dim=1))
        return logits


_SHORT = TrainingSettings(epochs=30, batch_size=32, learning_rate=1e-3, decay=0.5, decay_every=10, mirror=True)

SELF_ATTENTION_TRANSFER = Method(
    name="self-attention-transfer",
    title="self-attention on a ResNet-18; with --from, first trained on other images",
    paper="Indolia et al., PDGC 2022",
    input="apex:color=bgr,size=224x224",
    presets={
        "paper": Preset(
            source="only the title was read: all settings are merlab's choice",
            training=TrainingSettings(epochs=100, batch_size=32, learning_rate=1e-4, decay=0.5, decay_every=30),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: a quarter of the width, gray apex frames of 64 x 64, 30 epochs",
            reduced=True,
            network={"width": 0.25},
            training=_SHORT.model_copy(update={"shift": 4}),
            input="apex:color=gray,size=64x64",
        ),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow: a quarter of the width, a small stem, 30 epochs",
            reduced=True,
            network={"width": 0.25, "small": True},
            training=_SHORT.model_copy(update={"shift": 1}),
            input="flow:channels=uvs,scale=minmax,size=28x28",
        ),
    },
    network=AttendedResNet,
    zoo=resnet18_names("trunk"),
)
