"""Figures of a clip that decide whether optical flow on it can be trusted, and the warnings they give rise to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from merlab.faces.geometry import Transform
from merlab.faces.landmarks import Source, fallback_warning
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.faces.tracking import TrackedFace

# px of the layout; a lip corner moves by about 2 at a clear micro-expression.
SPOILING_HEAD_MOTION = 1.0
# px of the layout; beyond, the head turns so far that a rigid movement of the image no longer describes it.
SPOILING_RIGID_MOTION = 8.0
# px of the frame between the pupils. On the layout they lie 123 apart: below half of that, flow looks at pixels that
# interpolation made up.
LEAST_PUPIL_DISTANCE = 62.0
LEAST_COVERAGE = 0.98
LEAST_FPS = 100.0
# A micro-expression lasts half a second at most (Yan et al. 2013), and its rise to the apex half of that.
RISE_SECONDS = 0.25
UNEVEN_INTERVALS, MOST_UNEVEN = 0.1, 0.01


@dataclass
class ClipQuality:
    """What the alignment of a clip measured.

    Attributes:
        pupil_distance: between the centers of the eyes in the onset frame, px of the frame.
        coverage: share of the layout that lies inside the frame, 0..1; below 1 the face is cut off.
        source: where the landmarks come from, ``mesh`` or ``five-points``.
        frames: how many frames were aligned.
        faces: in how many of them the face was seen.
        tracks: how often another face, or the same one elsewhere, had to be taken.
        head_motion: of each frame, px of the layout since the onset.

    """

    pupil_distance: float
    coverage: float
    source: Source
    frames: int = 0
    faces: int = 0
    tracks: int = 0
    head_motion: list[float] = field(default_factory=list)

    @classmethod
    def of_onset(cls, tracked: TrackedFace, transform: Transform, shape: Sequence[int]) -> ClipQuality:
        """The figures of the onset frame, whose ``shape`` is (H, W, 3)."""
        return cls(tracked.landmarks.pupil_distance, _coverage(transform, shape), tracked.landmarks.source)

    def add(self, tracked: TrackedFace | None, head_motion: float) -> None:
        """Count one aligned frame."""
        self.frames += 1
        self.faces += tracked is not None
        self.tracks = max(self.tracks, tracked.track if tracked else 0)
        self.head_motion.append(head_motion)

    @property
    def largest_head_motion(self) -> float:
        """The 95th percentile over the frames, px of the layout; 0 before the first frame."""
        return float(np.percentile(self.head_motion, 95)) if self.head_motion else 0.0

    def warnings(self, motion: str) -> list[str]:
        """What a user of the faces must know, given how the head's movement was treated."""
        moved, limit = self.largest_head_motion, SPOILING_RIGID_MOTION if motion == "rigid" else SPOILING_HEAD_MOTION
        remedy = "" if motion == "rigid" else "; take it out with --motion rigid"
        texts = [
            (
                moved > limit,
                f"the head moves by {moved:.1f} px of the layout, as much as an expression or more: flow will show the "
                f"head{remedy}",
            ),
            (
                self.pupil_distance < LEAST_PUPIL_DISTANCE,
                f"the face is small: {self.pupil_distance:.0f} px between the pupils, which are 123 px apart on the "
                "layout; movements of a pixel there are not in the frames",
            ),
            (
                self.coverage < LEAST_COVERAGE,
                f"the face is cut off: {100 * (1 - self.coverage):.0f} % of the layout lie outside the frame",
            ),
            (
                self.faces < self.frames,
                f"no face is seen in {self.frames - self.faces} of {self.frames} frames; they are cut where the last "
                "one was seen",
            ),
            (
                self.tracks > 0,
                f"the face jumps {self.tracks} time(s): a cut, or several people; give a clip of one person",
            ),
        ]
        fallback = fallback_warning(self.source)
        return [text for holds, text in texts if holds] + ([fallback] if fallback else [])


def frame_rate_warnings(fps: float | None, times: Sequence[float] | None = None) -> list[str]:
    """What must be said about a frame rate, and about frames at ``times`` (seconds) that are not evenly spaced."""
    texts = []
    if fps is None:
        texts.append("the frame rate is not known, so durations cannot be told; state it")
    elif fps < LEAST_FPS:
        texts.append(
            f"{fps:g} frames a second are few: the rise of a micro-expression, {RISE_SECONDS:g} s at most, is "
            f"{RISE_SECONDS * fps:.0f} frames or less, so its apex may fall between two; databases have 100 to 200"
        )
    share = uneven_share(times) if times is not None else 0.0
    if share > MOST_UNEVEN:
        texts.append(
            f"the frame rate varies: {100 * share:.0f} % of the intervals between frames differ from the usual one by "
            "more than a tenth, so speeds and durations counted in frames are wrong; record at a constant rate"
        )
    return texts


def uneven_share(times: Sequence[float]) -> float:
    """Which share of the intervals between ``times`` (seconds) differs from the usual one by more than a tenth."""
    if len(times) < 3:
        return 0.0
    steps = np.diff(np.asarray(times, np.float64))
    usual = float(np.median(steps))
    return float(np.mean(np.abs(steps - usual) > UNEVEN_INTERVALS * usual))


def _coverage(transform: Transform, shape: Sequence[int]) -> float:
    """Share of the layout that lies inside a frame of ``shape`` (H, W, ...)."""
    x, y = np.meshgrid(np.arange(LAYOUT_WIDTH), np.arange(LAYOUT_HEIGHT))
    places = transform.inverse(np.column_stack([x.ravel(), y.ravel()]))
    inside = (places >= -0.5) & (places <= np.array([shape[1], shape[0]]) - 0.5)
    return float(inside.all(axis=1).mean())
