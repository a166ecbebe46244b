"""One face through the frames of a clip: chosen once, then followed."""

from __future__ import annotations

from dataclasses import dataclass

from merlab.faces.detection import Detector, Face, most_prominent
from merlab.faces.landmarks import LEAST_PRESENCE, Landmarker, Landmarks
from merlab.frames import Image

LEAST_OVERLAP = 0.1


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """The face of a clip in one frame.

    Attributes:
        face: its box: the detector's where the frame was searched, that of the landmarks where the face was followed.
        landmarks: in pixels of the frame.
        detected: whether the detector was asked (False: followed from the frame before).
        track: 0 from the start; one more whenever the face that is found does not overlap the last one known, so
            that it may be another person's or lie behind a cut.

    """

    face: Face
    landmarks: Landmarks
    detected: bool
    track: int

    @property
    def box(self) -> Face:
        """The face's box, by one rule in every frame: that of the landmarks, unless they are the detector's five."""
        return self.face if self.landmarks.source == "five-points" else self.landmarks.face


class FaceTracker:
    """Finds the face of a clip in one frame after the other.

    The first frame decides: the largest and most central face. After that the face is the one that overlaps the last
    one known. With the face mesh the next crop comes from the last landmarks, as MediaPipe does, and the detector runs
    again only when the network no longer sees a face there.
    """

    def __init__(self, detector: Detector, landmarker: Landmarker) -> None:
        self.detector = detector
        self.landmarker = landmarker
        self._following: Landmarks | None = None
        self._last: Face | None = None
        self._track = 0

    def find(self, image: Image) -> TrackedFace | None:
        """The face in the next frame, (H, W, 3) BGR; None where none is seen."""
        if self._following is not None:
            landmarks = self.landmarker.follow(image, self._following)
            if landmarks is not None and landmarks.presence >= LEAST_PRESENCE:
                return self._found(landmarks.face, landmarks, detected=False)
        for face in self._in_order(self.detector.detect(image), image):
            landmarks = self.landmarker.locate(image, face)
            if landmarks.presence >= LEAST_PRESENCE:
                return self._found(face, landmarks, detected=True)
        self._following = None
        return None

    def _in_order(self, faces: list[Face], image: Image) -> list[Face]:
        """The candidates: what overlaps the last face known, most first; then the rest, most prominent first."""
        ordered = most_prominent(faces, image.shape[1], image.shape[0])
        last = self._last
        if last is None:
            return ordered
        return sorted(ordered, key=lambda face: -face.overlap(last))

    def _found(self, face: Face, landmarks: Landmarks, *, detected: bool) -> TrackedFace:
        # Boxes of the detector and of the landmarks differ, so the overlap is taken between those of the landmarks.
        if self._last is not None and landmarks.face.overlap(self._last) < LEAST_OVERLAP:
            self._track += 1
        self._last, self._following = landmarks.face, landmarks
        return TrackedFace(face, landmarks, detected, self._track)
