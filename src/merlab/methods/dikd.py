"""DIKD ("Knowledge" in Table 8): a teacher that recognizes action units, distilled into a shallow student; an SVM.

Sun, Cao, Li, He and Yu, "Dynamic Micro-Expression Recognition Using Knowledge Distillation", IEEE Transactions on
Affective Computing 13(2), 2022.

Published (abstract): a deep teacher is trained to recognize action units; its features guide a shallow student on the
micro-expressions, by an objective of both; 72.61 % on CASME II. From a survey: the input is the apex frame, the
features of the student go to an SVM, and CASME II has four classes. Assumed, because only the abstract was read: the
teacher is ResNet-18; the student has three convolutions of 3 x 3 (32, 64 and 128 filters) and a layer of 128 units; its
objective is the cross-entropy of the classes, plus the mean squared difference between the teacher's features and a
linear map of the student's, plus the binary cross-entropy between the action units of both, all with weight 1; the SVM
is linear, C = 1, on standardized features. Teacher and student are trained with Adam at 1e-3, halved every 30 epochs,
batches of 32, 100 epochs.

Differs: the publication's teacher is trained on other data, which merlab does not have. Here it is trained on the
action units of the training clips of the fold, never on those of a test clip; or, with the preset
``synthetic-teacher``, on synthetic flow, whose action units are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.json_models import ClosedModel
from merlab.methods.layers import Between, ConvBnRelu, ResNet18
from merlab.methods.layers.zoo import resnet18_names
from merlab.methods.method import Method, Preset, Task
from merlab.methods.svm import LinearSvm
from merlab.training import (
    Material,
    Mirror,
    NetworkWithLoss,
    NeuralClassifier,
    SyntheticClips,
    TrainingSettings,
    trained,
)

NAME = "dikd"
FILTERS = (32, 64, 128)
FEATURES = 128
COST = 1.0
FEATURE_WEIGHT = UNIT_WEIGHT = 1.0
# A unit that fewer clips have is not taught.
LEAST_CLIPS = 3
# A synthetic clip has a unit whose change is at least this share of its largest.
PRESENT = 0.3

StudentOutputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


class Sizes(ClosedModel):
    """The network options of a preset: the width of the teacher, and ``small`` for inputs of about 28 x 28 pixels."""

    width: Annotated[float, Between(0.05, 2)] = 1.0
    small: bool = False


@dataclass(frozen=True, eq=False)
class Lessons:
    """Clips with known action units.

    Attributes:
        inputs: (N, C, H, W).
        combination: (N,), which row of ``combinations`` a clip has.
        combinations: (combinations, units), 1 where a unit is present.
        subjects: N names.

    """

    inputs: NDArray[np.float32]
    combination: NDArray[np.int64]
    combinations: NDArray[np.float32]
    subjects: Sequence[str]

    @classmethod
    def of(cls, inputs: NDArray[np.float32], present: NDArray[np.bool_], subjects: Sequence[str]) -> Lessons:
        """From the units (N, units) of each clip; raises MerlabError if no unit distinguishes enough clips."""
        counts = present.sum(axis=0)
        taught = present[:, (counts >= LEAST_CLIPS) & (counts < len(present))]
        if taught.shape[1] == 0:
            raise MerlabError(
                f"dikd teaches action units that at least {LEAST_CLIPS} training clips have and others have not, and "
                f"there are none among {len(present)} clips with known action units; use clips with action units, or "
                "the preset synthetic-teacher, whose teacher learns from synthetic flow (--synthetic FOLDER)"
            )
        combinations, combination = np.unique(taught, axis=0, return_inverse=True)
        return cls(inputs, combination.ravel().astype(np.int64), combinations.astype(np.float32), subjects)

    @classmethod
    def coded(cls, inputs: NDArray[np.float32], texts: Sequence[str], subjects: Sequence[str]) -> Lessons:
        """From the annotators' text of each clip, such as ``4+L10``; clips with an empty text are left out."""
        known = [row for row, text in enumerate(texts) if text]
        units = [units_in(texts[row]) for row in known]
        names = sorted(set().union(*units))
        present = np.array([[name in of_clip for name in names] for of_clip in units], bool)
        shaped = present.reshape(len(known), len(names))
        return cls.of(inputs[known], shaped, [subjects[row] for row in known])

    @classmethod
    def synthetic(cls, clips: SyntheticClips) -> Lessons:
        """From synthetic clips, whose changes of units are known."""
        return cls.of(clips.inputs, np.abs(clips.intensities) >= PRESENT, clips.subjects)


