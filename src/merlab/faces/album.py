"""Pictures of one face, kept in memory as JPEG until it is known which of them are needed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from merlab.frames import ClipError, Image, describe_numbers
from merlab.frames.frame import FramesByNumber

# Changes optical flow between two faces by a few thousandths of a pixel.
JPEG_QUALITY = 95


class Album(FramesByNumber):
    """Frames in memory, about 20 kB each for an aligned face."""

    def __init__(self) -> None:
        self._pictures: dict[int, bytes] = {}

    def add(self, number: int, image: Image) -> None:
        """Keep frame ``number``, (H, W, 3) BGR; numbers ascend."""
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        self._pictures[number] = encoded.tobytes()

    @property
    def numbers(self) -> Sequence[int]:
        """Frame numbers present, ascending."""
        return list(self._pictures)

    def read(self, number: int) -> Image:
        """Frame ``number``, (H, W, 3) BGR; raises ClipError where there is none."""
        if number not in self._pictures:
            raise ClipError(f"the album has no frame {number}; it contains {describe_numbers(self.numbers)}")
        picture = np.frombuffer(self._pictures[number], np.uint8)
        return np.asarray(cv2.imdecode(picture, cv2.IMREAD_COLOR), np.uint8)
