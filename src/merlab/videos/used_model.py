"""What a result states about its recognizer."""

from __future__ import annotations

import hashlib
from pathlib import Path

from merlab.errors import MerlabError
from merlab.models.shipped import SHIPPED, shipped_card
from merlab.videos.metadata import UsedModel
from merlab.vocabulary import RuntimeChoice

# Fields of a model's card that a result repeats.
OF_CARD = {"name", "method", "preset", "scheme", "recipe", "classes", "temperature", "stamps", "trained_on", "limits"}

# What a result states as the runtime where the recognizer is computed by ``inference.light``.
LIGHT = "numpy"


def is_light(weights: Path | None, runtime: RuntimeChoice) -> bool:
    """Whether a recognizer is computed by NumPy: the one that ships with merlab, unless a runtime is requested."""
    return weights is None and runtime == "auto"


def used_model(weights: Path | None, runtime: RuntimeChoice) -> UsedModel:
    """The recognizer in a file of ``merlab pretrain``, or the one that ships with merlab, under a runtime.

    A damaged file is refused before any video is read. The one that ships with merlab is read without PyTorch, which
    takes 1 s of processor time to load. ``auto`` computes it by NumPy, which needs no PyTorch at all.

    Raises MerlabError as ``shipped_card``, ``load_recognizer``, ``require_packages`` and ``resolve_runtime`` do.
    """
    if weights is None and runtime in ("auto", "torch"):
        card = {name: value for name, value in shipped_card().items() if name in OF_CARD}
        digest = hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
        used = LIGHT if is_light(weights, runtime) else "torch"
        return UsedModel.model_validate({**card, "digest": digest, "runtime": used})
    if weights is not None and weights.is_dir():
        raise MerlabError(f"weights {weights} is a folder; give a file of `merlab pretrain`, or leave it out")
    from merlab.inference.runtimes import resolve_runtime
    from merlab.inputs import require_packages
    from merlab.models.recognizer import load_recognizer

    recognizer = load_recognizer(weights)
    require_packages(recognizer.recipe)
    return UsedModel(
        **recognizer.card.model_dump(mode="json", include=OF_CARD),
        digest=recognizer.digest,
        runtime=resolve_runtime(runtime, recognizer.module, recognizer.recipe.shape),
    )
