"""The rigid movement of the head within a clip, estimated on skin that the facial muscles hardly move.

Landmarks jitter by more than a micro-expression moves, so the head is followed by the image itself: by the skin between
brows and mouth, without eyes and cheeks. The movement between two frames is small, and found in windows of that skin
(see skin_windows). Where it is too large for that, optical flow first brings the face near that of the onset.

spotting.motion.without_head estimates the head as well, but only subtracts it from displacements of an aligned face;
it can therefore include nod and shake. This one moves the pixels of an image, for which it needs a similarity, and its
robust weights keep the movement of muscles out of it.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.geometry import Transform, as_gray, moved_image, translation, turned_about
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.faces.skin_windows import GRID, LEAST_AGREEMENT, LEAST_TEXTURED, SkinWindows, believed
from merlab.frames import Float32Array, Image
from merlab.optical_flow import DenseInverseSearch, Gray

# Boxes (left, top, right, bottom) of the layout: the bridge and back of the nose, and the cheekbones in front of the
# ears. Left out: brows and forehead (AU1, 2, 4), eyes (blinks, gaze), cheeks (AU6), mouth and chin.
STABLE_BOXES = ((86, 50, 145, 150), (2, 100, 40, 150), (191, 100, 229, 150))
# Rows of the layout that are used: the boxes and a margin for the flow.
TOP, BOTTOM = 34, 166
FLOW_GRID = 3

# px: windows find smaller movements; for larger ones optical flow comes first.
REACH = 1.0
# px: a flow vector farther than this from the rigid movement has no weight (Tukey's biweight); for large turns of the
# head the limit starts wider and is halved in each reweighting.
CUT_OFF = 0.3
REWEIGHTINGS = 6
# px: after a smaller step, another pass would change less than the noise of a camera does.
PASSES, SETTLED = 3, 0.3
# px of the layout: landmarks jitter by less, and flow alone finds smaller movements.
JUMP = 4


class HeadFit:
    """Finds the transform that brings the face of any frame of a clip onto the face of its onset, on the layout.

    Frames are (H, W, 3) BGR or (H, W) gray; ``onset`` is the onset frame, ``transform`` maps it into the layout.
    """

    def __init__(self, onset: Image, transform: Transform) -> None:
        self._flow = DenseInverseSearch()
        self._onset = _strip(as_gray(onset), transform)
        self._windows = SkinWindows(self._onset, _points(GRID))
        columns, rows = _points(FLOW_GRID).T
        texture = cv2.cornerMinEigenVal(cv2.GaussianBlur(self._onset, (0, 0), 1), 9)[rows, columns]
        enough = max(float(np.percentile(texture, 70)), 1e-12)
        self._texture = np.clip(texture / enough, 0, 1).astype(np.float64)
        self._blank = bool((self._texture > 0).mean() < LEAST_TEXTURED)

    def fit(self, frame: Image, before: Transform, landmarks: Transform | None = None) -> Transform:
        """The map of ``frame`` into the layout that puts its stable skin onto that of the onset, to about 0.1 px.

        It starts from ``before``, the map of the previous frame, or, where the head has jumped, from the map by its
        ``landmarks``. The start is returned unchanged where the images do not agree on one movement: the face is
        hidden, has turned away, or its skin shows no texture because it is overexposed.
        """
        gray = as_gray(frame)
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
        columns, rows = _points(FLOW_GRID).T
        there, here = (image[rows, columns].astype(np.int16) for image in (strip, self._onset))
        return float(np.abs(there - here).mean())

    def _correction(self, strip: Gray) -> Transform | None:
        """The transform of a strip's stable skin back onto the onset's; None where it does not move as one."""
        step = self._windows.correction(strip)
        if step is not None and displacement(on_layout := _on_layout(step)) <= REACH:
            return on_layout
        step = None if self._blank else self._by_flow(strip)
        return step and _on_layout(step)

    def _by_flow(self, strip: Gray) -> Transform | None:
        """The same from optical flow: less exact, for larger movements. Points are complex numbers, x + iy."""
        columns, rows = _points(FLOW_GRID).T
        whole = self._flow(self._onset, strip)
        flow = np.asarray(whole[rows, columns], np.float64).view(np.complex128)[:, 0]
        onset = columns + 1j * rows
        moved = onset + flow
        squares = _squares(flow - complex(np.median(flow.real), np.median(flow.imag)))
        cut_off = 2 * float(np.sqrt(np.median(squares)))
        for _ in range(REWEIGHTINGS):
            cut_off = max(cut_off / 2, CUT_OFF)
            weights = self._texture * np.clip(1 - squares / cut_off**2, 0, None) ** 2
            total = weights.sum()
            if total < LEAST_AGREEMENT * self._texture.sum():
                return None
            middle, goal = complex(weights @ moved / total), complex(weights @ onset / total)
            source, target = moved - middle, onset - goal
            turn = believed(complex((weights * source.conj()) @ target / (weights @ _squares(source))))
            squares = _squares(turn * source - target)
        return turned_about(turn, middle, goal)


def displacement(transform: Transform, before: Float32Array | None = None) -> float:
    """How far a transform of the layout moves the face: mean over a grid of points, px.

    Where the points were moved ``before``, by a displacement (282, 231, 2) px of every pixel, both together.
    """
    columns, rows = spread = _spread_points()
    moved = spread if before is None else spread + before[rows, columns].T
    (a, b, x), (c, d, y) = transform.rows
    to = np.array([[a, b], [c, d]]) @ moved + [[x], [y]]
    return float(np.hypot(*(to - spread)).mean())


@cache
def _spread_points() -> NDArray[np.intp]:
    """25 points of the layout, (2, 25): x and y in px."""
    x, y = np.meshgrid(np.linspace(0, LAYOUT_WIDTH - 1, 5), np.linspace(0, LAYOUT_HEIGHT - 1, 5))
    return np.stack([x.ravel(), y.ravel()]).astype(np.intp)


def _squares(numbers: NDArray[np.complex128]) -> NDArray[np.float64]:
    """The squared absolute values."""
    return np.asarray(numbers.real**2 + numbers.imag**2)


def _strip(gray: Gray, transform: Transform) -> Gray:
    """The rows TOP to BOTTOM of a gray frame on the layout, (BOTTOM - TOP, LAYOUT_WIDTH)."""
    size = LAYOUT_WIDTH, BOTTOM - TOP
    return moved_image(gray, translation(0, -TOP).after(transform), size, cv2.INTER_LINEAR)


def _on_layout(step: Transform) -> Transform:
    """A transform of the strip as one of the layout."""
    return translation(0, TOP).after(step).after(translation(0, -TOP))


@cache
def _points(grid: int) -> NDArray[np.intp]:
    """Points of the strip on stable skin, ``grid`` px apart, (N, 2) as x and y."""
    mask = np.zeros((BOTTOM - TOP, LAYOUT_WIDTH), bool)
    first = grid // 2
    for left, top, right, bottom in STABLE_BOXES:
        mask[top - TOP + first : bottom - TOP : grid, left + first : right : grid] = True
    rows, columns = np.nonzero(mask)
    return np.column_stack([columns, rows])
