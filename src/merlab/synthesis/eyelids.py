"""The movement of the lids of one eye: a vertical map of each column of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import Pose

REACH_X, REACH_ABOVE, REACH_BELOW = 5, 30, 26
STRETCH_BELOW = 13
LEAST_APERTURE, SHUT_APERTURE, CLEAR_APERTURE = 0.2, 0.02, 1.5
FULLY_CLOSED = 0.98
LOWER_LID_IN_BLINK = -0.06
LEAST_MOVEMENT = 1e-4
LID_UNITS = {number: unit for number, unit in ACTION_UNITS.items() if unit.upper_lid or unit.lower_lid}

Knots = tuple[Float32Array, Float32Array, Float32Array, Float32Array]


@dataclass(frozen=True)
class Eyelids:
    """The lids of one eye, and the rows and columns of a window in which they can move."""

    identity: Identity
    side: str
    rows: slice
    columns: slice

    @classmethod
    def in_window(cls, identity: Identity, side: str, window: Window, far: int = 0) -> Eyelids:
        """The eyelids of one side, with their patch cut to the window; ``far`` px more in every direction."""
        center_x, center_y = identity.landmarks[f"eye_{side}"]
        reach = identity.shape.eye_half_width + REACH_X + far
        left, right = (int(center_x + sign * reach) - window.left for sign in (-1, 1))
        top, bottom = (int(center_y + reach) - window.top for reach in (-REACH_ABOVE - far, REACH_BELOW + far))
        return cls(
            identity,
            side,
            slice(max(0, top), min(window.height, bottom)),
            slice(max(0, left), min(window.width, right)),
        )

    def moves(self, pose: Pose) -> bool:
        """Whether the lids are moved from their position at rest."""
        return max(map(abs, self._movement(pose))) > LEAST_MOVEMENT

    def to_rest(self, x: Float32Array, y: Float32Array, pose: Pose) -> Float32Array:
        """The y on the lids at rest of points (x, y) on the moved lids."""
        rest, moved, open_enough = self._knots(x, pose)
        return np.where(open_enough, _piecewise(y, moved, rest), y)

    def from_rest(self, x: Float32Array, y: Float32Array, pose: Pose) -> Float32Array:
        """The y on the moved lids of points (x, y) on the lids at rest."""
        rest, moved, open_enough = self._knots(x, pose)
        return np.where(open_enough, _piecewise(y, rest, moved), y)

    def openness(self, x: Float32Array, pose: Pose) -> Float32Array:
        """At columns ``x``: 0 if the moved lids meet, 1 if they are 1.5 px apart, or as far apart as at rest."""
        (_, rest_upper, rest_lower, _), (_, upper, lower, _), _ = self._knots(x, pose)
        clear = np.clip(rest_lower - rest_upper, SHUT_APERTURE, CLEAR_APERTURE)
        return np.asarray(np.clip((lower - upper) / clear, 0, 1), np.float32)

    def _movement(self, pose: Pose) -> tuple[float, float]:
        """The movement of the margins of the upper and the lower lid, as shares of the aperture; positive is down."""
        upper, lower = pose.closure, LOWER_LID_IN_BLINK * pose.closure
        for number, unit in LID_UNITS.items():
            intensity = pose.activity.get(f"{number}{self.side}", 0.0)
            upper += unit.upper_lid * intensity
            lower += unit.lower_lid * intensity
        return min(upper, FULLY_CLOSED + lower), lower

    def _knots(self, x: Float32Array, pose: Pose) -> tuple[Knots, Knots, NDArray[np.bool_]]:
        """Crease, upper margin, lower margin and lower edge at columns ``x``, at rest and moved.

        The third value is True where the eye at rest is open.
        """
        lids = self.identity.eyelids(self.side, x)
        upper, lower = lids.upper, lids.lower
        aperture = lower - upper
        upper_shift, lower_shift = self._movement(pose)
        moved_lower = lower + np.float32(lower_shift) * aperture
        moved_upper: Float32Array = np.minimum(upper + np.float32(upper_shift) * aperture, moved_lower - SHUT_APERTURE)
        crease: Float32Array = np.minimum(lids.crease - 2, lids.upper - 2.5)
        edge = lower + STRETCH_BELOW
        rest, moved = (crease, upper, lower, edge), (crease, moved_upper, moved_lower, edge)
        return rest, moved, aperture > LEAST_APERTURE


def _piecewise(value: Float32Array, source: Knots, target: Knots) -> Float32Array:
    """The piecewise linear map of each source knot to its target knot; the identity outside the knots."""
    mapped = value
    for low, high, to_low, to_high in zip(source, source[1:], target, target[1:], strict=False):
        slope = (to_high - to_low) / np.maximum(high - low, 1e-3)
        mapped = np.where((value >= low) & (value < high), to_low + (value - low) * slope, mapped)
    return mapped
