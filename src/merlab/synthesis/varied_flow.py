"""The optical flow of a varied clip: only onset and apex are rendered, and the flow is kept in a wide window.

The window reaches about 30 px beyond the crop of CASME II on every side, so that a crop can be moved, scaled and turned
later. Flow and strain are computed at full size and kept at a third of it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.optical_flow import DenseInverseSearch, Gray, dis, strain
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.canvas_layout import SIDES, Window
from merlab.synthesis.poses import Pose
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.sampling import ClipPlan
from merlab.synthesis.varied import FlowChoice, VariedClip

WINDOW = Window(-30, -39, 291, 360)
REDUCTION = 3
KEPT_WIDTH, KEPT_HEIGHT = WINDOW.width // REDUCTION, WINDOW.height // REDUCTION

Float16Array = NDArray[np.float16]

# Number and side of every action unit, in the order of the table: ``1l``, ``1r``, ..., ``26c``.
UNIT_KEYS: tuple[str, ...] = tuple(
    f"{number}{side}" for number, unit in ACTION_UNITS.items() for side in (sorted(SIDES) if unit.paired else "c")
)
# For each of them, the position of the same unit on the other side; a unit without sides is its own.
OTHER_SIDE: tuple[int, ...] = tuple(
    UNIT_KEYS.index(key[:-1] + {"l": "r", "r": "l", "c": "c"}[key[-1]]) for key in UNIT_KEYS
)


def render_flow(renderer: FaceRenderer, clip: VariedClip, plan: ClipPlan) -> Float16Array:
    """The flow from onset to apex of a clip, (3, KEPT_HEIGHT, KEPT_WIDTH): u, v in px of 231x282, strain in px per px.

    The renderer has the window WINDOW.
    """
    onset, apex = (_recorded(renderer, clip, plan, frame) for frame in (clip.onset, clip.apex))
    flow = flow_by(clip.flow, onset, apex)
    planes = np.dstack([flow, strain(flow)])
    kept = cv2.resize(planes, (KEPT_WIDTH, KEPT_HEIGHT), interpolation=cv2.INTER_AREA)
    return kept.transpose(2, 0, 1).astype(np.float16)


def unit_changes(clip: VariedClip, plan: ClipPlan) -> Float32Array:
    """The change of activity of each of UNIT_KEYS from the frame used as onset to the one used as apex, (28,)."""
    onset, apex = plan.pose(clip.onset), plan.pose(clip.apex)
    return np.array([_activity(apex, key) - _activity(onset, key) for key in UNIT_KEYS], np.float32)


def flow_by(choice: FlowChoice, onset: Gray, apex: Gray) -> Float32Array:
    """The flow (H, W, 2) in px from onset to apex by the chosen algorithm."""
    if choice.window is not None:
        start = np.zeros((*onset.shape, 2), np.float32)
        flow = cv2.calcOpticalFlowFarneback(onset, apex, start, 0.5, 3, choice.window, 3, 5, 1.2, 0)
        return np.asarray(flow, np.float32)
    if choice.refinement is None or choice.finest_scale is None:
        return dis(onset, apex)
    return DenseInverseSearch(choice.finest_scale, refinement=choice.refinement)(onset, apex)


def _activity(pose: Pose, key: str) -> float:
    return pose.activity.get(key, 0.0)


def _recorded(renderer: FaceRenderer, clip: VariedClip, plan: ClipPlan, frame: int) -> Gray:
    """A frame in gray levels after JPEG compression, at a smaller size if the clip has one."""
    gray = cv2.cvtColor(renderer.frame(plan, frame), cv2.COLOR_BGR2GRAY)
    if clip.shrunk_to < 1:
        gray = cv2.resize(gray, None, fx=clip.shrunk_to, fy=clip.shrunk_to, interpolation=cv2.INTER_AREA)
    compressed = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, clip.jpeg_quality])[1]
    seen = np.asarray(cv2.imdecode(compressed, cv2.IMREAD_GRAYSCALE), np.uint8)
    if clip.shrunk_to < 1:
        seen = np.asarray(cv2.resize(seen, (WINDOW.width, WINDOW.height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return seen
