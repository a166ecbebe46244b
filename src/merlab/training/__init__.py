"""Train one network on one fold, repeatably: the settings and the training loops."""

from merlab.training.augmentation import Mirror, shifted
from merlab.training.checks import check_inputs, check_labels, hold_out_subjects
from merlab.training.classifier import BestEpoch, EpochReport, LabeledInputs, NeuralClassifier
from merlab.training.material import Material, SyntheticClips, relative_intensities
from merlab.training.settings import (
    Precision,
    TrainingSettings,
    cpu_has_bfloat16,
    is_large,
    processor_field,
    resolve_device,
    resolve_precision,
)
from merlab.training.steps import (
    NetworkWithLoss,
    balanced_weights,
    make_optimizer,
    random_batches,
    seeded,
)

__all__ = [
    "BestEpoch",
    "EpochReport",
    "LabeledInputs",
    "Material",
    "Mirror",
    "NetworkWithLoss",
    "NeuralClassifier",
    "Precision",
    "SyntheticClips",
    "TrainingSettings",
    "balanced_weights",
    "check_inputs",
    "check_labels",
    "cpu_has_bfloat16",
    "hold_out_subjects",
    "is_large",
    "make_optimizer",
    "processor_field",
    "random_batches",
    "relative_intensities",
    "resolve_device",
    "resolve_precision",
    "seeded",
    "shifted",
]
