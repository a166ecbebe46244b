"""How much the picture of a face changes from onset to apex beyond its movement: a hand that covers it changes it."""

from __future__ import annotations

import cv2
import numpy as np

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array, Image
from merlab.spotting.motion import COLUMNS, ROWS, blocks_beside_lids

# Gray values that are added before the logarithm, so that noise in the dark is no change.
DARKEST = 16.0


def picture_change(onset: Image, apex: Image, displacement: Float32Array) -> float:
    """The largest change of log luminance of any block, after the movement is undone and the light made equal.

    ``onset`` and ``apex`` are aligned faces (H, W, 3) BGR, ``displacement`` (282, 231, 2) px is that of every pixel
    from the one to the other, with the movement of the head. The lids and the outermost blocks are left out.
    """
    rows, columns = np.mgrid[0:LAYOUT_HEIGHT, 0:LAYOUT_WIDTH].astype(np.float32)
    x, y = columns + displacement[..., 0], rows + displacement[..., 1]
    back = cv2.remap(_log_luminance(apex), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    change = cv2.resize(back - _log_luminance(onset), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    seen = change[blocks_beside_lids()]
    return float(np.abs(seen - np.median(seen)).max())


def _log_luminance(face: Image) -> Float32Array:
    whole = cv2.resize(face, (LAYOUT_WIDTH, LAYOUT_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(np.log(cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY).astype(np.float32) + DARKEST), np.float32)
