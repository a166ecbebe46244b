"""The framing of the camera view after a cut."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.distractions.cut import Cut
from merlab.synthesis.distractions.picture import Planes


class Framing:
    """Zooms and shifts the camera view after each cut."""

    def __init__(self, cuts: Sequence[Cut], window: Window) -> None:
        self._cuts, self._window = cuts, window

    def changed(self, planes: Planes, tick: float, gain: float) -> Planes:
        """The planes in the framing of the last cut; the same before the first one."""
        for cut in self._cuts:
            if cut.shows(np.array([tick])).all():
                return [self._framed(plane, cut) for plane in planes]
        return planes

    def _framed(self, plane: Float32Array, cut: Cut) -> Float32Array:
        width, height = self._window.width, self._window.height
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        corner = middle * (1 - cut.zoom) + np.array(cut.shift)
        matrix = np.array([[cut.zoom, 0, corner[0]], [0, cut.zoom, corner[1]]])
        framed = cv2.warpAffine(plane, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(framed, np.float32)
