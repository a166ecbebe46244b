"""The faces in each frame: each as an aligned picture, with its place in the frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from merlab.faces.alignment import FaceAlignment, FaceFinding, align_gray, align_image
from merlab.faces.detection import Face
from merlab.faces.geometry import Transform, as_gray
from merlab.faces.landmarks import Landmarks
from merlab.faces.people import MOST_FACES, PeopleTracker, SeenFace
from merlab.faces.quality import ClipQuality
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Image
from merlab.videos.options import Options

# The confidence in a face that fills the frame by definition.
WHOLE = 1.0


@dataclass(frozen=True, eq=False)
class FaceInFrame:
    """One face in one frame.

    Attributes:
        face_id, track: as in SeenFace; pictures of one face and track can be compared with one another.
        frame: the frame, (H, W, 3) BGR.
        box: where it is in the frame; None where it is not seen for a moment.
        transform: from px of the frame to px of the layout; None where the frame is an aligned face.
        landmarks: its landmarks; None where it is not seen, and in aligned faces.
        gray: the frame in gray, (H, W); None where the frame is an aligned face.

    """

    face_id: int
    track: int
    frame: Image
    box: Face | None
    transform: Transform | None = None
    landmarks: Landmarks | None = None
    gray: Image | None = None

    @property
    def followed(self) -> Image:
        """The picture by which movements are followed: that of spotting in an aligned face, gray in another frame."""
        if self.transform is None or self.gray is None:
            return _resized(self.frame)
        return align_gray(self.gray, self.transform)


class FaceViewer(Protocol):
    """Finds the faces of successive frames, (H, W, 3) BGR, in two steps that different threads may do."""

    def find(self, frame: Image) -> list[SeenFace]:
        """Where the faces of the next frame are."""

    def align(self, frame: Image, found: Sequence[SeenFace]) -> list[FaceInFrame]:
        """The same faces with their maps to the layout; frames come in the same order."""

    def restart(self) -> None:
        """Time is missing before the next frame: every face starts a new track."""

    def qualities(self) -> list[tuple[int, ClipQuality]]:
        """The face_id of each track, and what its alignment measured."""

    @property
    def left_out(self) -> int:
        """The most faces that were seen at once beyond those that can be followed."""

    @property
    def networks(self) -> Mapping[str, object]:
        """What a checkpoint leaves out: the networks, which hold no state of the video."""


def open_viewer(options: Options, fps: float) -> FaceViewer:
    """The viewer of one chunk of a video."""
    return AlignedViewer() if options.aligned else FindingViewer(options.finding, fps, options.most_faces)


def on_layout(frame: Image, transform: Transform | None) -> Image:
    """The face in a frame on the layout, (282, 231, 3) BGR; without a ``transform`` the frame is an aligned face."""
    return _resized(frame) if transform is None else align_image(frame, transform)


def _resized(frame: Image) -> Image:
    """An aligned face at the layout's size."""
    if frame.shape[:2] == (LAYOUT_HEIGHT, LAYOUT_WIDTH):
        return frame
    resized = cv2.resize(frame, (LAYOUT_WIDTH, LAYOUT_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)


class AlignedViewer:
    """For frames that are aligned faces already."""

    left_out = 0
    networks: Mapping[str, object] = {}

    def __init__(self) -> None:
        self._track = 0

    def find(self, frame: Image) -> list[SeenFace]:
        """The one face."""
        return [SeenFace(0, self._track, None)]

    def align(self, frame: Image, found: Sequence[SeenFace]) -> list[FaceInFrame]:
        """The frame itself."""
        height, width = frame.shape[:2]
        return [FaceInFrame(seen.face_id, seen.track, frame, Face(0, 0, width, height, WHOLE)) for seen in found]

    def restart(self) -> None:
        """The face starts a new track."""
        self._track += 1

    def qualities(self) -> list[tuple[int, ClipQuality]]:
        """Empty, because the faces were aligned elsewhere."""
        return []


class FindingViewer:
    """Finds and follows faces, and removes the head's own movement from each."""

    def __init__(self, finding: FaceFinding, fps: float, most: int = MOST_FACES) -> None:
        tracker = finding.open()
        self._people = PeopleTracker(tracker.detector, tracker.landmarker, fps, most)
        self._alignments: dict[tuple[int, int], FaceAlignment] = {}

    def find(self, frame: Image) -> list[SeenFace]:
        """Every followed face in the next frame."""
        return self._people.find(frame)

    def align(self, frame: Image, found: Sequence[SeenFace]) -> list[FaceInFrame]:
        """The faces without the movement of the head."""
        faces, gray = [], as_gray(frame)
        for seen in found:
            key = seen.face_id, seen.track
            if key not in self._alignments:
                assert seen.tracked is not None, "a track begins where its face is seen"
                self._alignments[key] = FaceAlignment(frame, seen.tracked, "rigid")
            placed = self._alignments[key].place(frame, seen.tracked, gray)
            box = seen.tracked.box if seen.tracked else None
            landmarks = seen.tracked.landmarks if seen.tracked else None
            faces.append(FaceInFrame(*key, frame, box, placed.transform, landmarks, gray))
        return faces

    def restart(self) -> None:
        """Every face starts a new track, with an alignment of its own."""
        self._people.restart()

    def qualities(self) -> list[tuple[int, ClipQuality]]:
        """The face_id of each track, and what its alignment measured."""
        return [(face_id, alignment.quality) for (face_id, _), alignment in self._alignments.items()]

    @property
    def left_out(self) -> int:
        """The most faces that were seen at once beyond those that can be followed."""
        return self._people.left_out

    @property
    def networks(self) -> Mapping[str, object]:
        """Detector and landmarker."""
        return {"detector": self._people.detector, "landmarker": self._people.landmarker}