def units_in(text: str) -> set[int]:
    """The numbers of the action units in the annotators' text: ``4+L10`` has 4 and 10."""
    return {int(number) for number in re.findall(r"\d+", text)} - {0}


class Teacher(NetworkWithLoss):
    """Inputs (N, C, H, W) -> logits of the action units (N, units). A label is a row of ``combinations``."""

    combinations: Tensor

    def __init__(self, task: Task, sizes: Sizes, combinations: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("combinations", torch.from_numpy(combinations))
        self.trunk = ResNet18(task.channels, sizes.width, small=sizes.small)
        self.units = nn.Linear(self.trunk.out_channels, combinations.shape[1])

    def features(self, inputs: Tensor) -> Tensor:
        """Means of the last maps (N, features)."""
        means: Tensor = self.trunk(inputs).mean(dim=(2, 3))
        return means

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of the action units."""
        logits: Tensor = self.units(self.features(inputs))
        return logits

    def loss(self, outputs: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The binary cross-entropy of the units."""
        return F.binary_cross_entropy_with_logits(outputs.float(), self.combinations[labels])


class Student(NetworkWithLoss):
    """Inputs (N, C, H, W) -> logits (N, classes); in training mode what ``loss`` compares with the teacher."""

    def __init__(self, task: Task, teacher: Teacher) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        entering = task.channels
        for filters in FILTERS:
            layers += [ConvBnRelu(entering, filters, 3), nn.MaxPool2d(2)]
            entering = filters
        self.body = nn.Sequential(
            *layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * entering, FEATURES), nn.ReLU(inplace=True)
        )
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.Linear(FEATURES, task.classes))
        self.as_teacher = nn.Linear(FEATURES, teacher.trunk.out_channels)
        self.units = nn.Linear(FEATURES, teacher.units.out_features)
        # In a tuple, so that it is not part of the student: it is neither trained nor kept.
        self._teacher = (teacher.eval(),)

    def forward(self, inputs: Tensor) -> Tensor | StudentOutputs:
        """Logits (N, classes); in training mode also features and units of the student and of the teacher."""
        features = self.body(inputs)
        logits: Tensor = self.classify(features)
        if not self.training:
            return logits
        (teacher,) = self._teacher
        with torch.no_grad():
            taught = teacher.features(inputs)
            units = teacher.units(taught).sigmoid()
        return logits, self.as_teacher(features), self.units(features), taught, units

    def loss(self, outputs: StudentOutputs, labels: Tensor, weights: Tensor | None) -> Tensor:
        """Cross-entropy of the classes, plus the differences to the teacher."""
        logits, features, units, taught, taught_units = (each.float() for each in outputs)
        of_units = F.binary_cross_entropy_with_logits(units, taught_units)
        distance = FEATURE_WEIGHT * F.mse_loss(features, taught) + UNIT_WEIGHT * of_units
        return F.cross_entropy(logits, labels, weights) + distance


