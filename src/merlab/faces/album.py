"""Pictures of one face, kept in memory as JPEG until it is known which of them are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from merlab.frames import ClipError, Image, WalkedFrame, describe_numbers

# Changes optical flow between two faces by a few thousandths of a pixel.
JPEG_QUALITY = 95


class Album:
    """Frames (see frames.Frames), about 20 kB each for an aligned face."""

    fps: float | None = None
    clock: None = None

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

    @property
    def promised(self) -> int:
        """How many frames there are."""
        return len(self._pictures)

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        return ((number, self.read(number)) for number in self._pictures)

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """Every frame once, ascending; only those ``wanted`` are decoded."""
        return (WalkedFrame(number, None, self.read(number) if wanted(number) else None) for number in self._pictures)

    def read(self, number: int) -> Image:
        """Frame ``number``, (H, W, 3) BGR; raises ClipError where there is none."""
        if number not in self._pictures:
            raise ClipError(f"the album has no frame {number}; it contains {describe_numbers(self.numbers)}")
        picture = np.frombuffer(self._pictures[number], np.uint8)
        return np.asarray(cv2.imdecode(picture, cv2.IMREAD_COLOR), np.uint8)
