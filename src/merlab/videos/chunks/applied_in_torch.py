"""A recognizer applied to the events of a video by PyTorch, or by another runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.models.recognizer import load_recognizer
from merlab.training.threads import torch_threads
from merlab.videos.evidence.maps import maps
from merlab.vocabulary import RuntimeChoice


class AppliedInTorch:
    """The recognizer in a file, None for the one of merlab, as ``applied.Applied``; each call uses one thread."""

    @torch_threads(1)
    def __init__(self, weights: Path | None, runtime: RuntimeChoice) -> None:
        self._recognizer = load_recognizer(weights).on(runtime)
        card = self._recognizer.card
        self.recipe, self.scheme, self.classes = self._recognizer.recipe, card.scheme, card.classes

    @torch_threads(1)
    def predict_proba(self, inputs: Float32Array) -> NDArray[np.float64]:
        """As Applied."""
        return self._recognizer.predict_proba(inputs)

    @torch_threads(1)
    def maps(self, inputs: Float32Array, label: int) -> dict[str, Float32Array]:
        """As Applied."""
        return maps(self._recognizer, inputs, label)
