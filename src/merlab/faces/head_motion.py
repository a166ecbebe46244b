"""The rigid movement of the head within a clip, estimated on skin that the facial muscles hardly move.

Landmarks jitter by more than a micro-expression moves, so the head is followed by the image itself: optical flow from
the face at the onset to that of each frame, between brows and mouth, without eyes and cheeks. A similarity is fitted to
it; points that disagree get little weight.

spotting.motion.without_head estimates the head as well, but only subtracts it from displacements of an aligned face;
it can therefore include nod and shake. This one moves the pixels of an image, for which it needs a similarity, and its
robust weights keep the movement of muscles out of it.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.geometry import Points, Transform, fit_similarity, moved_image, translation
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Image

# Boxes (left, top, right, bottom) of the layout: the bridge and back of the nose, and the cheekbones in front of the
# ears. Left out: brows and forehead (AU1, 2, 4), eyes (blinks, gaze), cheeks (AU6), mouth and chin.
STABLE_BOXES = ((86, 50, 145, 150), (2, 100, 40, 150), (191, 100, 229, 150))
# Rows of the layout that are used: the boxes and a margin for the flow.
TOP, BOTTOM = 34, 166
GRID = 3

# px: a flow vector farther than this from the rigid movement has no weight (Tukey's biweight); for large turns of the
# head the limit starts wider and is halved in each reweighting.
CUT_OFF = 0.3
REWEIGHTINGS = 6
PASSES, SETTLED = 3, 0.1
# px of the layout: landmarks jitter by less, and flow alone finds smaller movements.
JUMP = 4
# A smaller change of scale cannot be distinguished from the pull of muscles and counts as none; of a larger one only
# the excess counts.
DOUBTFUL_SCALE = 0.002
LEAST_AGREEMENT = 0.1

Gray = NDArray[np.uint8]


class HeadFit:
    """Finds the transform that brings the face of any frame of a clip onto the face of its onset, on the layout.

    ``onset`` (H, W, 3) BGR is the onset frame, ``transform`` maps it into the layout.
    """

    def __init__(self, onset: Image, transform: Transform) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._onset = _strip(np.asarray(cv2.cvtColor(onset, cv2.COLOR_BGR2GRAY), np.uint8), transform)
        self._columns, self._rows = _grid()
        texture = cv2.cornerMinEigenVal(cv2.GaussianBlur(self._onset, (0, 0), 1), 9)[self._rows, self._columns]
        enough = max(float(np.percentile(texture, 70)), 1e-12)
        self._texture = np.minimum(texture / enough, 1).astype(np.float64)

    def fit(self, frame: Image, before: Transform, landmarks: Transform | None = None) -> Transform:
        """The map of ``frame`` into the layout that puts its stable skin onto that of the onset, to about 0.1 px.

        It starts from ``before``, the map of the previous frame, or, where the head has jumped, from the map by its
        ``landmarks``. The start is returned unchanged where the images do not agree on one movement: the face is
        hidden, or has turned away.
        """
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        start = landmarks if landmarks is not None and self._jumped(gray, before, landmarks) else before
        found = start
        for _ in range(PASSES):
            step = self._correction(_strip(gray, found))
            if step is None:
                return start
            found = step.after(found)
            if displacement(step) < SETTLED:
                break
        return found

    def _jumped(self, gray: Gray, before: Transform, landmarks: Transform) -> bool:
        """Whether the landmarks lie far from where the head was, and look more like the onset there."""
        if displacement(landmarks.after(before.inverse)) < JUMP:
            return False
        was, now = (self._difference(_strip(gray, transform)) for transform in (before, landmarks))
        return now < was

    def _difference(self, strip: Gray) -> float:
        """Mean absolute difference from the onset on the stable skin, gray values."""
        there, here = (image[self._rows, self._columns].astype(np.int16) for image in (strip, self._onset))
        return float(np.abs(there - here).mean())

    def _correction(self, strip: Gray) -> Transform | None:
        """The transform of a strip's stable skin back onto the onset's; None where it does not move as one."""
        whole = self._flow.calc(self._onset, strip, None)  # type: ignore[call-overload]
        flow = np.asarray(whole[self._rows, self._columns], np.float64)
        onset = np.column_stack([self._columns, self._rows + TOP]).astype(np.float64)
        moved = onset + flow
        away = np.hypot(*(flow - np.median(flow, axis=0)).T)
        cut_off = 2 * float(np.median(away))
        for _ in range(REWEIGHTINGS):
            cut_off = max(cut_off / 2, CUT_OFF)
            weights = self._texture * np.clip(1 - (away / cut_off) ** 2, 0, None) ** 2
            if weights.sum() < LEAST_AGREEMENT * self._texture.sum():
                return None
            back = _nearly_rigid(fit_similarity(moved, onset, weights), moved, onset, weights)
            away = np.hypot(*(back(moved) - onset).T)
        return back


def displacement(transform: Transform) -> float:
    """How far a transform of the layout moves the face: mean over a grid of points, px."""
    x, y = np.meshgrid(np.linspace(0, LAYOUT_WIDTH - 1, 5), np.linspace(0, LAYOUT_HEIGHT - 1, 5))
    points = np.column_stack([x.ravel(), y.ravel()])
    return float(np.hypot(*(transform(points) - points).T).mean())


def _nearly_rigid(similarity: Transform, source: Points, target: Points, weights: NDArray[np.float64]) -> Transform:
    """The similarity with its change of scale reduced by DOUBTFUL_SCALE, about the middle of the points."""
    change = similarity.scale - 1
    believed = 1 + np.sign(change) * max(abs(change) - DOUBTFUL_SCALE, 0)
    turn = similarity.matrix[:, :2] * (believed / similarity.scale)
    middle, goal = (weights @ points / weights.sum() for points in (source, target))
    return Transform.from_matrix(np.column_stack([turn, goal - turn @ middle]))


def _strip(gray: Gray, transform: Transform) -> Gray:
    """The rows TOP to BOTTOM of a gray frame on the layout, (BOTTOM - TOP, LAYOUT_WIDTH)."""
    return moved_image(gray, translation(0, -TOP).after(transform), (LAYOUT_WIDTH, BOTTOM - TOP))


@lru_cache(maxsize=1)
def _grid() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Columns and rows of the points of the strip that lie on stable skin."""
    mask = np.zeros((BOTTOM - TOP, LAYOUT_WIDTH), bool)
    for left, top, right, bottom in STABLE_BOXES:
        mask[top - TOP : bottom - TOP : GRID, left:right:GRID] = True
    rows, columns = np.nonzero(mask)
    return columns, rows
