"""What the landmarks of a face say in each frame about its pose, its size, and whether something may cover it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from merlab.faces.alignment import layout_transform
from merlab.faces.geometry import Points, fit_similarity
from merlab.faces.head_pose import head_pose
from merlab.faces.landmarks import Landmarks

# The shape that a face is compared with is its mean over about this time before, s.
TEMPLATE_SECONDS = 1.0


class MeshFacts(NamedTuple):
    """The landmarks of one face in one frame; NaN where they do not tell.

    Attributes:
        roll: how far the line between the eyes is turned from x towards y, degrees; 0 in an upright face.
        pupils: the distance between the centers of the eyes, px of the frame.
        nose_x, nose_y: the tip of the nose when the eyes are at their place on the layout, px of the layout.
        misfit: root mean square distance of the mesh from the face's own shape of about the last second, after the
            best similarity, px of the layout; NaN for five points, and in the first frame.
        pose_pitch, pose_yaw, pose_roll: as in HeadPose; NaN for five points.

    """

    roll: float = np.nan
    pupils: float = np.nan
    nose_x: float = np.nan
    nose_y: float = np.nan
    misfit: float = np.nan
    pose_pitch: float = np.nan
    pose_yaw: float = np.nan
    pose_roll: float = np.nan


UNKNOWN = MeshFacts()


class MeshWatch:
    """Compares the mesh of one face, frame by frame, with its own shape before; frames without landmarks are skipped.

    A muscle moves few of the 468 points, by a pixel or two. A hand in front of the face, or a head that turns, changes
    the whole mesh, because the network places also the points that it does not see.
    """

    def __init__(self, fps: float) -> None:
        self._share = 1 / max(1.0, TEMPLATE_SECONDS * fps)
        self._template: Points | None = None
        self._frames = 0

    def __call__(self, landmarks: Landmarks | None) -> MeshFacts:
        """The facts of the next frame."""
        if landmarks is None:
            return UNKNOWN
        onto = layout_transform(landmarks)
        nose_x, nose_y = onto(landmarks.named("nose_tip"))[0]
        coarse = MeshFacts(
            roll=landmarks.roll,
            pupils=landmarks.pupil_distance,
            nose_x=float(nose_x),
            nose_y=float(nose_y),
        )
        if landmarks.source != "mesh":
            return coarse
        pose = head_pose(landmarks.points)
        return coarse._replace(
            misfit=self._misfit(onto(landmarks.points)),
            pose_pitch=pose.pitch,
            pose_yaw=pose.yaw,
            pose_roll=pose.roll,
        )

    def _misfit(self, shape: Points) -> float:
        """How far the shape is from the template, which then follows it."""
        self._frames += 1
        if self._template is None:
            self._template = shape
            return np.nan
        fitted = fit_similarity(shape, self._template)(shape)
        difference = fitted - self._template
        self._template = self._template + max(self._share, 1 / self._frames) * difference
        return math.sqrt(np.vdot(difference, difference) / len(difference))
