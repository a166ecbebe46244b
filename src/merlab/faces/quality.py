"""Measure whether optical flow on a clip can be trusted, and warn if it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from merlab.faces.geometry import Transform
from merlab.faces.landmarks import five_points_warning
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.faces.tracking import TrackedFace
from merlab.spelling import counted, percent
from merlab.vocabulary import HeadMotion, LandmarkSource

# px of the layout; in a clear micro-expression, a lip corner moves by about 2 px.
LARGEST_HEAD_MOTION = 1.0
# px of the layout; above this, the head turns too far for a rigid movement of the image to describe it.
LARGEST_RIGID_MOTION = 8.0
# px of the frame. On the layout the pupils are 123 px apart: below half of that, most pixels of the aligned face come
# from interpolation.
LEAST_PUPIL_DISTANCE = 62.0
LEAST_COVERAGE = 0.98
# degrees of the line between the eyes from horizontal.
LARGEST_ROLL = 30.0
LEAST_FPS = 100.0
# A micro-expression lasts at most half a second (Yan et al. 2013), and its rise to the apex half of that.
RISE_SECONDS = 0.25


@dataclass
class ClipQuality:
    """Measurements from the alignment of a clip.

    Attributes:
        pupil_distance: distance between the centers of the eyes in the onset frame, px of the frame.
        coverage: share of the layout that is inside the frame, 0..1; below 1 the face is cut off.
        source: source of the landmarks, ``mesh`` or ``five-points``.
        frames: number of aligned frames.
        faces: number of frames in which the face was found.
        tracks: how often the tracker changed to another face, or to the same face at another place.
        head_motion: head motion since the onset in each frame, px of the layout.
        roll: how far the face is turned from upright in the onset frame, degrees, 0..180.

    """

    pupil_distance: float
    coverage: float
    source: LandmarkSource
    frames: int = 0
    faces: int = 0
    tracks: int = 0
    head_motion: list[float] = field(default_factory=list)
    roll: float = 0.0

    @classmethod
    def of_onset(cls, tracked: TrackedFace, transform: Transform, shape: Sequence[int]) -> ClipQuality:
        """The measurements of the onset frame, whose ``shape`` is (H, W, 3)."""
        marks = tracked.landmarks
        return cls(marks.pupil_distance, layout_coverage(transform, shape), marks.source, roll=abs(marks.roll))

    def add(self, tracked: TrackedFace | None, head_motion: float) -> None:
        """Add the measurements of one aligned frame."""
        self.frames += 1
        self.faces += tracked is not None
        self.tracks = max(self.tracks, tracked.track if tracked else 0)
        self.head_motion.append(head_motion)

    @property
    def largest_head_motion(self) -> float:
        """The 95th percentile of the head motion over the frames, px of the layout; 0 before the first frame."""
        return float(np.percentile(self.head_motion, 95)) if self.head_motion else 0.0

    def warnings(self, motion: HeadMotion) -> list[str]:
        """What a user of the aligned faces must know; ``motion`` is how the alignment treated the head's movement."""
        moved, limit = self.largest_head_motion, LARGEST_RIGID_MOTION if motion == "rigid" else LARGEST_HEAD_MOTION
        remedy = "" if motion == "rigid" else "; remove it with --motion rigid"
        texts = [
            (
                moved > limit,
                f"the head moves by {moved:.1f} px of the layout, as much as an expression or more, so the flow will "
                f"show the movement of the head{remedy}",
            ),
            (
                self.pupil_distance < LEAST_PUPIL_DISTANCE,
                f"the face is small: {self.pupil_distance:.0f} px between the pupils, but 123 px on the layout; the "
                "frames cannot show a movement of one pixel of the layout",
            ),
            (
                self.coverage < LEAST_COVERAGE,
                f"the face is cut off: {percent(1 - self.coverage)} % of the layout is outside the frame",
            ),
            (
                self.roll > LARGEST_ROLL,
                f"the face is turned by {self.roll:.0f} degrees from upright: turn the video; such faces are "
                "found less surely, and recognition names no class for them",
            ),
            (
                self.faces < self.frames,
                f"no face is seen in {self.frames - self.faces} of {self.frames} frames; these frames are cropped at "
                "the last known position",
            ),
            (
                self.tracks > 0,
                f"the face jumps {counted(self.tracks, 'time')}: the clip has cuts or shows several people; give a "
                "clip of one person without cuts",
            ),
        ]
        five_points = five_points_warning(self.source)
        return [text for holds, text in texts if holds] + ([five_points] if five_points else [])


def frame_rate_warnings(fps: float | None) -> list[str]:
    """Warnings about an unknown or low frame rate."""
    if fps is None:
        return ["the frame rate is not known, so durations cannot be computed; give the frame rate"]
    if fps < LEAST_FPS:
        return [
            f"{fps:g} frames per second are few: the rise of a micro-expression takes at most {RISE_SECONDS:g} s, "
            f"{RISE_SECONDS * fps:.0f} frames or less, so the apex may fall between two frames; databases have 100 to "
            "200 frames per second"
        ]
    return []


def layout_coverage(transform: Transform, shape: Sequence[int]) -> float:
    """The share of the layout that is inside a frame of ``shape`` (H, W, ...), 0..1."""
    x, y = np.meshgrid(np.arange(LAYOUT_WIDTH), np.arange(LAYOUT_HEIGHT))
    places = transform.inverse(np.column_stack([x.ravel(), y.ravel()]))
    inside = (places >= -0.5) & (places <= np.array([shape[1], shape[0]]) - 0.5)
    return float(inside.all(axis=1).mean())
