"""The color of the skin without light: melanin, blush, pores, moles, beard, folds and lips."""

from __future__ import annotations

import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import MIDLINE, SIDES, outward, smoothstep
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    bgr,
    box,
    bump,
    grain,
    grain_line,
    painted,
)
from merlab.synthesis.texture.relief import ACROSS, Lips

LIGHT_SKIN, DARK_SKIN = bgr(0.62, 0.72, 0.86), bgr(0.16, 0.23, 0.36)

# The scales of the five smooth noises, coarse to fine, that all painting functions of one face use.
GRAIN_SCALES = (40.0, 14.0, 5.0, 1.6, 0.7)
Grains = list[Float32Array]


def skin_color(identity: Identity) -> Float32Array:
    """The mean albedo of a subject's skin, BGR in 0..1."""
    looks = identity.appearance
    ruddy = 1 + looks.ruddiness * bgr(-0.05, -0.04, 0.03)
    return np.asarray((LIGHT_SKIN * (1 - looks.melanin) + DARK_SKIN * looks.melanin) * ruddy, np.float32)


def skin_bumps(identity: Identity, grains: Grains) -> Float32Array:
    """The pores and the unevenness of the skin, px of depth."""
    bumps = 0.05 * grains[2] + 0.055 * grains[3] + 0.03 * grains[4]
    return np.asarray(identity.appearance.roughness * bumps, np.float32)


def paint_skin(identity: Identity, lips: Lips, grains: Grains, rng: np.random.Generator) -> Float32Array:
    """The albedo of the skin on the whole canvas, (H, W, 3) BGR."""
    tone = _mottling(identity, grains) * (1 - _shadows(identity, lips, grains)) * _moles(rng) * _freckles(identity, rng)
    tone *= 1 - _wrinkles(identity, grains)
    for side in SIDES:
        tone *= _side_marks(identity, side)
    blush = _blush(identity, grains)
    albedo = skin_color(identity) * tone[..., None] * (1 + blush[..., None] * bgr(-0.8, -0.7, 0.25))
    return _paint_lips(identity, albedo, lips, grains, rng)


def _mottling(identity: Identity, grains: Grains) -> Float32Array:
    rough = identity.appearance.roughness
    weights = (0.020, 0.018, 0.014, 0.012 * rough, 0.010 * rough)
    mottling = np.ones((HEIGHT, WIDTH), np.float32)
    for weight, noise in zip(weights, grains, strict=True):
        mottling += np.float32(weight) * noise
    return mottling


def _blush(identity: Identity, grains: Grains) -> Float32Array:
    tip = identity.landmarks["nose_tip"]
    cheeks = bump(identity.landmarks["cheek_r"], (28, 20)) + bump(identity.landmarks["cheek_l"], (28, 20))
    return 0.1 * (bump(tip, (16, 12)) + 0.8 * cheeks) + 0.03 * grains[1]


def _shadows(identity: Identity, lips: Lips, grains: Grains) -> Float32Array:
    """The darkening of the eye sockets and of a shaved beard."""
    eyes = [identity.landmarks[f"eye_{side}"] for side in SIDES]
    sockets = 0.16 * sum(bump((x, y + 2), (24, 14)) for x, y in eyes)
    if identity.appearance.beard == 0:
        return np.asarray(sockets, np.float32)
    landmarks = identity.landmarks
    subnasal_y = landmarks["subnasal"][1]
    jaw = smoothstep(np.abs(ACROSS) + 0.55 * (ROWS - 150), 15, 60) * smoothstep(ROWS, subnasal_y + 2, subnasal_y + 8)
    chin = 0.9 * bump((MIDLINE, landmarks["chin_boss"][1] + 8), (34, 20))
    mustache = 0.7 * bump((MIDLINE, subnasal_y + 12), (30, 6))
    stubble = np.clip((jaw + mustache) * (1 - lips.mask) + chin, 0, 1) * (1 + 0.35 * grains[4])
    return np.asarray(np.clip(sockets + 0.22 * identity.appearance.beard * stubble, 0, 0.6), np.float32)


def _moles(rng: np.random.Generator) -> Float32Array:
    tone = np.ones((HEIGHT, WIDTH), np.float32)
    for _ in range(int(rng.poisson(5))):
        center = (float(rng.uniform(20, 210)), float(rng.uniform(20, 260)))
        darkness, width, height = rng.uniform([0.15, 0.7, 0.7], [0.5, 1.8, 1.8])
        rows, columns = box(center, 8)
        x, y = COLUMNS[:, columns] - np.float32(center[0]), ROWS[rows] - np.float32(center[1])
        tone[rows, columns] *= 1 - darkness * np.exp(-0.5 * ((x / width) ** 2 + (y / height) ** 2))
    return tone


def _freckles(identity: Identity, rng: np.random.Generator) -> Float32Array | float:
    if rng.random() >= 0.25 * (1 - identity.appearance.melanin):
        return 1.0
    return np.asarray(1 - 0.25 * np.clip(grain(rng, 1.8) - 1.7, 0, 1) * bump((MIDLINE, 115), (70, 26)), np.float32)


def _wrinkles(identity: Identity, grains: Grains) -> Float32Array:
    """Lines across the forehead, which increase with age."""
    across = np.exp(-((ACROSS / 62) ** 4))
    lines = np.zeros((HEIGHT, WIDTH), np.float32)
    for number in range(3):
        height = identity.landmarks["glabella"][1] - 26 - 15 * number
        center = height + 3 * np.cos(ACROSS / 40)
        rows = slice(*np.searchsorted(ROWS[:, 0], [height - 16, height + 16]))
        lines[rows] += np.exp(-(((ROWS[rows] - center - 2 * grains[0][rows]) / 1.4) ** 2)) * across
    return np.float32(0.05 * identity.appearance.age) * lines


def _side_marks(identity: Identity, side: str) -> Float32Array:
    """The tone of mouth corner, nostril, wing of the nose and nasolabial fold of one side."""
    out, age = outward(side), identity.appearance.age
    corner, nostril, ala, fold = (
        identity.landmarks[f"{name}_{side}"] for name in ("mouth_corner", "nostril", "ala", "nasolabial")
    )
    tone = (1 - 0.28 * bump(corner, (4, 2.6))) * (1 - 0.72 * bump(nostril, (6.2, 2.9), -0.35 * out))
    tone *= 1 - 0.2 * bump((ala[0] + out, ala[1] + 2), (2.2, 8))
    tone *= 1 - 0.1 * (0.4 + age) * bump(fold, (1.8, 24), -0.45 * out)
    return tone


def _paint_lips(
    identity: Identity, albedo: Float32Array, lips: Lips, grains: Grains, rng: np.random.Generator
) -> Float32Array:
    looks = identity.appearance
    color = skin_color(identity) * bgr(0.58, 0.52, 0.86) * (1 + 0.25 * looks.melanin) * (1 - 0.1 * looks.lip_redness)
    texture = 1 + 0.05 * grain_line(rng, WIDTH, 2.5)[None, :] + 0.03 * grains[3]
    lipped = painted(albedo, 0.82 * lips.mask, color, texture)
    line = 0.62 * np.exp(-(((ROWS - lips.line) / 1.5) ** 2)) * smoothstep(lips.envelope, 0.02, 0.35)
    return np.asarray(lipped * (1 - line)[..., None], np.float32)
