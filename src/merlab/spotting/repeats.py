"""Whether frames repeat the one before: the recorder, or a program, has a higher frame rate than the camera."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from merlab.frames import Float32Array
from merlab.frames.clock import Clock
from merlab.spelling import percent

# In a repeated frame the face moves by less than this share of its largest step in the frames around, which are
# at most so many seconds away: cameras have 15 frames a second or more.
STILL, AROUND = 0.25, 1 / 30
# The share of repeated frames from which on they are believed. Of 50 frames a second made 60, a sixth is repeated;
# of whole ones, strong compression leaves 7 % hardly changed.
LEAST_SHARE = 0.15


class Repeats(BaseModel):
    """In how many frames a face was followed, and in how many of them it is where it was in the frame before.

    A recorder of the screen repeats the frames of a call, and a program that converts to a higher rate those of the
    camera. They are seen where compression is light: after strong one (H.264 of standard quality), the copy differs
    from its original as much as other frames do.
    """

    model_config = ConfigDict(frozen=True)

    frames: int = 0
    repeated: int = 0

    @classmethod
    def of(cls, steps: ArrayLike, clock: Clock) -> Repeats:
        """Of the ``steps`` (n,) of a face from frame to frame, px; none at a varying rate, where steps differ."""
        way = np.asarray(steps, np.float64)
        if clock.varies or not len(way):
            return cls()
        around = max(1, round(AROUND * clock.fps))
        largest = sliding_window_view(np.pad(way, around), 2 * around + 1).max(axis=1)
        return cls(frames=len(way), repeated=int((way < STILL * largest).sum()))

    def __add__(self, other: Repeats) -> Repeats:
        return Repeats(frames=self.frames + other.frames, repeated=self.repeated + other.repeated)

    @property
    def share(self) -> float:
        """The share of repeated frames; 0 where it is too small to be believed."""
        share = self.repeated / max(1, self.frames)
        return share if share >= LEAST_SHARE else 0.0

    def seen_rate(self, fps: float) -> float:
        """How often a second the picture changes, in a video of ``fps``."""
        return (1 - self.share) * fps

    def caveats(self, fps: float) -> list[str]:
        """What limits the spotting in a video of ``fps``, in sentences."""
        if not self.share:
            return []
        return [
            f"{percent(self.share)} % of the frames repeat the one before: the picture changes only about "
            f"{self.seen_rate(fps):.0f} times a second, as where the screen was recorded or the video converted to a "
            "higher rate; brief movements are missed, and times are less accurate; use the file of the camera itself"
        ]


def steps_of(places: Float32Array) -> NDArray[np.float64]:
    """How far the blocks move from frame to frame, root mean square, (n - 1,) px; ``places`` (n, ROWS, COLUMNS, 2)."""
    squares = np.square(np.diff(places, axis=0)).sum(axis=-1, dtype=np.float64)
    return np.asarray(np.sqrt(squares.mean(axis=(1, 2))), np.float64)


class PassingSteps:
    """Measures the steps of places that pass by, in ``steps``: as ``steps_of``, without holding the places.

    ``gaps`` are the frames, by position, before which time is missing: there, a face starts anew. ``positions`` are
    the frames that the steps lead to.
    """

    def __init__(self, gaps: Iterable[int] = ()) -> None:
        self.steps: list[float] = []
        self.positions: list[int] = []
        self._gaps = frozenset(gaps)

    def of(self, places: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """The same places, (ROWS, COLUMNS, 2) in each frame."""
        before: Float32Array | None = None
        for position, place in enumerate(places, start=1):
            if before is not None and position not in self._gaps:
                self.steps.append(float(steps_of(np.stack([before, place]))[0]))
                self.positions.append(position)
            before = place
            yield place
