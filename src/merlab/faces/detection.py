"""Finding faces in an image: YuNet (the default) and the SSD that the paper used."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.faces.model_files import MODELS
from merlab.frames import Image
from merlab.registry import look_up

Point = tuple[float, float]

# Full scales of cameras that store more than 8 bits in 16.
WHITE_LEVELS = (255, 1023, 4095, 16383, 65535)

# Longer side in pixels of the image that YuNet looks at; the second when it sees nothing in the first.
WORKING_SIDES = (320, 640)
YUNET_CONFIDENCE, YUNET_OVERLAP = 0.6, 0.3

SSD_SIDE = 300
# The mean that OpenCV's samples subtract for this network; the paper does not state one.
SSD_MEAN = (104.0, 177.0, 123.0)
SSD_CONFIDENCE = 0.5
# This SSD answers a face that fills the frame with a second one, a third of the frame further down and right and partly
# outside (https://github.com/opencv/opencv/issues/14841); what lies outside by more than this share is dropped.
LARGEST_SHARE_OUTSIDE = 0.25


@dataclass(frozen=True)
class Face:
    """One face found in an image.

    Attributes:
        left, top, right, bottom: the box in pixels of the image; a face cut off by the edge may reach beyond it.
        confidence: of the detector, 0..1; comparable only within one detector.
        points: the subject's right and left eye, nose tip, right and left corner of the mouth; None where the
            detector gives a box alone.

    """

    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    points: tuple[Point, Point, Point, Point, Point] | None = None

    @property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels."""
        return self.bottom - self.top

    @property
    def center(self) -> Point:
        """The middle of the box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: Face) -> float:
        """Intersection over union of the two boxes, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.width * self.height + other.width * other.height - common)


class Detector(Protocol):
    """Finds faces. Not to be shared between threads or processes: make one in each."""

    def detect(self, image: Image) -> list[Face]:
        """The faces of a BGR image (H, W, 3), most confident first; empty where there is none."""


class YuNet:
    """YuNet (Wu et al. 2023) of OpenCV's model zoo: boxes and five points.

    It looks at the image reduced to 320 pixels on the longer side, and, seeing nothing there, at 640; a face smaller
    than about a thirtieth of the longer side may be missed.
    """

    def __init__(self, model: Path | None = None) -> None:
        path = MODELS["yunet"].check(model) if model else MODELS["yunet"].find()
        self._network = cv2.FaceDetectorYN.create(str(path), "", (320, 320), YUNET_CONFIDENCE, YUNET_OVERLAP)

    def detect(self, image: Image) -> list[Face]:
        """The faces of a BGR image, most confident first."""
        longer = max(image.shape[:2])
        for side in WORKING_SIDES:
            faces = self._detect_at(image, min(1.0, side / longer))
            if faces or side >= longer:
                return faces
        return []

    def _detect_at(self, image: Image, scale: float) -> list[Face]:
        height, width = image.shape[:2]
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        reduced = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        rows = self._network.detect(reduced)[1]
        if rows is None:
            return []
        rows = rows.astype(np.float64)
        rows[:, 0:14:2] *= width / size[0]
        rows[:, 1:14:2] *= height / size[1]
        return _most_confident_first([_yunet_face(row) for row in rows])


def _yunet_face(row: NDArray[np.float64]) -> Face:
    left, top, width, height = row[:4].tolist()
    points: Any = tuple((float(x), float(y)) for x, y in row[4:14].reshape(5, 2))
    return Face(left, top, left + width, top + height, float(row[14]), points)


