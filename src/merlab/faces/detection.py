"""Find faces in an image with YuNet (the default) or with OpenCV's SSD, which is taken as the paper's detector."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError, cannot_read
from merlab.faces.model_files import MODELS
from merlab.frames import Image
from merlab.registry import look_up
from merlab.vocabulary import DetectorName

Point = tuple[float, float]

# Longer side, in pixels, of the image that YuNet processes; the second size is tried if the first gives no face.
WORKING_SIDES = (320, 640)
YUNET_CONFIDENCE, YUNET_OVERLAP = 0.6, 0.3
# Of an image with a side of 32 pixels or less, OpenCV computes faces from memory that was never written.
YUNET_LEAST_SIDE = 33

SSD_SIDE = 300
# OpenCV's samples subtract this mean for this network; the paper does not state one.
SSD_MEAN = (104.0, 177.0, 123.0)
SSD_CONFIDENCE = 0.5
# If a face fills the frame, this SSD also gives a false face: a third of the frame further down and right, and partly
# outside (https://github.com/opencv/opencv/issues/14841). A box with a larger share outside than this is dropped.
LARGEST_SHARE_OUTSIDE = 0.25


@dataclass(frozen=True)
class Face:
    """One face found in an image.

    Attributes:
        left, top, right, bottom: the box in pixels of the image; the box of a face at the edge may leave the image.
        confidence: of the detector, 0..1; values of different detectors cannot be compared.
        points: the subject's right and left eye, nose tip, right and left corner of the mouth; None if the detector
            gives only a box.

    """

    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    points: tuple[Point, Point, Point, Point, Point] | None = None

    @property
    def width(self) -> float:
        """Width of the box, pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height of the box, pixels."""
        return self.bottom - self.top

    @property
    def center(self) -> Point:
        """Center (x, y) of the box, pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: Face) -> float:
        """Intersection over union of the two boxes, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.width * self.height + other.width * other.height - common)

    def shown_in(self, image: Image) -> float:
        """How much of the box lies in an image, 0..1."""
        height, width = image.shape[:2]
        across = max(min(self.right, width) - max(self.left, 0.0), 0.0)
        down = max(min(self.bottom, height) - max(self.top, 0.0), 0.0)
        return across * down / (self.width * self.height) if across * down > 0 else 0.0


class Detector(Protocol):
    """Finds faces. A detector cannot be shared: make one in each thread and process."""

    def detect(self, image: Image) -> list[Face]:
        """The faces in a BGR image (H, W, 3), most confident first; an empty list if there are none."""


class YuNet:
    """YuNet (Wu et al. 2023) of OpenCV's model zoo, which gives a box and five points per face.

    The image is reduced to 320 pixels on the longer side; if no face is found, to 640 pixels. A face smaller than
    about 1/30 of the longer side may be missed. ``sides`` and ``confidence`` replace these sizes and the least
    confidence of a face, 0..1.
    """

    def __init__(
        self,
        model: Path | None = None,
        *,
        sides: Sequence[int] = WORKING_SIDES,
        confidence: float = YUNET_CONFIDENCE,
    ) -> None:
        path = MODELS["yunet"].check(model) if model else MODELS["yunet"].find()
        # By itself, OpenCV opens no path on Windows that has other letters than those of the system's language.
        content, no_config = np.fromfile(path, np.uint8), np.empty(0, np.uint8)
        self._network = cv2.FaceDetectorYN.create("onnx", content, no_config, (320, 320), confidence, YUNET_OVERLAP)
        self._sides = sides

    def detect(self, image: Image) -> list[Face]:
        """The faces in a BGR image, most confident first."""
        longer = max(image.shape[:2])
        for side in self._sides:
            faces = self._detect_at(image, min(1.0, side / longer))
            if faces or side >= longer:
                return faces
        return []

    def _detect_at(self, image: Image, scale: float) -> list[Face]:
        height, width = image.shape[:2]
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        reduced = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        right, below = (max(YUNET_LEAST_SIDE - length, 0) for length in size)
        padded = cv2.copyMakeBorder(reduced, 0, below, 0, right, cv2.BORDER_CONSTANT)
        self._network.setInputSize(padded.shape[1::-1])
        rows = self._network.detect(padded)[1]
        if rows is None:
            return []
        rows = rows.astype(np.float64)
        rows[:, 0:14:2] *= width / size[0]
        rows[:, 1:14:2] *= height / size[1]
        return _most_confident_first([_yunet_face(row) for row in rows])


def _yunet_face(row: NDArray[np.float64]) -> Face:
    left, top, width, height = row[:4].tolist()
    right_eye, left_eye, nose, mouth_right, mouth_left = ((float(x), float(y)) for x, y in row[4:14].reshape(5, 2))
    points = (right_eye, left_eye, nose, mouth_right, mouth_left)
    return Face(left, top, left + width, top + height, float(row[14]), points)


class OpenCvSsd:
    """OpenCV's TensorFlow SSD on a 4-D blob; it gives boxes with confidences.

    The paper (section IV.A) describes such a detector without its name; this is the one of OpenCV's samples.
    """

    def __init__(self, model: Path | None = None, config: Path | None = None) -> None:
        if model is None or config is None:
            missing = "--detector-model (the .pb)" if model is None else "--detector-config (the .pbtxt)"
            raise MerlabError(f"opencv-ssd needs {missing}; {MODELS['opencv-ssd'].remedy}")
        MODELS["opencv-ssd"].check(model)
        remedy = MODELS["opencv-ssd"].remedy
        try:
            content, described = np.fromfile(model, np.uint8), np.fromfile(config, np.uint8)
            if not described.size:
                raise MerlabError(f"opencv-ssd: {config} is empty; {remedy}")
            self._network = cv2.dnn.readNetFromTensorflow(content, described)
        except OSError as error:
            raise MerlabError(f"opencv-ssd: {cannot_read(config, error, remedy)}") from error
        except cv2.error as error:
            raise MerlabError(f"opencv-ssd: {config} does not describe {model.name}: {error.err}; {remedy}") from error

    def detect(self, image: Image) -> list[Face]:
        """The faces in a BGR image, most confident first."""
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


DETECTORS: dict[DetectorName, Callable[[Path | None, Path | None], Detector]] = {
    "yunet": lambda model, config: YuNet(model),
    "opencv-ssd": OpenCvSsd,
}


def make_detector(name: DetectorName = "yunet", model: Path | None = None, config: Path | None = None) -> Detector:
    """The detector with this name, ready to use; ``opencv-ssd`` needs the files ``model`` and ``config``."""
    return look_up(name, DETECTORS, "detector")(model, config)


def most_prominent(faces: Sequence[Face], width: int, height: int) -> list[Face]:
    """The faces of a ``width`` x ``height`` image, sorted; the first is most likely the person that the image shows.

    The score is the side length of the box, divided by 1 at the center of the image up to 2 in a corner.
    """

    def prominence(face: Face) -> float:
        x, y = face.center
        distance = math.hypot(x - width / 2, y - height / 2) / math.hypot(width / 2, height / 2)
        return math.sqrt(max(face.width * face.height, 0.0)) / (1 + distance)

    return sorted(faces, key=lambda face: (-prominence(face), face.left, face.top))