class DistilledSvm:
    """Teacher, student and SVM. After ``fit``, ``teacher`` and ``student`` are the trained networks."""

    def __init__(self, task: Task, *, preset: Preset, mirror: Mirror | None, material: Material) -> None:
        assert preset.training is not None
        self.task = task
        self.settings = preset.training
        self.sizes = Sizes.model_validate(preset.network)
        self.mirror = mirror
        self.starts = material.starts.get(NAME, ())
        self.synthetic = material.synthetic if "synthetic" in preset.needs else None
        self.machine = LinearSvm(task, COST, features=self.features, standardize=True)
        self.teacher: Teacher | None = None
        self.student: Student | None = None

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        *,
        action_units: Sequence[str] = (),
    ) -> None:
        """Train the teacher, the student and the SVM; ``action_units`` are the annotators' text of each row.

        Raises MerlabError without action units that can be taught, and if all training clips have the same class.
        """
        if self.synthetic is not None:
            lessons = Lessons.synthetic(self.synthetic)
        else:
            lessons = Lessons.coded(inputs, action_units, groups)
        self.teacher = self._taught(lessons, seed)
        network = partial(Student, self.task, self.teacher)
        student = NeuralClassifier(network, self.task.classes, self.settings, mirror=self.mirror)
        student.fit(inputs, labels, groups, seed)
        module = student.module
        assert isinstance(module, Student)
        self.student = module
        self.machine.fit(inputs, labels, groups, seed)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes): those of the SVM."""
        return self.machine.predict_proba(inputs)

    @torch.inference_mode()
    def features(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The features of the student (N, 128); raises MerlabError before ``fit``."""
        student = trained(self.student)
        device = next(student.parameters()).device
        batches = torch.split(torch.from_numpy(np.ascontiguousarray(inputs)), self.settings.batch_size)
        return np.concatenate([student.body(batch.to(device)).float().cpu().numpy() for batch in batches])

    def _taught(self, lessons: Lessons, seed: int) -> Teacher:
        network = partial(Teacher, self.task, self.sizes, lessons.combinations)
        # Validation and class weights are about classes; the teacher has action units.
        settings = self.settings.model_copy(update={"class_weights": "none", "selection": "fixed"})
        teacher = NeuralClassifier(network, len(lessons.combinations), settings, mirror=self.mirror, starts=self.starts)
        teacher.fit(lessons.inputs, lessons.combination, lessons.subjects, seed)
        module = teacher.module
        assert isinstance(module, Teacher)
        return module


def _teacher(task: Task, **sizes: Any) -> Teacher:
    """A teacher of one action unit; its trunk is that of all teachers."""
    return Teacher(task, Sizes.model_validate(sizes), np.ones((1, 1), np.float32))


CENTERED_FLOW = "flow:channels=uvs,scale=centered,size=28x28"
_SHORT = TrainingSettings(epochs=20, batch_size=16, decay=1, class_weights="balanced", mirror=True)

DIKD = Method(
    name=NAME,
    title="DIKD (Knowledge): a teacher of action units, distilled into a shallow student, and a linear SVM",
    paper="Sun et al., IEEE Transactions on Affective Computing 13(2), 2022",
    input="apex:color=bgr,size=224x224",
    presets={
        "paper": Preset(
            source="the abstract gives no settings: sizes, weights and training are merlab's choice",
            training=TrainingSettings(epochs=100, batch_size=32, learning_rate=1e-3, decay=0.5, decay_every=30),
        ),
        "reduced": Preset(
            source="merlab's choice for a CPU: the difference between apex and onset at 64 x 64 in gray, an eighth of "
            "the teacher's width, 20 epochs",
            reduced=True,
            network={"width": 0.125},
            training=_SHORT,
            input="difference:color=gray,size=64x64",
        ),
        "flow28": Preset(
            source="merlab's choice for 28 x 28 flow: an eighth of the teacher's width, a stem without stride",
            reduced=True,
            network={"width": 0.125, "small": True},
            training=_SHORT,
            input=CENTERED_FLOW,
        ),
        "synthetic-teacher": Preset(
            source="merlab's choice: the preset flow28 with a teacher trained on the action units of synthetic flow",
            reduced=True,
            network={"width": 0.125, "small": True},
            training=_SHORT,
            input=CENTERED_FLOW,
            needs=("synthetic",),
        ),
    },
    pipeline=DistilledSvm,
    zoo=resnet18_names("trunk"),
    zoo_network=_teacher,
    action_units=True,
)
