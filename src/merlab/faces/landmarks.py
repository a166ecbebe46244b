"""Landmarks of a face: the 468 points of MediaPipe's face mesh, or, on request, the five points of a face detector."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.faces.detection import Face, YuNet
from merlab.faces.geometry import Points, Transform, bounding_box, moved_image
from merlab.faces.mesh_network import MESH_SIDE, MeshNetwork, load_fastest
from merlab.faces.model_files import MODELS
from merlab.frames import Image
from merlab.registry import look_up
from merlab.vocabulary import LandmarkSource

# As in MediaPipe's face_landmark graphs: the square crop is 1.5 times as large as the face, and it is rotated so that
# the line from the outer corner of the right eye (point 33) to that of the left eye (point 263) is horizontal.
CROP_ENLARGEMENT = 1.5
OUTER_RIGHT, OUTER_LEFT = 33, 263
LEAST_PRESENCE = 0.5
# How much larger the odds of a face must be in a crop turned by half a circle, for the face to be upside down.
CLEAR_ODDS = 20.0

# Side of the crop in which YuNet finds the five points; the face has 256 px there. YuNet's points of a face that is
# smaller than about 200 px hardly turn with the face: their eye line has half to a tenth of its roll.
FIVE_SIDE = 384
FIVE_CONFIDENCE, FIVE_OVERLAP = 0.3, 0.5
# How much surer YuNet must be in a crop turned by half a circle, for the face to be upside down.
CLEARLY_SURER = 0.01
# The points of a mirrored face: right and left change places.
MIRRORED = [1, 0, 2, 4, 3]

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
        "nose_bridge": (6, 168, 197),
        "nose_tip": (1,),
        "subnasal": (2,),
        "mouth_corner_r": (61,),
        "mouth_corner_l": (291,),
    },
    "five-points": {
        "eye_r": (0,),
        "eye_l": (1,),
        "nose_tip": (2,),
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
        upside_down: whether they were placed as on an upright face, but the face is upside down.

    """

    points: Points
    source: LandmarkSource
    presence: float
    upside_down: bool = False

    def named(self, *names: str) -> Points:
        """The points with these names, (N, 2); the names are the keys of NAMED_POINTS."""
        indices, shares = _shares(self.source, names)
        return np.asarray(shares @ self.points[indices])

    @cached_property
    def pupil_distance(self) -> float:
        """The distance between the centers of the eyes, in pixels of the image."""
        right, left = self.named("eye_r", "eye_l")
        return float(np.hypot(*(left - right)))

    @cached_property
    def roll(self) -> float:
        """How far the face is turned from x towards y, degrees from -180 to 180; 0 in an upright face.

        It is the turn of the line between the eyes.
        """
        right, left = self.named("eye_r", "eye_l")
        roll = math.degrees(math.atan2(left[1] - right[1], left[0] - right[0]))
        return roll - math.copysign(180, roll) if self.upside_down else roll

    @cached_property
    def face(self) -> Face:
        """The box around the points; its confidence is ``presence``."""
        return Face(*bounding_box(self.points), self.presence)


@cache
def _shares(source: LandmarkSource, names: tuple[str, ...]) -> tuple[list[int], NDArray[np.float64]]:
    """The indices of all points that the names need, and the share of each in each name, (names, points)."""
    of_name = [NAMED_POINTS[source][name] for name in names]
    indices = [index for each in of_name for index in each]
    shares = np.zeros((len(names), len(indices)))
    begin = 0
    for row, each in zip(shares, of_name, strict=True):
        row[begin : begin + len(each)] = 1 / len(each)
        begin += len(each)
    return indices, shares


class Landmarker(Protocol):
    """Finds the landmarks of a face. A landmarker cannot be shared: make one in each thread and process."""

    source: LandmarkSource

    def locate(self, image: Image, face: Face) -> Landmarks:
        """The landmarks of a detected face."""

    def follow(self, image: Image, previous: Landmarks) -> Landmarks | None:
        """The landmarks in the next frame of a clip; None if this landmarker needs a new detection."""


class FaceMesh:
    """MediaPipe's face mesh (Kartynnik et al. 2019): 468 points from a crop of 192 x 192 pixels.

    ``load`` chooses the runtime of the network, see mesh_network.
    """

    source: LandmarkSource = "mesh"

    def __init__(self, model: Path | None = None, load: Callable[[Path], MeshNetwork] = load_fastest) -> None:
        path = MODELS["face-mesh"].check(model) if model else _installed_mesh()
        self._network = load(path)

    def locate(self, image: Image, face: Face) -> Landmarks:
        """The landmarks of a detected face; they are found twice, so that the second crop is independent of the box."""
        first = self._in_crop(image, face, _roll(*face.points[:2]) if face.points else 0.0)
        if first.presence < LEAST_PRESENCE:
            return first
        found = self.follow(image, first)
        return replace(found, upside_down=self._is_upside_down(image, found))

    def follow(self, image: Image, previous: Landmarks) -> Landmarks:
        """The landmarks in a crop around the previous landmarks, as in MediaPipe."""
        right, left = previous.points[OUTER_RIGHT], previous.points[OUTER_LEFT]
        found = self._in_crop(image, previous.face, _roll(right, left))
        return replace(found, upside_down=True) if previous.upside_down else found

    def _is_upside_down(self, image: Image, found: Landmarks) -> bool:
        """Whether the network is clearly surer of a face in the crop turned by half a circle.

        Detector and network place the points of a face that is upside down as on an upright one, sure of both. On 24
        synthetic heads, tilted, small or blurred, the logit of the right way is always larger, by 7 or more.
        """
        right, left = found.points[OUTER_RIGHT], found.points[OUTER_LEFT]
        turned = self._in_crop(image, found.face, _roll(right, left) + math.pi).presence
        return turned * (1 - found.presence) > CLEAR_ODDS * found.presence * (1 - turned)

    def _in_crop(self, image: Image, face: Face, roll: float) -> Landmarks:
        crop, into = _crop(image, face, MESH_SIDE, roll)
        points, logit = self._network(crop)
        return Landmarks(into.inverse(points[:, :2]), self.source, float(1 / (1 + np.exp(-logit))))


