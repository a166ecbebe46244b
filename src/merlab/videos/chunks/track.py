"""A track: one face through successive frames, from where it is found to where it is lost or the chunk ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from merlab.faces.contours import CONTOUR_POINTS
from merlab.faces.detection import Face
from merlab.faces.geometry import Transform
from merlab.frames import Float32Array
from merlab.spotting.light import EVERY, Light
from merlab.spotting.motion import COLUMNS, ROWS, FaceMotion
from merlab.videos.chunks.faces_in_frame import FaceInFrame
from merlab.videos.chunks.kept_chunk import NO_CONTOURS, KeptContours, KeptTrack, contours_to_keep
from merlab.videos.chunks.mesh_facts import UNKNOWN, MeshFacts, MeshWatch

UNSEEN = (np.nan,) * 5
ALIGNED = ((np.nan,) * 3,) * 2


@dataclass(eq=False)
class Track:
    """The frames ``first``, ``first`` + 1, ... of one face, without a gap: where it is, and how it moves."""

    face_id: int
    first: int
    motion: FaceMotion
    watch: MeshWatch
    boxes: list[Face | None] = field(default_factory=list)
    places: list[Float32Array] = field(default_factory=list)
    transforms: list[Transform | None] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    mesh: list[MeshFacts] = field(default_factory=list)
    contours: list[KeptContours | None] = field(default_factory=list)
    light: Light = field(default_factory=Light)

    def add(self, face: FaceInFrame, shown: int) -> None:
        """The face in the next frame, whose picture is that of frame ``shown``; ``follow`` gets it next."""
        self.boxes.append(face.box)
        self.transforms.append(face.transform)
        self.shown.append(shown)

    def follow(self, face: FaceInFrame) -> None:
        """Follow the movement of the face into the next frame, and keep what its landmarks say."""
        picture = face.followed
        if len(self.places) % EVERY == 0:
            self.light += Light.of(picture)
        self.places.append(self.motion(picture))
        facts = self.watch(face.landmarks)
        self.mesh.append(UNKNOWN if face.box is None else facts)
        self.contours.append(_contours_in(face))

    def kept(self) -> KeptTrack:
        """The track without its last frames in which the face was not seen: it did not return."""
        count = len(self.boxes)
        while count and self.boxes[count - 1] is None:
            count -= 1
        boxes = [_numbers(box) for box in self.boxes[:count]]
        transforms = [transform.rows if transform else ALIGNED for transform in self.transforms[:count]]
        return KeptTrack(
            self.face_id,
            self.first,
            boxes=np.array(boxes, np.float64).reshape(count, 5),
            places=np.array(self.places[:count], np.float32).reshape(count, ROWS, COLUMNS, 2),
            transforms=np.array(transforms, np.float64).reshape(count, 2, 3),
            shown=np.array(self.shown[:count], np.int64),
            mesh=np.array(self.mesh[:count], np.float32).reshape(count, len(UNKNOWN)),
            contours=_contours(self.contours[:count]),
        )


def _contours_in(face: FaceInFrame) -> KeptContours | None:
    """Those of one frame; None where the face is not seen, and without a mesh."""
    landmarks, transform = face.landmarks, face.transform
    if face.box is None or landmarks is None or landmarks.source != "mesh" or transform is None:
        return None
    return contours_to_keep(transform(landmarks.points[list(CONTOUR_POINTS)]))


def _contours(seen: list[KeptContours | None]) -> KeptContours:
    """Those of all frames; none where the mesh is seen in no frame, as with aligned faces."""
    if not any(each is not None for each in seen):
        return np.zeros((0, 0, 2), np.int16)
    return np.stack([NO_CONTOURS if each is None else each for each in seen])


def _numbers(box: Face | None) -> tuple[float, ...]:
    return UNSEEN if box is None else (box.left, box.top, box.right, box.bottom, box.confidence)
