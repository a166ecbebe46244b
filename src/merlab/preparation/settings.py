"""How faces are prepared, and what else decides their bytes: for the manifest, and to know a folder again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from merlab import __version__
from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.faces.landmarks import find_landmarker
from merlab.faces.model_files import MODELS
from merlab.frames import Image
from merlab.vocabulary import HEAD_MOTIONS, IMAGE_FORMATS, HeadMotion, ImageFormat

JPEG_QUALITY = 95


@dataclass(frozen=True)
class Settings:
    """How faces are found, what becomes of the head's movement, and how the aligned frames are stored.

    Raises MerlabError for a motion or an image format that does not exist.
    """

    finding: FaceFinding = field(default_factory=FaceFinding)
    motion: HeadMotion = "onset"
    image: ImageFormat = "jpg"

    def __post_init__(self) -> None:
        if self.motion not in HEAD_MOTIONS:
            raise MerlabError(f"unknown motion {self.motion!r}; it is one of {', '.join(HEAD_MOTIONS)}")
        if self.image not in IMAGE_FORMATS:
            raise MerlabError(f"unknown image format {self.image!r}; it is one of {', '.join(IMAGE_FORMATS)}")

    def settled(self) -> Settings:
        """The same with the landmarks that this machine has; raises MerlabError where a model file is missing."""
        landmarks = self.finding.landmarks or find_landmarker().source
        finding = replace(self.finding, landmarks=landmarks)
        if landmarks == "five-points" and finding.detector != "yunet":
            raise MerlabError(
                f"{finding.detector} gives boxes without landmarks, and the face mesh is absent; "
                f"{MODELS['face-mesh'].remedy}"
            )
        finding.open()
        return replace(self, finding=finding)

    def encode(self, image: Image) -> bytes:
        """The bytes of one aligned frame."""
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if self.image == "jpg" else []
        return cv2.imencode(f".{self.image}", image, options)[1].tobytes()

    def described(self) -> dict[str, Any]:
        """Everything that decides the bytes of aligned frames: settings, model files, versions."""
        used = [self.finding.detector, *(["face-mesh"] if self.finding.landmarks == "mesh" else [])]
        return {
            "settings": {
                "detector": self.finding.detector,
                "landmarks": self.finding.landmarks,
                "motion": self.motion,
                "image": self.image,
                **({"jpeg_quality": JPEG_QUALITY} if self.image == "jpg" else {}),
            },
            "models": {name: {MODELS[name].algorithm: MODELS[name].digest} for name in used},
            "versions": {"merlab": __version__, "opencv": cv2.__version__, "numpy": np.__version__},
        }