def _installed_mesh() -> Path:
    """The file of the face mesh; raises MerlabError, with the one command that gets it, if it is missing."""
    model = MODELS["face-mesh"]
    if not model.present:
        raise MerlabError(
            "the face mesh, by which faces are aligned, is not on this machine; run `merlab models get` once, or "
            "choose the less exact alignment by five points: --landmarks five-points, in Python "
            "FaceFinding(landmarks='five-points')"
        )
    return model.find()


def _roll(right: Points | tuple[float, float], left: Points | tuple[float, float]) -> float:
    """The angle of the line between the eyes, in radians from x towards y."""
    return float(np.arctan2(left[1] - right[1], left[0] - right[0]))


def _crop(image: Image, face: Face, side: int, roll: float) -> tuple[Image, Transform]:
    """The crop of ``side`` px around a face, rotated back by ``roll`` radians, and the map into it."""
    scale = side / (CROP_ENLARGEMENT * max(face.width, face.height, 1.0))
    turn = scale * np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    middle = (side - 1) / 2
    into = Transform.from_matrix(np.column_stack([turn, middle - turn @ np.array(face.center)]))
    return moved_image(image, into, (side, side), cv2.INTER_LINEAR), into


class FivePoints:
    """Five points of YuNet, a less exact choice for machines without the file of the face mesh.

    YuNet's points in the whole frame tilt faces: on 16 synthetic faces at rolls of up to 16 degrees, the line between
    the eyes has a bias of +2 degrees and follows half of the roll, so it is wrong by up to 12 degrees. Here YuNet runs
    on an enlarged crop of the face and on the mirror image of the crop, and the points are averaged. This is done
    twice, the second time in a crop that is rotated back by the roll found first. On the same faces the eye line has a
    bias of less than 0.4 degrees, a standard deviation of 0.9, and is wrong by at most 3.
    """

    source: LandmarkSource = "five-points"

    def __init__(self) -> None:
        self._yunet = YuNet(sides=(FIVE_SIDE,), confidence=FIVE_CONFIDENCE)

    def locate(self, image: Image, face: Face) -> Landmarks:
        """The five points of a detected face; their presence is 0 if YuNet does not find them in every crop."""
        first = self._in_crop(image, face, 0.0)
        roll = _roll(*first[0][:2]) if first else 0.0
        found = self._in_crop(image, face, roll) if first else None
        if found is None:
            return Landmarks(np.tile(face.center, (5, 1)), self.source, 0.0)
        points, confidence = found
        presence = min(max(face.confidence, 0.0), 1.0)
        return Landmarks(points, self.source, presence, self._is_upside_down(image, face, roll, confidence))

    def _is_upside_down(self, image: Image, face: Face, roll: float, confidence: float) -> bool:
        """Whether YuNet is clearly surer of a face in the crop turned by half a circle.

        It places the points of a face that is upside down as on an upright one. On 20 synthetic heads and 2 people,
        tilted, small, dark, blurred or noisy, its confidence in the right way is always larger, by .027 or more.
        """
        turned = self._found(_crop(image, face, FIVE_SIDE, roll + math.pi)[0])
        return turned is not None and turned.confidence > confidence + CLEARLY_SURER

    def _in_crop(self, image: Image, face: Face, roll: float) -> tuple[Points, float] | None:
        """The mean points of a crop and of its mirror image, (5, 2) px of the image, and the confidence in the crop.

        None if one shows no face.
        """
        crop, into = _crop(image, face, FIVE_SIDE, roll)
        as_is, mirrored = self._found(crop), self._found(np.ascontiguousarray(crop[:, ::-1]))
        if as_is is None or mirrored is None:
            return None
        back = np.array(mirrored.points)[MIRRORED] * [-1, 1] + [FIVE_SIDE - 1, 0]
        return into.inverse((np.array(as_is.points) + back) / 2), as_is.confidence

    def _found(self, crop: Image) -> Face | None:
        """The face that fills the middle of a crop, px of the crop."""
        margin = FIVE_SIDE * (1 - 1 / CROP_ENLARGEMENT) / 2
        middle = Face(margin, margin, FIVE_SIDE - margin, FIVE_SIDE - margin, 1.0)
        found = max(self._yunet.detect(crop), key=middle.overlap, default=None)
        if found is None or found.points is None or found.overlap(middle) < FIVE_OVERLAP:
            return None
        return found

    def follow(self, image: Image, previous: Landmarks) -> None:
        """Always None: every frame needs a new detection."""
        return


LANDMARKERS: Mapping[LandmarkSource, type[FaceMesh] | type[FivePoints]] = {"mesh": FaceMesh, "five-points": FivePoints}


def find_landmarker(source: LandmarkSource = "mesh") -> Landmarker:
    """The landmarker of this source; raises MerlabError if its model file is not on this machine."""
    return look_up(source, LANDMARKERS, "landmark source")()


def five_points_warning(source: LandmarkSource) -> str | None:
    """The warning for a user whose landmarks are the five points; None for the mesh."""
    if source == "mesh":
        return None
    return (
        "aligned by five points, as --landmarks five-points requests, instead of the face mesh: the face may be tilted "
        "by up to 3 degrees; the points jitter by several pixels and give no facial regions; "
        f"{MODELS['face-mesh'].remedy}"
    )
