"""Align the faces of a clip to the paper's layout: 231 x 282 px, with the eyes on a horizontal line at y 73.

The layout is that of CASME II's own crops (see merlab.faces.regions), so that faces from camera frames can be used
together with databases of cropped faces. Faces are aligned with sub-pixel accuracy. The transform of every frame is
kept, so that the alignment can be reversed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2

from merlab.errors import MerlabError
from merlab.faces.detection import DETECTORS, make_detector
from merlab.faces.geometry import Transform, as_gray, fit_similarity, moved_image
from merlab.faces.head_motion import HeadFit, displacement
from merlab.faces.landmarks import LANDMARKERS, Landmarks, find_landmarker
from merlab.faces.quality import ClipQuality
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, Region, regions_from_landmarks
from merlab.faces.tracking import FaceTracker, TrackedFace
from merlab.frames import Image
from merlab.given import as_path, naming_fields
from merlab.registry import look_up
from merlab.stamps import FIVE_POINTS
from merlab.vocabulary import HEAD_MOTIONS, DetectorName, HeadMotion, LandmarkSource

# Positions of the stable points on the layout: corners of the eyes and bridge of the nose, which muscles hardly move;
# no points of mouth, brows and chin. The eyes are at the mean position of CASME II's crops: their centers are 61.5 px
# from the midline (x 115).
LAYOUT_POINTS: dict[LandmarkSource, dict[str, tuple[float, float]]] = {
    "mesh": {
        "eye_outer_r": (26.5, 73.0),
        "eye_inner_r": (80.5, 74.0),
        "eye_inner_l": (149.5, 74.0),
        "eye_outer_l": (203.5, 73.0),
        "nose_bridge": (115.0, 76.0),
    },
    "five-points": {"eye_r": (53.5, 73.0), "eye_l": (176.5, 73.0)},
}


@naming_fields(module=__name__)
@dataclass(frozen=True)
class FaceFinding:
    """Settings of the face tracker; they can be pickled, so that every process can open its own tracker.

    Raises MerlabError for a detector or landmarks that do not exist, and for a file that is not a path.

    Attributes:
        detector: a key of DETECTORS.
        model, config: the files of ``opencv-ssd``, also as text.
        landmarks: ``mesh``, or the less exact ``five-points``, which need no file of ``merlab models get``.

    """

    detector: DetectorName = "yunet"
    model: Path | None = None
    config: Path | None = None
    landmarks: LandmarkSource = "mesh"

    def __post_init__(self) -> None:
        look_up(self.detector, DETECTORS, "detector")
        look_up(self.landmarks, LANDMARKERS, "landmark source")
        for name in ("model", "config"):
            if (file := getattr(self, name)) is not None:
                object.__setattr__(self, name, as_path(file, name))

    @property
    def stamps(self) -> tuple[str, ...]:
        """The stamps of everything that is made from the faces found."""
        return (FIVE_POINTS,) if self.landmarks == "five-points" else ()

    def open(self) -> FaceTracker:
        """A new tracker for one clip; raises MerlabError if a model file is not on this machine."""
        return FaceTracker(make_detector(self.detector, self.model, self.config), find_landmarker(self.landmarks))


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """The face of one frame on the layout.

    Attributes:
        frame: the frame, (H, W, 3) uint8 BGR.
        transform: the map from pixels of the frame to pixels of the layout that gives the image.
        tracked: the face in the frame; None if no face was found (the transform is then the last known one).
        head_motion: movement of the head since the onset, averaged over the face, px of the layout.

    """

    frame: Image
    transform: Transform
    tracked: TrackedFace | None
    head_motion: float

    @cached_property
    def image(self) -> Image:
        """The aligned face, (282, 231, 3) uint8 BGR."""
        return align_image(self.frame, self.transform)


def layout_transform(landmarks: Landmarks) -> Transform:
    """The similarity transform that maps the stable points of a face to their positions on the layout."""
    goal = LAYOUT_POINTS[landmarks.source]
    return fit_similarity(landmarks.named(*goal), list(goal.values()))


def align_image(image: Image, transform: Transform) -> Image:
    """The face of a frame on the layout, (282, 231, 3).

    The interpolation is bicubic: on still faces of drifting heads it leaves no more residual flow than Lanczos over
    8 x 8 pixels, in a third of the time.
    """
    return moved_image(image, transform, (LAYOUT_WIDTH, LAYOUT_HEIGHT))


def align_gray(image: Image, transform: Transform) -> Image:
    """The same in gray, (282, 231), which is enough to follow movements; the image may be gray already.

    The interpolation is bilinear: movements are followed at half of that size, where the noise of both is the same
    (0.041 and 0.042 px on a synthetic recording with the noise of a camera), in a tenth of the time.
    """
    return moved_image(as_gray(image), transform, (LAYOUT_WIDTH, LAYOUT_HEIGHT), cv2.INTER_LINEAR)


class FaceAlignment:
    """Aligns one face to the layout, frame by frame in their order; the caller finds the face in each frame.

    The ``onset`` frame, (H, W, 3) BGR, and the face ``found`` in it define the alignment. Then ``place`` aligns every
    frame of the clip, from its first frame on. Only the last state is kept, so memory does not grow with the clip.
    """

    def __init__(self, onset: Image, found: TrackedFace, motion: HeadMotion) -> None:
        look_up(motion, dict.fromkeys(HEAD_MOTIONS), "motion")
        self.motion = motion
        self.onset = found
        self.transform = layout_transform(found.landmarks)
        self.quality = ClipQuality.of_onset(found, self.transform, onset.shape)
        self._fit = HeadFit(onset, self.transform)
        self._head = self._applied = self.transform
        self._stable = tuple(LAYOUT_POINTS[found.landmarks.source])
        self._goal = self.transform(found.landmarks.named(*self._stable))

    @property
    def regions(self) -> dict[str, Region]:
        """The five regions of this face on the layout; those of the template if there are only five landmarks."""
        landmarks = self.onset.landmarks
        if landmarks.source != "mesh":
            return dict(REGIONS)
        return regions_from_landmarks(self.transform(landmarks.points))

    def place(self, frame: Image, tracked: TrackedFace | None, gray: Image | None = None) -> AlignedFace:
        """Align the next frame; ``tracked`` is the face in this frame, None if it was not found.

        ``gray`` is the same frame (H, W), for a caller who has it already.
        """
        start = self._by_landmarks(tracked.landmarks) if tracked else None
        self._head = self._fit.fit(frame if gray is None else gray, self._head, start)
        if self.motion == "rigid":
            self._applied = self._head
        elif self.motion == "landmarks" and tracked is not None:
            self._applied = layout_transform(tracked.landmarks)
        head_motion = displacement(self._head.after(self.transform.inverse))
        self.quality.add(tracked, head_motion)
        return AlignedFace(frame, self._applied, tracked, head_motion)

    def _by_landmarks(self, landmarks: Landmarks) -> Transform:
        """The map of the stable landmarks of a frame to those of the onset frame on the layout."""
        return fit_similarity(landmarks.named(*self._stable), self._goal)


class ClipAlignment(FaceAlignment):
    """Aligns the face of a clip of one person; ``tracker`` finds the face in the onset frame and in each frame."""

    def __init__(self, onset: Image, tracker: FaceTracker, motion: HeadMotion = "onset") -> None:
        found = tracker.find(onset)
        if found is None:
            raise MerlabError(
                "no face is found in the onset frame; check this frame: the face must be upright, well lit, and larger "
                "than about 1/30 of the frame"
            )
        super().__init__(onset, found, motion)
        self.tracker = tracker

    def align(self, frame: Image) -> AlignedFace:
        """Find and align the face of the next frame."""
        return self.place(frame, self.tracker.find(frame))
