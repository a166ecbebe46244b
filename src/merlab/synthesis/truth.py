"""The exact movement in a clip: the flow from onset to apex, and the positions of the landmarks in both frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import MIDLINE, SIDES, Point, Window
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import FrameSequence, Pose
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.rig import Rig
from merlab.synthesis.sampling import ClipPlan

ITERATIONS = 8
HALF = 0.5
BESIDE_LIP_LINE = 0.01
PUPILS = tuple(f"eye_{side}" for side in SIDES)


@dataclass(frozen=True)
class ClipTruth:
    """The exact movement of one clip.

    ``flow`` (H, W, 2) is the displacement (x right, y down) in px of each pixel from the onset frame to the apex frame.
    ``onset_landmarks`` and ``apex_landmarks`` are name -> (x, y) in px of the frame; they may be outside the frame.
    """

    flow: Float32Array
    onset_landmarks: dict[str, Point]
    apex_landmarks: dict[str, Point]


def clip_truth(renderer: FaceRenderer, plan: ClipPlan) -> ClipTruth:
    """The exact movement of a clip as ``renderer`` renders it."""
    onset, apex = plan.timing.onset, plan.timing.apex
    return ClipTruth(
        forward_flow(renderer, plan, onset, apex),
        landmarks(renderer, plan, onset),
        landmarks(renderer, plan, apex),
    )


def forward_flow(renderer: FaceRenderer, plan: FrameSequence, first: int, second: int) -> Float32Array:
    """The displacement (H, W, 2) of each pixel from frame ``first`` to frame ``second``, (x right, y down) in px.

    It is the movement of the point that the pixel shows: on an eyeball between the lids, on the rim of glasses, or on
    the skin. It is found by fixed-point iteration on the maps that render the frames, so it is exact to some
    thousandths of a pixel if the point does not leave the window.
    """
    rig, before, after = renderer.rig, plan.pose(first), plan.pose(second)
    start = rig.source_map(before)
    x, y = _skin_places(rig, after, start.x, renderer.skin_y(start, before))
    rigid_x, rigid_y = _rigid_places(rig, after, start.rigid_x, start.rigid_y)
    gaze = np.subtract(after.gaze, before.gaze).astype(np.float32)
    eye_x, eye_y = _rigid_places(rig, after, start.rigid_x + gaze[0], start.rigid_y + gaze[1])
    bare, rimmed = renderer.eyeballs_shown(start, before) > HALF, renderer.glasses_shown(start, before) > HALF
    x = np.where(rimmed, rigid_x, np.where(bare, eye_x, x))
    y = np.where(rimmed, rigid_y, np.where(bare, eye_y, y))
    return np.stack([x - rig.window.x, y - rig.window.y], axis=-1)


def landmarks(renderer: FaceRenderer, plan: ClipPlan, frame: int) -> dict[str, Point]:
    """The positions of the landmarks of a face in a frame, px of the frame; ``eye_l`` and ``eye_r`` are the pupils."""
    rig, pose = renderer.rig, plan.pose(frame)
    rest = rest_landmarks(renderer.identity)
    places = np.array(list(rest.values()), np.float32)[:, None]
    x, y = _skin_places(rig, pose, places[..., 0], places[..., 1])
    eye_x, eye_y = _rigid_places(rig, pose, places[..., 0] + pose.gaze[0], places[..., 1] + pose.gaze[1])
    pupil = np.array([name in PUPILS for name in rest])[:, None]
    found = np.stack([np.where(pupil, eye_x, x) - rig.window.left, np.where(pupil, eye_y, y) - rig.window.top], axis=-1)
    return {name: (float(point[0, 0]), float(point[0, 1])) for name, point in zip(rest, found, strict=True)}


def rest_landmarks(identity: Identity) -> dict[str, Point]:
    """The landmarks of a face at rest, crop coordinates: those of the identity, the lids, and the edges of the lips."""
    points = dict(identity.landmarks)
    for side in SIDES:
        center_x = identity.landmarks[f"eye_{side}"][0]
        lids = identity.eyelids(side, np.array([center_x]))
        points[f"upper_lid_{side}"] = (center_x, float(lids.upper[0]))
        points[f"lower_lid_{side}"] = (center_x, float(lids.lower[0]))
    line = float(identity.lip_line(np.array([MIDLINE]))[0])
    points["upper_lip_edge"] = (MIDLINE, line - BESIDE_LIP_LINE)
    points["lower_lip_edge"] = (MIDLINE, line + BESIDE_LIP_LINE)
    return points


def _skin_places(rig: Rig, pose: Pose, x: Float32Array, y: Float32Array) -> tuple[Float32Array, Float32Array]:
    """The positions in a pose of points (x, y) on the skin at rest, crop coordinates."""
    source = rig.source_map(pose)
    goal_y = y
    for eyelids in rig.eyelids.values():
        if eyelids.moves(pose):
            goal_y = eyelids.from_rest(x, goal_y, pose)
    place_x, place_y = _inverse_map(rig.window, source.x, source.y, x, goal_y)
    if source.parting is None:
        return place_x, place_y
    upper_x, upper_y = _inverse_map(rig.window, source.x, source.y + source.parting, x, goal_y)
    upper_lip = y < rig.identity.lip_line(x)
    return np.where(upper_lip, upper_x, place_x), np.where(upper_lip, upper_y, place_y)


def _rigid_places(rig: Rig, pose: Pose, x: Float32Array, y: Float32Array) -> tuple[Float32Array, Float32Array]:
    """The positions in a pose of points (x, y) that only move with the head, crop coordinates."""
    source = rig.source_map(pose)
    return _inverse_map(rig.window, source.rigid_x, source.rigid_y, x, y)


def _inverse_map(
    window: Window, map_x: Float32Array, map_y: Float32Array, goal_x: Float32Array, goal_y: Float32Array
) -> tuple[Float32Array, Float32Array]:
    """The points of the window at which the map has the value (goal_x, goal_y)."""
    shift_x, shift_y = map_x - window.x, map_y - window.y
    x, y = goal_x.astype(np.float32), goal_y.astype(np.float32)
    for _ in range(ITERATIONS):
        columns, rows = x - np.float32(window.left), y - np.float32(window.top)
        # Both shifts are read at the same point of the map, before x or y changes.
        here_x, here_y = (
            cv2.remap(shift, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for shift in (shift_x, shift_y)
        )
        x, y = goal_x - here_x, goal_y - here_y
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
