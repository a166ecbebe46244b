"""flow-cnn computed by NumPy and OpenCV, so that a video can be described without loading PyTorch.

It computes what ``methods.flow_cnn`` and ``videos.evidence.maps`` compute in PyTorch, from the same tensors. PyTorch
takes a second of processor time to load; the network takes some hundredths of a second for a movement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array

Float64Array = NDArray[np.float64]

# Values of centered flow are clipped to this many standard deviations, as in methods.flow_cnn.
LARGEST = 5.0
# Of batch normalization in PyTorch.
EPSILON = 1e-5
SMALLEST = float(np.finfo(np.float32).tiny)


class LightFlowCnns:
    """The mean of several flow-cnn, with ``mirrored`` also of the mirrored input (see ``methods.flow_cnn.FlowCnns``).

    ``tensors`` are those of its file, by their names; their shapes are not checked.
    """

    def __init__(self, tensors: Mapping[str, NDArray[np.float32]], members: int, mirrored: bool) -> None:
        self._members = [_Member(tensors, f"networks.{number}.") for number in range(members)]
        self._directions = (1, -1) if mirrored else (1,)

    def logits(self, inputs: Float32Array) -> Float64Array:
        """The logarithms of the mean class probabilities, (N, classes), of centered flow (N, 3, H, W)."""
        logs = [
            member.log_probabilities(_seen(inputs, direction))
            for member in self._members
            for direction in self._directions
        ]
        return _log_sum_exp(np.stack(logs), axis=0) - math.log(len(logs))

    def grad_cam(self, inputs: Float32Array, label: int) -> Float32Array:
        """Grad-CAM of the last convolution (H, W), 0..1, of one input (1, 3, H, W) for the class at ``label``."""
        found = [
            member.grad_cam(_seen(inputs, direction), label)[:, ::direction]
            for member in self._members
            for direction in self._directions
        ]
        mean = np.mean(found, axis=0)
        return np.asarray(mean / max(float(mean.max()), SMALLEST), np.float32)


class _Member:
    """One flow-cnn in evaluation mode."""

    def __init__(self, tensors: Mapping[str, NDArray[np.float32]], prefix: str) -> None:
        def of(layer: str) -> Mapping[str, Float64Array]:
            start = f"{prefix}{layer}."
            return {
                name[len(start) :]: value.astype(np.float64)
                for name, value in tensors.items()
                if name.startswith(start)
            }

        # Positions in the Sequential of FlowCnn: convolutions, batch normalizations, the hidden layer.
        self._kernels = [of(f"features.{position}")["weight"] for position in (0, 4, 8)]
        self._norms = [_scale_and_shift(of(f"features.{position}")) for position in (1, 5, 9)]
        self._hidden, self._hidden_norm = of("features.13"), _scale_and_shift(of("features.14"))
        self._classify = of("classify")

    def log_probabilities(self, inputs: Float32Array) -> Float64Array:
        """Logarithms of the class probabilities, (N, classes)."""
        hidden = self._hidden_before_relu(self._after_relu(self._last_maps(inputs)))
        logits = np.maximum(hidden, 0) @ self._classify["weight"].T + self._classify["bias"]
        return np.asarray(logits - _log_sum_exp(logits, axis=1)[:, None])

    def grad_cam(self, inputs: Float32Array, label: int) -> Float32Array:
        """Selvaraju et al. 2017, equations 1 and 2, at the size of the input, divided by its largest value."""
        maps = self._last_maps(inputs)
        features = self._after_relu(maps)
        slope = self._classify["weight"][label] * (self._hidden_before_relu(features)[0] > 0) * self._hidden_norm[0]
        gradient = (slope @ self._hidden["weight"]).reshape(features.shape[1:]) * (features[0] > 0)
        weights = gradient.mean(axis=(1, 2)) * self._norms[-1][0]
        cam = np.maximum(np.tensordot(weights, maps[0], axes=1), 0)
        height, width = inputs.shape[2:]
        large = cv2.resize((cam / max(float(cam.max()), SMALLEST)).astype(np.float32), (width, height))
        return np.asarray(np.clip(large, 0, 1), np.float32)

    def _last_maps(self, inputs: Float32Array) -> Float64Array:
        """What the last convolution gives, (N, filters, H / 4, W / 4)."""
        maps = np.clip(inputs, -LARGEST, LARGEST).astype(np.float64)
        for kernel, norm in zip(self._kernels[:-1], self._norms[:-1], strict=True):
            maps = _halved(np.maximum(_normalized(_convolved(maps, kernel), norm), 0))
        return _convolved(maps, self._kernels[-1])

    def _after_relu(self, maps: Float64Array) -> Float64Array:
        return np.maximum(_normalized(maps, self._norms[-1]), 0)

    def _hidden_before_relu(self, features: Float64Array) -> Float64Array:
        scale, shift = self._hidden_norm
        flat = features.reshape(len(features), -1)
        return np.asarray((flat @ self._hidden["weight"].T + self._hidden["bias"]) * scale + shift)


def _seen(inputs: Float32Array, direction: int) -> Float32Array:
    """The input, or its mirror image (-1): flipped, u with the other sign."""
    return inputs if direction == 1 else inputs[..., ::-1] * np.array([-1, 1, 1], np.float32).reshape(3, 1, 1)


def _scale_and_shift(norm: Mapping[str, Float64Array]) -> tuple[Float64Array, Float64Array]:
    scale = norm["weight"] / np.sqrt(norm["running_var"] + EPSILON)
    return scale, norm["bias"] - norm["running_mean"] * scale


def _normalized(maps: Float64Array, norm: Sequence[Float64Array]) -> Float64Array:
    scale, shift = (each.reshape(-1, 1, 1) for each in norm)
    return maps * scale + shift


def _convolved(maps: Float64Array, kernel: Float64Array) -> Float64Array:
    """3 x 3, with zeros around the maps (N, C, H, W)."""
    padded = np.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.moveaxis(np.tensordot(windows, kernel, axes=((1, 4, 5), (1, 2, 3))), -1, 1)


def _halved(maps: Float64Array) -> Float64Array:
    """The largest of each 2 x 2 values; an odd last row or column is left out."""
    clips, channels, height, width = maps.shape
    even = maps[..., : height // 2 * 2, : width // 2 * 2]
    return np.asarray(even.reshape(clips, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5)))


def _log_sum_exp(values: Float64Array, axis: int) -> Float64Array:
    largest = values.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(values - largest).sum(axis=axis)) + np.squeeze(largest, axis))
