"""The recognizer of a video, applied to its events: by NumPy, or by PyTorch or another runtime."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.inputs import Recipe, parse_recipe
from merlab.models.calibration import probabilities
from merlab.models.shipped import shipped_network
from merlab.processes.thread_limits import one_thread
from merlab.videos.evidence.titles import GRAD_CAM, OTHER
from merlab.videos.options import Options
from merlab.videos.used_model import is_light, used_model


class Applied(Protocol):
    """What gives the class of an event."""

    @property
    def recipe(self) -> Recipe:
        """The recipe of its inputs."""

    @property
    def scheme(self) -> str:
        """The scheme of its classes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes, in the order of the probabilities."""

    def predict_proba(self, inputs: Float32Array) -> NDArray[np.float64]:
        """The calibrated class probabilities (1, classes) of one input (1, C, H, W)."""

    def maps(self, inputs: Float32Array, label: int) -> dict[str, Float32Array]:
        """The maps (H, W) of one input for the class at ``label``, as ``videos.evidence.maps.maps``."""


def applied(options: Options) -> Applied:
    """The recognizer of these options, loaded."""
    if is_light(options.weights, options.runtime):
        return _Light()
    from merlab.videos.chunks.applied_in_torch import AppliedInTorch

    return AppliedInTorch(options.weights, options.runtime)


class _Light:
    """The recognizer that ships with merlab, by NumPy."""

    def __init__(self) -> None:
        model = used_model(None, "auto")
        self.recipe, self.scheme, self.classes = parse_recipe(model.recipe), model.scheme, model.classes
        self._temperature, self._network = model.temperature, shipped_network()

    def predict_proba(self, inputs: Float32Array) -> NDArray[np.float64]:
        with one_thread():
            return probabilities(self._network.logits(inputs), self._temperature)

    def maps(self, inputs: Float32Array, label: int) -> dict[str, Float32Array]:
        with one_thread():
            return {f"{GRAD_CAM}, {OTHER}": self._network.grad_cam(inputs, label)}
