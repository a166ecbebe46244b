"""Choose one face in the first frame of a clip, and follow it through the other frames."""

from __future__ import annotations

from dataclasses import dataclass

from merlab.faces.detection import Detector, Face, most_prominent
from merlab.faces.landmarks import LEAST_PRESENCE, Landmarker, Landmarks
from merlab.faces.shots import CutFinder
from merlab.frames import Image

LEAST_OVERLAP = 0.1


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """The face of a clip in one frame.

    Attributes:
        face: the box of the detector if the detector ran, or the box of the landmarks if the face was followed.
        landmarks: the landmarks, in pixels of the frame.
        detected: whether the detector ran (False: the face was followed from the previous frame).
        track: 0 at first; it increases by 1 after a cut, and whenever the face does not overlap the last known face,
            because it may then be another person.

    """

    face: Face
    landmarks: Landmarks
    detected: bool
    track: int

    @property
    def box(self) -> Face:
        """The box of the face, by the same rule in every frame: around the mesh, or, without a mesh, the detector's."""
        return self.face if self.landmarks.source == "five-points" else self.landmarks.face


class FaceTracker:
    """Finds the face of a clip frame by frame.

    In the first frame, it is the largest and most central face; later, the face that overlaps the last known face. With
    the face mesh, the crop for the next frame comes from the last landmarks, as in MediaPipe, and the detector runs
    again only after a cut, or if the network no longer finds a face there.
    """

    def __init__(self, detector: Detector, landmarker: Landmarker) -> None:
        self.detector = detector
        self.landmarker = landmarker
        self._following: Landmarks | None = None
        self._last: Face | None = None
        self._track = 0
        self._cuts = CutFinder()
        self._is_cut = False

    def find(self, image: Image) -> TrackedFace | None:
        """The face in the next frame, ``image`` (H, W, 3) BGR; None if no face is found."""
        if self._cuts.is_cut(image):
            self._is_cut, self._following = True, None
        if self._following is not None:
            landmarks = self.landmarker.follow(image, self._following)
            if landmarks is not None and landmarks.presence >= LEAST_PRESENCE:
                return self._accept(landmarks.face, landmarks, detected=False)
        for face in self._sorted(self.detector.detect(image), image):
            landmarks = self.landmarker.locate(image, face)
            if landmarks.presence >= LEAST_PRESENCE:
                return self._accept(face, landmarks, detected=True)
        self._following = None
        return None

    def _sorted(self, faces: list[Face], image: Image) -> list[Face]:
        """The faces by their overlap with the last known face, then by prominence; the best candidate comes first."""
        ordered = most_prominent(faces, image.shape[1], image.shape[0])
        last = self._last
        if last is None:
            return ordered
        return sorted(ordered, key=lambda face: -face.overlap(last))

    def _accept(self, face: Face, landmarks: Landmarks, *, detected: bool) -> TrackedFace:
        # The boxes of the detector and of the landmarks differ, so only boxes of landmarks are compared.
        if self._last is not None and (self._is_cut or landmarks.face.overlap(self._last) < LEAST_OVERLAP):
            self._track += 1
        self._is_cut = False
        self._last, self._following = landmarks.face, landmarks
        return TrackedFace(face, landmarks, detected, self._track)
