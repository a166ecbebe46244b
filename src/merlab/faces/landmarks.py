"""Landmarks of a face: the 468 points of MediaPipe's face mesh, or the detector's five points if there is no mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from merlab.errors import MerlabError
from merlab.faces.detection import Face
from merlab.faces.geometry import Points, Transform, bounds, moved_image
from merlab.faces.model_files import MODELS
from merlab.frames import Image
from merlab.vocabulary import LandmarkSource

MESH_SIZE, MESH_SIDE = 468, 192
# As in MediaPipe's face_landmark graphs: the square crop is 1.5 times as large as the face, and it is rotated so that
# the line from the outer corner of the right eye (point 33) to that of the left eye (point 263) is horizontal.
CROP_ENLARGEMENT = 1.5
OUTER_RIGHT, OUTER_LEFT = 33, 263
LEAST_PRESENCE = 0.5

# Names of points -> indices in each source; several indices are averaged. ``_r`` is the subject's right side, which is
# on the left of the image.
NAMED_POINTS: dict[LandmarkSource, dict[str, tuple[int, ...]]] = {
    "mesh": {
        "eye_outer_r": (33,),
        "eye_inner_r": (133,),
        "eye_inner_l": (362,),
        "eye_outer_l": (263,),
        "eye_r": (33, 133, 159, 145),
        "eye_l": (263, 362, 386, 374),
        "upper_lid_r": (159,),
        "lower_lid_r": (145,),
        "upper_lid_l": (386,),
        "lower_lid_l": (374,),
        "nose_bridge": (6, 168, 197),
        "nose_tip": (1,),
        "subnasal": (2,),
        "mouth_corner_r": (61,),
        "mouth_corner_l": (291,),
        "upper_lip_edge": (13,),
        "lower_lip_edge": (14,),
        "chin": (152,),
    },
    "five-points": {
        "eye_r": (0,),
        "eye_l": (1,),
        "nose_tip": (2,),
        "mouth_corner_r": (3,),
        "mouth_corner_l": (4,),
    },
}


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Landmarks of one face in one image.

    Attributes:
        points: (468, 2) or (5, 2) float64, pixels of the image.
        source: ``mesh`` (MediaPipe face mesh) or ``five-points`` (of the detector; good enough only for a coarse
            alignment).
        presence: probability of the network that there is a face, 0..1.

    """

    points: Points
    source: LandmarkSource
    presence: float

    def named(self, *names: str) -> Points:
        """The points with these names, (N, 2); the names are the keys of NAMED_POINTS."""
        indices = NAMED_POINTS[self.source]
        return np.array([self.points[list(indices[name])].mean(axis=0) for name in names])

    @cached_property
    def pupil_distance(self) -> float:
        """The distance between the centers of the eyes, in pixels of the image."""
        right, left = self.named("eye_r", "eye_l")
        return float(np.hypot(*(left - right)))

    @property
    def face(self) -> Face:
        """The box around the points; its confidence is ``presence``."""
        return Face(*bounds(self.points), self.presence)


class Landmarker(Protocol):
    """Finds the landmarks of a face. A landmarker cannot be shared: make one in each thread and process."""

    source: LandmarkSource

    def locate(self, image: Image, face: Face) -> Landmarks:
        """The landmarks of a detected face."""

    def follow(self, image: Image, previous: Landmarks) -> Landmarks | None:
        """The landmarks in the next frame of a clip; None if this landmarker needs a new detection."""


class FaceMesh:
    """MediaPipe's face mesh (Kartynnik et al. 2019), run by OpenCV: 468 points from a crop of 192 x 192 pixels."""

    source: LandmarkSource = "mesh"

    def __init__(self, model: Path | None = None) -> None:
        path = MODELS["face-mesh"].check(model) if model else MODELS["face-mesh"].find()
        self._network = cv2.dnn.readNetFromTFLite(str(path))
        self._outputs = self._network.getUnconnectedOutLayersNames()

    def locate(self, image: Image, face: Face) -> Landmarks:
        """The landmarks of a detected face; they are found twice, so that the second crop is independent of the box."""
        first = self._in_crop(image, face, _roll(*face.points[:2]) if face.points else 0.0)
        return self.follow(image, first) if first.presence >= LEAST_PRESENCE else first

    def follow(self, image: Image, previous: Landmarks) -> Landmarks:
        """The landmarks in a crop around the previous landmarks, as in MediaPipe."""
        right, left = previous.points[OUTER_RIGHT], previous.points[OUTER_LEFT]
        return self._in_crop(image, previous.face, _roll(right, left))

    def _in_crop(self, image: Image, face: Face, roll: float) -> Landmarks:
        into = _crop_transform(face, roll)
        crop = moved_image(image, into, (MESH_SIDE, MESH_SIDE), cv2.INTER_LINEAR)
        self._network.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, swapRB=True))
        outputs = self._network.forward(self._outputs)
        flat = next(output for output in outputs if output.size == MESH_SIZE * 3)
        logit = float(next(output for output in outputs if output.size == 1).item())
        points = into.inverse(flat.reshape(MESH_SIZE, 3)[:, :2])
        return Landmarks(points, self.source, float(1 / (1 + np.exp(-logit))))


def _roll(right: Points | tuple[float, float], left: Points | tuple[float, float]) -> float:
    """The angle of the line between the eyes, in radians from x towards y."""
    return float(np.arctan2(left[1] - right[1], left[0] - right[0]))


def _crop_transform(face: Face, roll: float) -> Transform:
    """The map from the image into a square crop around a face, rotated back by ``roll`` radians."""
    scale = MESH_SIDE / (CROP_ENLARGEMENT * max(face.width, face.height, 1.0))
    turn = scale * np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    middle = (MESH_SIDE - 1) / 2
    return Transform.from_matrix(np.column_stack([turn, middle - turn @ np.array(face.center)]))


class FivePoints:
    """The five points of the detector: the fallback if the file of the face mesh is absent."""

    source: LandmarkSource = "five-points"

    def locate(self, image: Image, face: Face) -> Landmarks:
        """The five points of the detector; raises MerlabError if the detector gives only boxes."""
        if face.points is None:
            raise MerlabError(
                "this detector gives boxes without landmarks, and the face mesh is absent; "
                f"{MODELS['face-mesh'].remedy}"
            )
        return Landmarks(np.array(face.points, np.float64), self.source, min(max(face.confidence, 0.0), 1.0))

    def follow(self, image: Image, previous: Landmarks) -> None:
        """Always None: every frame needs a new detection."""
        return


LANDMARKERS: Mapping[LandmarkSource, type[FaceMesh] | type[FivePoints]] = {"mesh": FaceMesh, "five-points": FivePoints}


def find_landmarker(source: LandmarkSource | None = None) -> Landmarker:
    """The landmarker of this source; None chooses the mesh if its file is present, and the five points otherwise."""
    if source is None:
        source = "mesh" if MODELS["face-mesh"].present else "five-points"
    return LANDMARKERS[source]()


def fallback_warning(source: LandmarkSource) -> str | None:
    """The warning for a user whose landmarks are the five points; None for the mesh."""
    if source == "mesh":
        return None
    return (
        "the landmarks are the five points of the detector, because the face mesh is absent; they jitter by several "
        f"pixels and give no facial regions; {MODELS['face-mesh'].remedy}"
    )
