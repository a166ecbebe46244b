"""A cut: from one frame to the next the head is elsewhere, the light is different, and the camera's framing changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from merlab.synthesis.distractions.distraction import Distraction
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import FrameSequence

# Ticks between the moments at which there is a frame at 30, 60, 100 and 200 frames per second.
GRID = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Cut(Distraction):
    """A cut; unlike other distractions it changes all later frames, up to the next cut.

    Attributes:
        place: the head after the cut, as in Pose.
        brightness: factor of the light after the cut.
        slope: the slope of the light across the face after the cut.
        zoom: magnification of the camera view after the cut, 1 or more.
        shift: shift of the camera view after the cut (x, y), px.
        until: the tick of the next cut.

    """

    place: tuple[float, float, float, float, float, float]
    brightness: float
    slope: float
    zoom: float
    shift: tuple[float, float]
    until: int | None = None

    def moved_to(self, onset: int) -> Cut:
        """The same cut at the nearest moment at which there is a frame at every frame rate, so that it is sharp."""
        return replace(self, onset=GRID * round(onset / GRID))

    def change(self, states: FrameSequence, ticks: NDArray[np.int_]) -> None:
        """Change the states from the cut on up to the next one."""
        after = self.shows(ticks)
        states.head[after] += np.array(self.place)
        states.gain[after] *= self.brightness
        states.side_light[after] += self.slope

    def shows(self, ticks: NDArray[np.number]) -> NDArray[np.bool_]:
        """Whether a frame at each tick shows the view of this cut."""
        return np.asarray((ticks >= self.onset) & (ticks < (np.inf if self.until is None else self.until)))


def sample_cut(rng: np.random.Generator, identity: Identity) -> Cut:
    """The head jumps by up to 4 px, 2 degrees and 3 %, the light by up to 15 %, and the camera zooms by up to 18 %."""
    spread = np.array([4, 4, 0.035, 0.04, 0.03, 0.03])
    x, y, roll, yaw, pitch, scale = map(float, rng.uniform(-spread, spread))
    zoom = float(rng.uniform(1.0, 1.18))
    across, down = rng.uniform(-1, 1, 2)
    return Cut(
        kind="cut",
        length=1,
        details=f"another view, zoom {zoom:.2f} (raw view only)",
        place=(x, y, roll, yaw, pitch, scale),
        brightness=float(rng.uniform(0.85, 1.15)),
        slope=float(rng.uniform(-0.06, 0.06)),
        zoom=zoom,
        shift=(float(across * 300 * (zoom - 1)), float(down * 80 * (zoom - 1))),
    )
