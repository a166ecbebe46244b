"""Paint the eyes, the brows, the inside of the mouth, and glasses."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import MIDLINE, SIDES, Point, gaussian, outward, smoothstep
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    SUPERSAMPLING,
    WIDTH,
    bgr,
    blurred,
    box,
    pen_lines,
    texture_x,
    texture_y,
)
from merlab.synthesis.texture.skin import skin_color

IRIS_RADIUS, PUPIL_RADIUS = 11.8, 4.6
BROWN_IRIS, LIGHT_IRIS = bgr(0.06, 0.10, 0.17), bgr(0.30, 0.28, 0.22)
SCLERA = bgr(0.66, 0.68, 0.70)
DARK_EYED_MELANIN = 0.35
GLASSES_OPACITY = 0.85
LASHES = 34

Stroke = tuple[NDArray[np.floating], float]


def eye_openings(identity: Identity) -> Float32Array:
    """1 where the eyeballs are visible between the lids, (H, W)."""
    opening = np.zeros((HEIGHT, WIDTH), np.float32)
    for side in SIDES:
        lids = identity.eyelids(side, COLUMNS)
        upper, lower = lids.upper, lids.lower
        inside = np.abs(COLUMNS - identity.landmarks[f"eye_{side}"][0]) < identity.shape.eye_half_width
        below = smoothstep(ROWS, upper - 0.5, upper + 0.5)
        opening += below * (1 - smoothstep(ROWS, lower - 0.5, lower + 0.5)) * inside
    return opening


def draw_lid_lines(identity: Identity, rng: np.random.Generator) -> Float32Array:
    """The opacity of creases, lid margins and lashes, (H, W)."""
    creases: list[Stroke] = []
    margins: list[Stroke] = []
    waterlines: list[Stroke] = []
    lashes: list[Stroke] = []
    for side in SIDES:
        center, reach = identity.landmarks[f"eye_{side}"][0], identity.shape.eye_half_width
        x = np.linspace(center - reach, center + reach, 60)
        lids = identity.eyelids(side, x)
        creases.append((np.stack([x, lids.crease], 1)[4:-3], 0.38))
        margins.append((np.stack([x, lids.upper - 0.6], 1), 0.82))
        waterlines.append((np.stack([x, lids.lower + 0.4], 1)[6:-2], 0.4))
        lashes += _lashes(x, lids.upper, outward(side), rng)
    layers = (
        blurred(pen_lines(creases, 1.2), 1.2),
        pen_lines(margins, 2.0),
        blurred(pen_lines(waterlines, 1.0), 0.9),
        pen_lines(lashes, 0.5),
    )
    return np.asarray(np.max(layers, axis=0), np.float32)


def _lashes(x: NDArray[np.floating], upper: NDArray[np.floating], out: int, rng: np.random.Generator) -> list[Stroke]:
    roots = rng.integers(4, 56, LASHES)
    lengths = rng.uniform(2.0, 4.6, LASHES)
    lean = 3.2 * (roots - 30) / 30 + 0.8 * out
    starts = np.stack([x[roots], upper[roots]], 1)
    ends = np.stack([x[roots] + lean, upper[roots] - 0.75 * lengths], 1)
    return [(line, 0.59) for line in np.stack([starts, ends], 1)]


def draw_brows(identity: Identity, rng: np.random.Generator) -> Float32Array:
    """The opacity of the brows, (H, W): single hairs along a curve, on a blurred background."""
    density = identity.appearance.brow_density
    strokes = [stroke for side in SIDES for stroke in _brow_hairs(identity, side, int(240 + 200 * density), rng)]
    hairs = pen_lines(strokes, 0.5)
    brows = np.clip(1.15 * blurred(hairs, 0.7) + 0.55 * blurred(hairs, 4), 0, 0.93)
    return np.asarray(brows * (0.72 + 0.28 * min(1, density)), np.float32)


def _brow_hairs(identity: Identity, side: str, count: int, rng: np.random.Generator) -> list[Stroke]:
    inner, middle, outer = (
        np.array(identity.landmarks[f"brow_{part}_{side}"]) for part in ("inner", "middle", "outer")
    )
    along = rng.uniform(0, 1, count) ** 0.9
    bend = 2 * middle - 0.5 * (inner + outer)
    weights = np.stack([(1 - along) ** 2, 2 * along * (1 - along), along**2], 1)
    roots = weights @ np.stack([inner, bend, outer])
    thickness = identity.shape.brow_thickness * (1 - 0.75 * along) * (0.75 + 0.9 * np.minimum(1, 4 * along))
    roots[:, 1] += rng.normal(0, 0.45, count) * thickness
    angle = np.where(along < 0.25, -1.1 + 2.6 * along, -0.45 + 0.75 * along)
    length = rng.uniform(4, 8.5, count) * (1 - 0.35 * along)
    tips = roots + np.stack([outward(side) * np.cos(angle) * length, 0.7 * np.sin(angle) * length], 1)
    return list(zip(np.stack([roots, tips], 1), rng.uniform(0.35, 0.8, count), strict=True))


def paint_eyeballs(identity: Identity, grains: Float32Array) -> Float32Array:
    """Both eyeballs with iris, pupil, reflection and the shadow of the lid, (H, W, 3); black elsewhere."""
    layer = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for side in SIDES:
        center = identity.landmarks[f"eye_{side}"]
        rows, columns = box(center, identity.shape.eye_half_width + 8)
        layer[rows, columns] = _paint_eyeball(identity, side, COLUMNS[:, columns], ROWS[rows], grains[rows, columns])
    return layer


def _paint_eyeball(
    identity: Identity, side: str, columns: Float32Array, rows: Float32Array, grain: Float32Array
) -> Float32Array:
    center_x, center_y = identity.landmarks[f"eye_{side}"]
    x, y = columns - np.float32(center_x), rows - np.float32(center_y)
    reach, height = identity.shape.eye_half_width, identity.shape.eye_height
    round_off = (1 - 0.45 * np.clip(np.abs(x) / reach, 0, 1.2) ** 2) * (1 - 0.18 * np.clip(-y / 10, 0, 1.5))
    eyeball = SCLERA * round_off[..., None]
    radius, angle = np.hypot(x, y + 0.8), np.arctan2(y + 0.8, x)
    rays = 0.85 + 0.18 * np.sin(23 * angle + 1.5 * grain) * np.sin(11 * angle + 1)
    rim = 1 - 0.55 * smoothstep(radius, IRIS_RADIUS - 4, IRIS_RADIUS)
    iris = 1 - smoothstep(radius, IRIS_RADIUS - 1.2, IRIS_RADIUS + 0.4)
    eyeball += iris[..., None] * (1.25 * _iris_color(identity) * (rays * rim)[..., None] - eyeball)
    pupil = 1 - smoothstep(radius, PUPIL_RADIUS - 0.6, PUPIL_RADIUS + 0.6)
    eyeball += pupil[..., None] * (0.015 - eyeball)
    glint_x = 12 * identity.appearance.light_x + 2.5
    eyeball += 0.75 * gaussian(x, y, (glint_x, -5.2), (1.06, 0.99))[..., None]
    eyeball *= (1 - 0.45 * np.exp(-np.clip(y + 1.05 * height, 0, 60) / 3.2))[..., None]
    caruncle = gaussian(x, y, (-outward(side) * (reach - 2.5), 1.5), (3.2, 3.2))
    eyeball += caruncle[..., None] * (skin_color(identity) * bgr(0.62, 0.58, 0.85) - eyeball)
    return np.asarray(eyeball, np.float32)


def _iris_color(identity: Identity) -> Float32Array:
    lightness = identity.appearance.iris if identity.appearance.melanin < DARK_EYED_MELANIN else 0.0
    return np.asarray(BROWN_IRIS + lightness * (LIGHT_IRIS - BROWN_IRIS), np.float32)


def paint_mouth(identity: Identity) -> Float32Array:
    """The inside of the mouth, (H, W, 3): dark, with faint upper teeth below the lip line; black elsewhere."""
    layer = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    reach = identity.shape.mouth_half_width
    rows, columns = box((MIDLINE, identity.shape.mouth_y), reach + 4)
    across = COLUMNS[:, columns] - np.float32(MIDLINE)
    below = ROWS[rows] - identity.lip_line(COLUMNS[:, columns])
    between_teeth = 1 - 0.5 * np.exp(-(((np.mod(across / 8.5 + 0.5, 1) - 0.5) / 0.07) ** 2))
    teeth = smoothstep(below, 0.3, 2.5) * (1 - smoothstep(below, 4.5, 6.5)) * between_teeth
    teeth = teeth * np.clip(1 - (across / (0.75 * reach)) ** 2, 0, 1)
    layer[rows, columns] = bgr(0.012, 0.010, 0.022) + teeth[..., None] * bgr(0.085, 0.11, 0.135)
    return layer


def draw_glasses(identity: Identity) -> Float32Array | None:
    """The opacity of the rims and the bridge of glasses, (H, W); None for a subject without glasses."""
    if not identity.appearance.glasses:
        return None
    layer = np.zeros((HEIGHT, WIDTH), np.uint8)
    for side in SIDES:
        x, y = identity.landmarks[f"eye_{side}"]
        axes = (40 * SUPERSAMPLING, 27 * SUPERSAMPLING)
        cv2.ellipse(layer, _texture_point((x, y + 4)), axes, 0, 0, 360, 255, 3, cv2.LINE_AA)
        hinge = _texture_point((x + 39 * outward(side), y + 1))
        temple = _texture_point((MIDLINE + outward(side) * (identity.shape.face_half_width + 2), y - 5))
        cv2.line(layer, hinge, temple, 255, 3, cv2.LINE_AA)
    right, left = identity.landmarks["eye_r"][0] + 39, identity.landmarks["eye_l"][0] - 39
    bridge_y = identity.shape.eye_y - 3
    cv2.line(layer, _texture_point((right, bridge_y)), _texture_point((left, bridge_y)), 255, 4, cv2.LINE_AA)
    return np.float32(GLASSES_OPACITY) * blurred(layer.astype(np.float32), 0.8) / np.float32(255)


def _texture_point(point: Point) -> tuple[int, int]:
    x, y = np.array([point], np.float32).T
    return round(float(texture_x(x)[0])), round(float(texture_y(y)[0]))
