"""Train one network on one fold, repeatably: the settings and the training loops."""

from merlab.training.augmentation import Mirror, shifted
from merlab.training.checks import check_inputs, trained
from merlab.training.classifier import NeuralClassifier
from merlab.training.material import Material, SyntheticClips, relative_intensities
from merlab.training.settings import TrainingSettings, cpu_has_bfloat16, is_large, processor_field
from merlab.training.steps import NetworkWithLoss, seeded

__all__ = [
    "Material",
    "Mirror",
    "NetworkWithLoss",
    "NeuralClassifier",
    "SyntheticClips",
    "TrainingSettings",
    "check_inputs",
    "cpu_has_bfloat16",
    "is_large",
    "processor_field",
    "relative_intensities",
    "seeded",
    "shifted",
    "trained",
]
