"""The movement of a face by a pose: for every pixel of a frame, the point of the face at rest that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.action_units import ACTION_UNITS, ActionUnit, Motion, Wrinkle
from merlab.synthesis.canvas_layout import (
    CANVAS_LEFT,
    CANVAS_TOP,
    MIDLINE,
    SIDES,
    Point,
    Window,
    gaussian,
    outward,
    smoothstep,
)
from merlab.synthesis.eyelids import Eyelids
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import Pose
from merlab.synthesis.texture import FaceLayers

PIVOT = (MIDLINE, 130.0)
NEGLIGIBLE = 1e-4
SIDE_BLEND = 9
BULGE_SHADING = 2.7


class Field(NamedTuple):
    """The effect of intensity 1 of one action unit, on the patch of the window that it changes.

    ``values`` (h, w, 3) are the displacement x, y in px and the relative change of luminance. ``parting`` (h, w) is the
    distance by which the lips part, px; only for units that part the lips.
    """

    rows: slice
    columns: slice
    values: Float32Array
    parting: Float32Array | None


@dataclass(frozen=True)
class SourceMap:
    """For each pixel of a frame (h, w), the point of the face at rest that it shows, in crop coordinates.

    Attributes:
        x, y: for skin, without the movement of the eyelids, and as if the whole mouth were the lower lip.
        rigid_x, rigid_y: for parts that only move with the head: eyeballs, teeth, glasses.
        parting: distance between the lips, (h, w) px; add it to ``y`` for the upper lip. None if the lips are closed.
        shading: relative change of luminance.

    """

    x: Float32Array
    y: Float32Array
    rigid_x: Float32Array
    rigid_y: Float32Array
    parting: Float32Array | None
    shading: Float32Array


class Rig:
    """The moving parts of one identity in one window.

    At pixel p, a frame shows the point X(p) = A⁻¹(p) - Σ aₖ Bₖ(p) of the face at rest, where A is the rigid movement of
    the head, aₖ the intensity of an action unit and Bₖ its field.
    """

    def __init__(self, identity: Identity, layers: FaceLayers, window: Window, far: int = 0) -> None:
        self.identity = identity
        self.window = window
        self.eyelids = {side: Eyelids.in_window(identity, side, window, far) for side in SIDES}
        cut = (
            slice(window.top - CANVAS_TOP, window.top - CANVAS_TOP + window.height),
            slice(window.left - CANVAS_LEFT, window.left - CANVAS_LEFT + window.width),
        )
        self._depth, self._head = layers.depth[cut], layers.head[cut]
        self._fields: dict[str, Field] = {}

    def source_map(self, pose: Pose) -> SourceMap:
        """The points of the face at rest that the pixels of a frame in this pose show."""
        rigid_x, rigid_y = self._rigid_map(pose)
        moved = np.zeros((self.window.height, self.window.width, 3), np.float32)
        parting = np.zeros(moved.shape[:2], np.float32) if self._parts_lips(pose) else None
        for key, intensity in pose.activity.items():
            field = self.field(key)
            _add_scaled(moved[field.rows, field.columns], field.values, intensity)
            if parting is not None and field.parting is not None:
                _add_scaled(parting[field.rows, field.columns], field.parting, intensity)
        x, y = rigid_x - moved[..., 0], rigid_y - moved[..., 1]
        return SourceMap(x, y, rigid_x, rigid_y, parting, moved[..., 2])

    def field(self, key: str) -> Field:
        """The field of an action unit and side, e.g. ``12l``; it is computed when it is first needed."""
        if key not in self._fields:
            self._fields[key] = self._build_field(int(key[:-1]), key[-1])
        return self._fields[key]

    def _rigid_map(self, pose: Pose) -> tuple[Float32Array, Float32Array]:
        """A⁻¹: inverse rotation and scale about the pivot, and a shift by yaw and pitch times depth; 0 off the head."""
        shift_x, shift_y, roll, yaw, pitch, scale = pose.head
        cosine, sine = np.cos(roll) / (1 + scale), np.sin(roll) / (1 + scale)
        x, y = self.window.x, self.window.y
        from_x, from_y = x - np.float32(PIVOT[0] + shift_x), y - np.float32(PIVOT[1] + shift_y)
        # The displacement fades out at the edge of the head.
        moved_x = (np.float32(cosine) * from_x + np.float32(PIVOT[0]) - x) + np.float32(sine) * from_y
        moved_y = (np.float32(cosine) * from_y + np.float32(PIVOT[1]) - y) - np.float32(sine) * from_x
        moved_x -= np.float32(yaw) * self._depth
        moved_y -= np.float32(pitch) * self._depth
        return x + self._head * moved_x, y + self._head * moved_y

    @staticmethod
    def _parts_lips(pose: Pose) -> bool:
        return any(ACTION_UNITS[int(key[:-1])].parts_lips for key in pose.activity)

    def _build_field(self, number: int, side: str) -> Field:
        unit = ACTION_UNITS[number]
        displacement, parting = self._displacement(unit, side)
        values = np.dstack([displacement, self._shading(unit, side, displacement)])
        rows, columns = _support(values)
        if parting is not None:
            parting = np.ascontiguousarray(parting[rows, columns])
        return Field(rows, columns, np.ascontiguousarray(values[rows, columns]), parting)

    def _displacement(self, unit: ActionUnit, side: str) -> tuple[Float32Array, Float32Array | None]:
        """The displacement (h, w, 2), and the parting (h, w) of units that part the lips.

        Of such units, the displacement is that of the lower lip.
        """
        displacement = np.zeros((self.window.height, self.window.width, 2), np.float32)
        parting = None
        if unit.parts_lips:
            parting = np.zeros(displacement.shape[:2], np.float32)
            for motion in unit.motions:
                bump = self._bump(motion, side) * motion.displacement[1]
                lower = motion.mask == "lower lip"
                displacement[..., 1] += bump if lower else bump * (1 - self._jump)
                parting += bump * self._jump * (1 if lower else -1)
        else:
            for motion in unit.motions:
                bump = self._bump(motion, side) * self._masks[motion.mask]
                displacement += bump[..., None] * np.array(self._direction(motion, unit.paired, side), np.float32)
        return displacement, parting

    def _shading(self, unit: ActionUnit, side: str, displacement: Float32Array) -> Float32Array:
        """The change of luminance by wrinkles and by bulges of compressed skin, whose lit side is brighter."""
        looks = self.identity.appearance
        squeezed = -(_slope(displacement[..., 0], 1, 0) + _slope(displacement[..., 1], 0, 1))
        bulge = np.asarray(cv2.GaussianBlur(squeezed, (0, 0), 3), np.float32)
        shading = -BULGE_SHADING * (looks.light_y * _slope(bulge, 0, 1) + looks.light_x * _slope(bulge, 1, 0))
        for wrinkle in unit.wrinkles:
            shading += wrinkle.log_luminance * self._bump(wrinkle, side)
        return np.asarray(shading, np.float32)

    def _bump(self, part: Motion | Wrinkle, side: str) -> Float32Array:
        """The Gaussian of a motion or wrinkle on the window; a paired unit acts only on its own side."""
        landmarks = self.identity.landmarks
        x, y = self.window.x, self.window.y
        if part.landmark in landmarks:
            center_x, center_y = landmarks[part.landmark]
            bump = gaussian(x, y, (center_x + part.offset[0], center_y + part.offset[1]), part.sigma, part.tilt)
            own_side = (x - np.float32(MIDLINE)) * outward(side)
            return bump if side == "c" else bump * smoothstep(own_side, -SIDE_BLEND, SIDE_BLEND)
        center_x, center_y = landmarks[f"{part.landmark}_{side}"]
        center = (center_x + outward(side) * part.offset[0], center_y + part.offset[1])
        return gaussian(x, y, center, part.sigma, part.tilt * outward(side))

    def _direction(self, motion: Motion, paired: bool, side: str) -> Point:
        """The displacement in image coordinates: outward becomes left or right; 0 at the midline of a paired unit."""
        across, down = motion.displacement
        if motion.landmark in self.identity.landmarks:
            return (0.0 if paired else across), down
        return across * outward(side), down

    @cached_property
    def _masks(self) -> dict[str, Float32Array | np.float32]:
        x, y, shape = self.window.x, self.window.y, self.identity.shape
        line = self.identity.lip_line(x)
        below = smoothstep(y, line - 2, line + 2)
        away = np.abs(x - np.float32(MIDLINE))
        beside = smoothstep(away, shape.mouth_half_width - 4, shape.mouth_half_width + 14)
        return {
            "all": np.float32(1),
            "brow": 1 - smoothstep(y, shape.eye_y - 22, shape.eye_y - 6),
            "cheek": smoothstep(y, shape.eye_y + 2, shape.eye_y + 16),
            "upper lip": (1 - below) * (1 - beside) + beside,
            "lower lip": below * (1 - beside) + beside,
        }

    @cached_property
    def _jump(self) -> Float32Array:
        """The share of one lip's movement that the other does not follow, (1, w): 1 in the middle, 0 at the corners."""
        across = (self.window.x - np.float32(MIDLINE)) / np.float32(self.identity.shape.mouth_half_width - 2)
        return np.asarray(np.clip(1 - across * across, 0, 1), np.float32)


def _add_scaled(total: Float32Array, values: Float32Array, factor: float) -> None:
    """Add in place; with NumPy alone this takes three times as long, which is a large share of a frame's time."""
    cv2.scaleAdd(values, factor, total, dst=total)


def _slope(layer: Float32Array, across: int, down: int) -> Float32Array:
    return np.asarray(cv2.Sobel(layer, cv2.CV_32F, across, down, ksize=3) / 8, np.float32)


def _support(values: Float32Array) -> tuple[slice, slice]:
    """The smallest patch (rows, columns) outside which all values are negligible."""
    matters = np.any(np.abs(values) > NEGLIGIBLE, axis=2)
    rows, columns = np.flatnonzero(matters.any(axis=1)), np.flatnonzero(matters.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