class OpenCvSsd:
    """The paper's detector: a 4-D blob, a TensorFlow network of OpenCV's, boxes with confidences (section IV.A)."""

    def __init__(self, model: Path | None = None, config: Path | None = None) -> None:
        if model is None or config is None:
            missing = "--detector-model (the .pb)" if model is None else "--detector-config (the .pbtxt)"
            raise MerlabError(f"opencv-ssd needs {missing}; {MODELS['opencv-ssd'].remedy}")
        MODELS["opencv-ssd"].check(model)
        try:
            self._network = cv2.dnn.readNetFromTensorflow(str(model), str(config))
        except cv2.error as error:
            raise MerlabError(
                f"opencv-ssd: {config} does not describe {model.name}: {error.err}; {MODELS['opencv-ssd'].remedy}"
            ) from error

    def detect(self, image: Image) -> list[Face]:
        """The faces of a BGR image, most confident first."""
        height, width = image.shape[:2]
        self._network.setInput(cv2.dnn.blobFromImage(image, 1.0, (SSD_SIDE, SSD_SIDE), SSD_MEAN))
        rows = self._network.forward()[0, 0].astype(np.float64)
        faces = [_ssd_face(row, width, height) for row in rows if row[2] >= SSD_CONFIDENCE]
        within = [face for face in faces if _share_outside(face, width, height) <= LARGEST_SHARE_OUTSIDE]
        return _most_confident_first(within)


def _ssd_face(row: NDArray[np.float64], width: int, height: int) -> Face:
    confidence, left, top, right, bottom = row[2:7].tolist()
    return Face(left * width, top * height, right * width, bottom * height, confidence)


def _share_outside(face: Face, width: int, height: int) -> float:
    if face.width <= 0 or face.height <= 0:
        return 1.0
    across = max(min(face.right, width) - max(face.left, 0), 0)
    down = max(min(face.bottom, height) - max(face.top, 0), 0)
    return 1 - across * down / (face.width * face.height)


def _most_confident_first(faces: list[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: (-face.confidence, face.left, face.top))


DETECTORS: dict[str, Callable[[Path | None, Path | None], Detector]] = {
    "yunet": lambda model, config: YuNet(model),
    "opencv-ssd": OpenCvSsd,
}


def make_detector(name: str = "yunet", model: Path | None = None, config: Path | None = None) -> Detector:
    """The detector of this name, ready to use; ``model`` and ``config`` are the files that ``opencv-ssd`` needs."""
    return look_up(name, DETECTORS, "detector")(model, config)


def most_prominent(faces: Sequence[Face], width: int, height: int) -> list[Face]:
    """The faces of a ``width`` x ``height`` image in the order in which they are likely its subject.

    A face counts by the side of its box, and the less the further its center lies from the image's: half in a corner.
    """

    def prominence(face: Face) -> float:
        x, y = face.center
        distance = math.hypot(x - width / 2, y - height / 2) / math.hypot(width / 2, height / 2)
        return math.sqrt(max(face.width * face.height, 0.0)) / (1 + distance)

    return sorted(faces, key=lambda face: (-prominence(face), face.left, face.top))


def to_bgr(image: NDArray[Any], white: float | None = None) -> Image:
    """Any image array as (H, W, 3) uint8 BGR.

    Gray (H, W) or (H, W, 1) is repeated, a fourth channel (opacity) dropped. Integers of more than 8 bits are scaled so
    that ``white`` becomes 255; None takes the smallest usual full scale (8, 10, 12, 14 or 16 bits) that holds the
    image, so pass one value for all frames of a clip. Floats are in 0..1. Raises MerlabError for any other array.
    """
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or 0 in image.shape:
        raise MerlabError(f"an image has the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {image.shape}")
    image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image[..., :3]
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    if image.dtype.kind == "f":
        white = 1.0 if white is None else white
    elif image.dtype.kind == "u" or (image.dtype.kind == "i" and image.min() >= 0):
        peak = int(image.max())
        white = white or next((level for level in WHITE_LEVELS if peak <= level), float(peak))
    else:
        raise MerlabError(f"an image holds unsigned integers or floats in 0..1, got {image.dtype}")
    if not np.isfinite(image).all():
        raise MerlabError("an image of floats holds values that are not finite")
    return np.ascontiguousarray(np.rint(np.clip(image / np.float64(white), 0, 1) * 255).astype(np.uint8))
