"""From the frames of a clip to faces on the paper's layout: 231 x 282, eyes level at y 73, sub-pixel, reversible.

The layout is that of CASME II's own crops (see merlab.faces.regions), so that what is made from a camera's frames can
stand beside a database that comes cropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from merlab.errors import MerlabError
from merlab.faces.detection import make_detector
from merlab.faces.geometry import Transform, fit_similarity, moved_image
from merlab.faces.head_motion import HeadFit, displacement
from merlab.faces.landmarks import Landmarks, Source, find_landmarker
from merlab.faces.quality import ClipQuality
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, Region, regions_from_landmarks
from merlab.faces.tracking import FaceTracker, TrackedFace
from merlab.frames import Image

# onset: one transform for the whole clip, from its onset frame; the head's own movement stays in the faces.
# rigid: the head's movement since the onset is taken out, as found on skin that the muscles hardly move.
# landmarks: every frame by its own landmarks, whose jitter then moves the faces.
Motion = Literal["onset", "rigid", "landmarks"]
MOTIONS: tuple[Motion, ...] = get_args(Motion)

# Where the stable points lie on the layout: corners of the eyes and bridge of the nose, which muscles hardly move, and
# none of mouth, brows and chin. Eyes as in the mean layout of CASME II's crops, centers 61.5 px from the midline (115).
LAYOUT_POINTS: dict[Source, dict[str, tuple[float, float]]] = {
    "mesh": {
        "eye_outer_r": (26.5, 73.0),
        "eye_inner_r": (80.5, 74.0),
        "eye_inner_l": (149.5, 74.0),
        "eye_outer_l": (203.5, 73.0),
        "nose_bridge": (115.0, 76.0),
    },
    "five-points": {"eye_r": (53.5, 73.0), "eye_l": (176.5, 73.0)},
}


@dataclass(frozen=True)
class FaceFinding:
    """How faces are found; picklable, so that every process can open its own tracker.

    Attributes:
        detector: a name in DETECTORS.
        model, config: the files of ``opencv-ssd``.
        landmarks: ``mesh`` or ``five-points``; None takes the mesh where its file is present.

    """

    detector: str = "yunet"
    model: Path | None = None
    config: Path | None = None
    landmarks: Source | None = None

    def open(self) -> FaceTracker:
        """A tracker for one clip."""
        return FaceTracker(make_detector(self.detector, self.model, self.config), find_landmarker(self.landmarks))


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """One frame's face on the layout.

    Attributes:
        image: (282, 231, 3) uint8 BGR.
        transform: from pixels of the frame to pixels of the layout, as applied to the image.
        tracked: the face in the frame, None where none was seen (the transform is then the last one known).
        head_motion: how far the head has moved since the onset, mean over the face in px of the layout.

    """

    image: Image
    transform: Transform
    tracked: TrackedFace | None
    head_motion: float


def layout_transform(landmarks: Landmarks) -> Transform:
    """The similarity that brings the stable points of a face onto the layout."""
    goal = LAYOUT_POINTS[landmarks.source]
    return fit_similarity(landmarks.named(*goal), list(goal.values()))


def laid_out(image: Image, transform: Transform) -> Image:
    """The face of a frame on the layout, (282, 231, 3).

    Bicubic: on drifting still faces it leaves no more residual flow than Lanczos over 8 x 8 pixels, for a third of the
    time.
    """
    return moved_image(image, transform, (LAYOUT_WIDTH, LAYOUT_HEIGHT))


class FaceAlignment:
    """Brings one face, as something else finds it, onto the layout, one frame at a time and in their order.

    The ``onset`` frame, (H, W, 3) BGR, and the face ``found`` in it fix the layout; then ``place`` takes every frame,
    from whichever the clip starts with. Nothing but the last state is kept, so memory does not grow with the clip.
    """

    def __init__(self, onset: Image, found: TrackedFace, motion: Motion = "onset") -> None:
        if motion not in MOTIONS:
            raise MerlabError(f"unknown motion {motion!r}; it is one of {', '.join(MOTIONS)}")
        self.motion = motion
        self.onset = found
        self.transform = layout_transform(found.landmarks)
        self.quality = ClipQuality.of_onset(found, self.transform, onset.shape)
        self._fit = HeadFit(onset, self.transform)
        self._head = self._applied = self.transform

    @property
    def regions(self) -> dict[str, Region]:
        """The five regions of this clip's own face on the layout; the template where there are only five points."""
        landmarks = self.onset.landmarks
        if landmarks.source != "mesh":
            return dict(REGIONS)
        return regions_from_landmarks(self.transform(landmarks.points))

    def place(self, frame: Image, tracked: TrackedFace | None) -> AlignedFace:
        """The face of the next frame on the layout; ``tracked`` is where it was found there, None where it was not."""
        self._head = self._fit.fit(frame, self._head, self._by_landmarks(tracked.landmarks) if tracked else None)
        if self.motion == "rigid":
            self._applied = self._head
        elif self.motion == "landmarks" and tracked is not None:
            self._applied = layout_transform(tracked.landmarks)
        head_motion = displacement(self._head.after(self.transform.inverse))
        self.quality.add(tracked, head_motion)
        return AlignedFace(laid_out(frame, self._applied), self._applied, tracked, head_motion)

    def _by_landmarks(self, landmarks: Landmarks) -> Transform:
        """The map that brings the stable landmarks of a frame onto those of the onset."""
        names = tuple(LAYOUT_POINTS[landmarks.source])
        onset = self.transform(self.onset.landmarks.named(*names))
        return fit_similarity(landmarks.named(*names), onset)


class ClipAlignment(FaceAlignment):
    """The same for a clip of one face, which ``tracker`` finds in the onset frame and in each that follows."""

    def __init__(self, onset: Image, tracker: FaceTracker, motion: Motion = "onset") -> None:
        found = tracker.find(onset)
        if found is None:
            raise MerlabError(
                "no face is found in the onset frame; look at it: the face must be upright, lit, and larger than "
                "about a thirtieth of the frame"
            )
        super().__init__(onset, found, motion)
        self.tracker = tracker

    def align(self, frame: Image) -> AlignedFace:
        """The face of the next frame on the layout."""
        return self.place(frame, self.tracker.find(frame))
