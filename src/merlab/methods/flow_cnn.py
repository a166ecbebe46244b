"""flow-cnn: a small convolutional network on centered flow, with a second head for the intensities of action units.

Own method of merlab, without a publication; settings from an experiment on half of the subjects of the 442 clips of
MEGC2019 (docs/recognizer-experiments.md). Three convolutions of 3 x 3 (16, 32, 40 filters), each with batch
normalization and ReLU, the first two with 2 x 2 max-pooling; dropout 0.3; a hidden layer of 64; two linear heads.

The head of the action units is trained only where clips with known intensities are, which synthetic faces have. It has
28 outputs: the 16 action units of synthetic faces, of which the 12 with two sides have one output for each side.
"""

from __future__ import annotations

from torch import Tensor, nn

from merlab.methods.joint_svm import CENTERED_UVS
from merlab.methods.method import Method, Preset, Task
from merlab.training import TrainingSettings

FILTERS = (16, 32, 40)
HIDDEN = 64
ACTION_UNITS = 28
DROPOUT = 0.3
# Values of centered flow are clipped to this many standard deviations.
LARGEST = 5.0


class FlowCnn(nn.Module):
    """Centered flow (N, channels, H, W) -> logits (N, classes); 144 383 parameters at 3 x 28 x 28 and 3 classes."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        first, second, third = FILTERS
        self.features = nn.Sequential(
            *_block(task.channels, first),
            nn.MaxPool2d(2),
            *_block(first, second),
            nn.MaxPool2d(2),
            *_block(second, third),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(third * (task.height // 4) * (task.width // 4), HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.ReLU(inplace=True),
        )
        self.classify = nn.Linear(HIDDEN, task.classes)
        self.intensities = nn.Linear(HIDDEN, ACTION_UNITS)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.classify(self.features(inputs.clamp(-LARGEST, LARGEST)))
        return logits

    def action_units(self, inputs: Tensor) -> Tensor:
        """Intensities of the action units (N, 28), relative to the largest of the clip."""
        intensities: Tensor = self.intensities(self.features(inputs.clamp(-LARGEST, LARGEST)))
        return intensities


def _block(channels: int, filters: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(filters), nn.ReLU(inplace=True)


# Ten batches of 64 drawn clips are one epoch: 300 steps for every fold, however many clips it has.
FROM_SCRATCH = TrainingSettings(
    epochs=30,
    steps=10,
    batch_size=64,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="one-cycle",
    warm_up=0.15,
    weight_decay=1e-2,
    label_smoothing=0.1,
    mirror=True,
    move=1.5,
    scale=0.06,
    turn=0.05,
    noise=0.25,
    mirror_at_test=True,
)
# It has one form, and both preset names, so that one name can be used for all methods of a run.
_PRESETS = dict.fromkeys(
    ("paper", "reduced"),
    Preset(
        source="merlab's own method, trained from scratch: 300 steps, settings of docs/recognizer-experiments.md",
        training=FROM_SCRATCH,
    ),
)

FLOW_CNN = Method(
    name="flow-cnn",
    title="small convolutional network on centered flow",
    paper="none: merlab's own, docs/recognizer-experiments.md",
    input=CENTERED_UVS,
    presets=_PRESETS,
    network=FlowCnn,
)
