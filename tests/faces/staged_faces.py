"""A stage for several faces: each is a texture of its own, and detector and landmarker find those that are shown.

Like the mesh, the landmarker follows a face to the nearest one that is shown: that is the one in front, where one hides
another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from merlab.faces.detection import Face
from merlab.faces.landmarks import Landmarks
from merlab.faces.people import PeopleTracker
from merlab.frames import Image
from merlab.vocabulary import LandmarkSource
from tests.helpers import texture

FPS = 50.0
WIDTH, HEIGHT = 100, 120
# A landmarker finds a face whose center is at most this far from the last one, px.
REACH = 60
# Two faces that are closer than this hide one another, px.
HIDES = 45

# Name and center (x, y) of each face, the one behind first.
Places = Sequence[tuple[str, float, float]]


@cache
def painted(name: str) -> Image:
    """The face of this name, with structures as large as those of a face."""
    coarse = 128 + 0.4 * (texture(sum(name.encode()), HEIGHT // 10, WIDTH // 10) - 128)
    return np.repeat(np.kron(coarse, np.ones((10, 10)))[..., None], 3, axis=2).astype(np.uint8)


@cache
def wall() -> Image:
    """What is behind the faces, (360, 640, 3): of strong contrast, so that a face that moves is not a cut."""
    squares = np.where(texture(7, 9, 16) > 128, 255, 0)
    return np.repeat(np.kron(squares, np.ones((40, 40)))[..., None], 3, axis=2).astype(np.uint8)


def box_at(x: float, y: float) -> Face:
    return Face(x - WIDTH / 2, y - HEIGHT / 2, x + WIDTH / 2, y + HEIGHT / 2, 0.9)


def marks(face: Face) -> Landmarks:
    """The five points of a face; the last two are corners of its box."""
    (x, y), eye = face.center, 0.27 * face.width
    points = [(x - eye, y - 20), (x + eye, y - 20), (x, y), (face.left, face.top), (face.right, face.bottom)]
    return Landmarks(np.array(points, np.float64), "five-points", 1.0)


@dataclass
class Stage:
    """Detector and landmarker of what is shown: the ``places`` of the current frame."""

    places: Places = ()
    source: LandmarkSource = "mesh"

    def picture(self) -> Image:
        image = wall().copy()
        for name, x, y in self.places:
            left, top = round(x - WIDTH / 2), round(y - HEIGHT / 2)
            inside = image[max(top, 0) : top + HEIGHT, max(left, 0) : left + WIDTH]
            inside[:] = painted(name)[max(-top, 0) :, max(-left, 0) :][: len(inside), : inside.shape[1]]
        return image

    def shown(self) -> list[tuple[str, Face]]:
        """The faces that no other one hides."""
        faces = [(name, box_at(x, y)) for name, x, y in self.places]
        return [
            (name, face)
            for at, (name, face) in enumerate(faces)
            if all(math.dist(face.center, other.center) > HIDES for _, other in faces[at + 1 :])
        ]

    def detect(self, image: Image) -> list[Face]:
        return [face for _, face in self.shown()]

    def locate(self, image: Image, face: Face) -> Landmarks:
        return marks(face)

    def follow(self, image: Image, previous: Landmarks) -> Landmarks | None:
        near = [face for _, face in self.shown() if math.dist(face.center, previous.face.center) < REACH]
        return marks(min(near, key=lambda face: math.dist(face.center, previous.face.center))) if near else None


def seen_on(stage: Stage, frames: Sequence[Places], people: PeopleTracker | None = None) -> list[dict[str, str]]:
    """For each frame, the face_id and track of the faces that are seen, by their names."""
    people = people or PeopleTracker(stage, stage, FPS)
    found = []
    for places in frames:
        stage.places = places
        names = {face.center: name for name, face in stage.shown()}
        found.append(
            {
                names[seen.tracked.box.center]: f"{seen.face_id}.{seen.track}"
                for seen in people.find(stage.picture())
                if seen.tracked is not None
            }
        )
    return found
