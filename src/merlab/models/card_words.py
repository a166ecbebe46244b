"""What a reader of a card needs to know beside its numbers: what a recognizer is for, and its limits."""

from __future__ import annotations

from merlab.models.crops import is_corrected
from merlab.models.training import Training

INTENDED_USE = (
    "Research on micro-expressions, teaching, and trying the software: it points to movements, which a person then "
    "checks."
)
LIMITS = (
    "Not for any statement about a person: no lie detection, hiring, policing, border control or diagnosis; inferring "
    "emotions at work and in education is prohibited in the European Union. The class names are those of the "
    "annotators of the training data; they may not apply to other people, ages, skin colors, lighting or cultures."
)
SYNTHETIC_LIMITS = (
    "It was trained on synthetic faces only: how often it is right on people is known only from the scores on other "
    "databases on this card."
)
CORRECTED_CROPS = (
    "Crops: in videos nothing is corrected, because merlab aligns faces to the crop of its training clips. Clips of a "
    "database are first moved and scaled to this crop; the correction is fitted on the clips that are scored, without "
    "their labels."
)
# docs/recognizer-experiments.md, "what limits a score".
CEILING = (
    "Some labels of CASME II, SMIC and SAMM contradict the movement. Two models without a common training example "
    "agree on 82 % of the clips; where they agree, they differ from the label in 4 % of the clips of CASME II, 24 % of "
    "SMIC and 22 % of SAMM. An honest model can reach a UF1 of about .79 to .83 on the three together."
)


def card_words(training: Training, is_synthetic: bool) -> dict[str, str]:
    """What a reader of the card needs to know beside its numbers."""
    limits = [*([SYNTHETIC_LIMITS] if is_synthetic else []), LIMITS]
    if is_corrected(training.full_recipe()):
        limits.insert(0, CORRECTED_CROPS)
    return {
        "intended_use": INTENDED_USE,
        "limits": " ".join(limits),
        "ceiling": CEILING if training.scheme.name == "megc2019" else "",
    }
