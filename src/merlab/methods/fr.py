"""FR (FeatRef), feature refinement: features specific to each expression, computed from shared features.

Zhou, Mao, Huang, Zhang and Zhang, "Feature refinement: An expression-specific feature learning and fusion method for
micro-expression recognition", Pattern Recognition 122, 2022, arXiv:2101.04838. From its abstract: an Inception
module on optical flow computes features that all expressions share; an expression proposal module with attention
factors and a proposal loss computes features specific to each expression; a classification branch fuses them and
predicts the class.

No code was found, and only the abstract was read. Assumed: the shared features are those of the authors' Dual-Inception
network up to its layer of 1024 units; the attention factors of an expression are a sigmoid gate on each shared feature,
computed by one linear layer; the proposal of an expression is one linear unit on its features, with the binary
cross-entropy of "this expression or not" as its loss, averaged and added with weight 1; the fusion is a concatenation,
dropout 0.5 and one linear layer; the training is that of Dual-Inception's released code.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.methods.dual_inception import HIDDEN, RELEASED_TRAINING, SHORT_TRAINING, UV28, InceptionStreams
from merlab.methods.method import Method, Preset, Task
from merlab.training import NetworkWithLoss

PROPOSAL_WEIGHT = 1.0
Outputs = tuple[Tensor, Tensor]


class FeatureRefinement(NetworkWithLoss):
    """Flow u, v (N, 2, H, W) in [0, 1] -> logits (N, classes); in training mode also proposals (N, classes)."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        streams = InceptionStreams(task)
        self.shared = nn.Sequential(streams, nn.Linear(streams.features, HIDDEN), nn.ReLU(inplace=True))
        self.attention = nn.ModuleList(
            nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.Sigmoid()) for _ in range(task.classes)
        )
        self.propose = nn.ModuleList(nn.Linear(HIDDEN, 1) for _ in range(task.classes))
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.Linear(task.classes * HIDDEN, task.classes))

    def forward(self, inputs: Tensor) -> Tensor | Outputs:
        """Logits (N, classes); in training mode logits and proposals, each (N, classes)."""
        shared = self.shared(inputs)
        specific = [shared * attention(shared) for attention in self.attention]
        logits: Tensor = self.classify(torch.cat(specific, dim=1))
        if not self.training:
            return logits
        return logits, torch.cat([propose(each) for propose, each in zip(self.propose, specific, strict=True)], dim=1)

    def loss(self, outputs: Outputs, labels: Tensor, weights: Tensor | None) -> Tensor:
        """Cross-entropy of the logits plus the weighted proposal loss."""
        logits, proposals = (each.float() for each in outputs)
        own = F.one_hot(labels, logits.shape[1]).float()
        proposal_loss = F.binary_cross_entropy_with_logits(proposals, own)
        return F.cross_entropy(logits, labels, weights) + PROPOSAL_WEIGHT * proposal_loss


FR = Method(
    name="fr",
    title="FR (FeatRef): features specific to each expression, refined from shared features",
    paper="Zhou et al., Pattern Recognition 122, 2022, arXiv:2101.04838",
    input=UV28,
    presets={
        "paper": Preset(
            source="the abstract gives no settings: the released training of Dual-Inception, by the same first author",
            training=RELEASED_TRAINING,
        ),
        "reduced": Preset(
            source="merlab's choice: the reduced training of dual-inception",
            reduced=True,
            training=SHORT_TRAINING,
        ),
    },
    network=FeatureRefinement,
)
