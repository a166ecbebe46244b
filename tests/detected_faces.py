"""Found faces that are kept: most heads of the tests are the same few pictures, in which YuNet finds the same faces."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.faces.detection import YuNet
from merlab.frames import Image

Found = tuple[int, NDArray[np.float32] | None]


class KeptDetections:
    """OpenCV's YuNet that searches a picture once; ``kept`` are the faces that such a network has found until now."""

    def __init__(self, network: cv2.FaceDetectorYN, kept: dict[tuple[object, ...], Found]) -> None:
        self._network = network
        self._kept = kept

    def setInputSize(self, size: tuple[int, int]) -> None:  # noqa: N802
        self._network.setInputSize(size)

    def detect(self, image: Image) -> Found:
        picture = (image.shape, blake2b(image.tobytes()).digest())
        if picture not in self._kept:
            number, faces = self._network.detect(image)
            self._kept[picture] = number, None if faces is None else np.asarray(faces, np.float32)
        return self._kept[picture]


def keep_detected_faces(patch: pytest.MonkeyPatch) -> None:
    """Let YuNet search each picture once in this process."""
    begin = YuNet.__init__
    kept: dict[str, dict[tuple[object, ...], Found]] = {}

    def keeping(detector: Any, *model: object, **settings: object) -> None:
        begin(detector, *model, **settings)  # type: ignore[arg-type]
        detector._network = KeptDetections(detector._network, kept.setdefault(f"{model} {settings}", {}))

    patch.setattr(YuNet, "__init__", keeping)
