"""A decoded frame becomes an image as a player shows it: square pixels, upright, mirrored if the file says so."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import TYPE_CHECKING, cast

import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import Interpolation, VideoReformatter

from merlab.frames.frame import Image

if TYPE_CHECKING:
    from av.sidedata.sidedata import SideData, SideDataContainer
    from av.video.frame import VideoFrame

# A wider or narrower pixel comes from a wrong header, not from a camera (anamorphic video has up to 2).
WIDEST_PIXEL = 4


@dataclass(frozen=True)
class Orientation:
    """How a player turns a stored frame before it shows it: first the flip, then the turn.

    Attributes:
        rotation: the turn in degrees clockwise: 0, 90, 180 or 270.
        mirrored: whether left and right are exchanged before the turn.

    """

    rotation: int = 0
    mirrored: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """From the display matrix of a frame; a turn by another angle is rounded to a quarter."""
        matrix = next((data for data in _side_data(frame) if data.type == Type.DISPLAYMATRIX), None)
        if matrix is None:
            return cls()
        a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
        # Pixel (x, y) is shown at (a x + c y, b x + d y). Without the flip, the x axis is turned to (a, b).
        mirrored = a * d - b * c < 0
        turn = math.atan2(-b, -a) if mirrored else math.atan2(b, a)
        return cls(round(math.degrees(turn) / 90) % 4 * 90, mirrored)

    def apply(self, image: Image) -> Image:
        """The image as it is shown."""
        flipped = image[:, ::-1] if self.mirrored else image
        return np.ascontiguousarray(np.rot90(flipped, -self.rotation // 90))


def _side_data(frame: VideoFrame) -> tuple[SideData, ...]:
    """PyAV describes the mapping by one of its keys only; it iterates over the values."""
    return tuple(cast("SideDataContainer", frame.side_data))


def square_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Width and height with square pixels, where a stored pixel is ``aspect`` times as wide as it is high.

    The side that is too short is enlarged, so that no detail is lost.
    """
    if not 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


class Pictures:
    """Makes images of decoded frames.

    Colors are those of OpenCV: the matrix (BT.601, BT.709, BT.2020) and the range that the frame states, BT.601 and
    limited range if it states none. The transfer function is not changed, so that HDR looks flat.
    """

    def __init__(self, aspect: Fraction) -> None:
        self._size = cache(partial(square_size, aspect=aspect))
        self._reformatter = VideoReformatter()
        self._orientations: dict[int, Orientation] = {}

    def of(self, frame: VideoFrame) -> Image:
        """The image (H, W, 3) uint8 BGR of a frame; it can be written to."""
        width, height = self._size(frame.width, frame.height)
        shown = self._reformatter.reformat(
            frame, width=width, height=height, format="bgr24", interpolation=Interpolation.BICUBIC, threads=1
        )
        # With an odd width, rows end with padding.
        image = np.ascontiguousarray(shown.to_ndarray(), np.uint8)
        orientation = self._orientation(frame)
        return image if orientation == Orientation() else orientation.apply(image)

    def _orientation(self, frame: VideoFrame) -> Orientation:
        """From the first frame that is turned by this angle.

        PyAV keeps a frame of which the matrix was read until Python looks for cycles: hundreds of frames.
        """
        turn = frame.rotation
        if turn not in self._orientations:
            self._orientations[turn] = Orientation.of(frame)
        return self._orientations[turn]
