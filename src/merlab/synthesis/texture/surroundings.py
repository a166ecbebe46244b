"""Paint hair, ears, neck, shoulders and the wall; all have texture, because optical flow fails on uniform areas."""

from __future__ import annotations

import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import MIDLINE, SIDES, outward, smoothstep
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture.canvas import ROWS, bgr, bump, grain_line, painted
from merlab.synthesis.texture.relief import ACROSS, Relief, top_of_head
from merlab.synthesis.texture.skin import Grains, skin_color

WALL = bgr(0.55, 0.55, 0.56)
HAIR = bgr(0.016, 0.018, 0.024)
EAR_HALF_WIDTH, EAR_HALF_HEIGHT = 13, 30
STRANDS = 2400


def hair_color(identity: Identity) -> Float32Array:
    """The color of brows and hair, BGR in 0..1."""
    return np.asarray(HAIR * (1 + 8 * identity.appearance.hair_lightness), np.float32)


def paint_surroundings(identity: Identity, grains: Grains, rng: np.random.Generator) -> Float32Array:
    """Everything behind the face, (H, W, 3)."""
    brightness = rng.uniform(0.75, 1.15)
    shade = 1 + 0.0002 * ROWS + 0.05 * grains[0] + 0.03 * grains[1] + 0.02 * grains[2]
    scene = np.asarray(WALL * brightness * shade[..., None], np.float32)
    scene = _paint_neck(identity, scene, grains)
    scene = _paint_shoulders(scene, grains, rng)
    for side in SIDES:
        scene = _paint_ear(identity, scene, side, grains)
    return scene


def _paint_neck(identity: Identity, scene: Float32Array, grains: Grains) -> Float32Array:
    half_width = 88 + 0.2 * (ROWS - 250)
    neck = smoothstep(half_width - np.abs(ACROSS), -3, 3) * smoothstep(ROWS, 200, 225)
    chin_shadow = 0.55 * np.exp(-(np.abs((ROWS - identity.shape.chin_y) / 30) ** 1.5))
    roundness = 0.3 * (np.abs(ACROSS) / 95) ** 2
    shade = 1.15 - chin_shadow - roundness + 0.025 * (grains[1] + grains[2] + grains[3])
    return painted(scene, neck, 0.5 * skin_color(identity), np.clip(shade, 0.15, None))


def _paint_shoulders(scene: Float32Array, grains: Grains, rng: np.random.Generator) -> Float32Array:
    color = rng.uniform(0.05, 0.4) * rng.uniform(0.7, 1.0, 3)
    away = np.abs(ACROSS)
    height = 322 - 22 * smoothstep(away, 40, 96) + 34 * smoothstep(away, 100, 260)
    cloth = smoothstep(ROWS - height - 1.5 * grains[0], -2, 2)
    weave = 1 + 0.05 * (grains[1] + grains[2] + grains[3])
    return painted(scene, cloth, color, weave)


def _paint_ear(identity: Identity, scene: Float32Array, side: str, grains: Grains) -> Float32Array:
    center = (MIDLINE + outward(side) * (identity.shape.face_half_width + 2), 95)
    across = (ACROSS + np.float32(MIDLINE - center[0])) / EAR_HALF_WIDTH
    inside = np.asarray(1 - across**2 - ((ROWS - center[1]) / EAR_HALF_HEIGHT) ** 2, np.float32)
    ear = smoothstep(inside, 0, 0.12)
    concha = 0.35 * bump((center[0] + 1.5 * outward(side), center[1] + 3), (4.5, 14))
    shade = (1 - concha) * (1 + 0.04 * grains[1] + 0.03 * grains[2])
    return painted(scene, ear, 0.62 * skin_color(identity), shade)


def paint_hair(
    identity: Identity, image: Float32Array, relief: Relief, grains: Grains, rng: np.random.Generator
) -> tuple[Float32Array, Float32Array]:
    """``image`` with hair, and the area of the hair, (H, W)."""
    strands = _strands(identity, rng)
    cover = _hair_cover(identity, relief, grains, strands)
    gloss = 0.3 * bump((MIDLINE - 30, top_of_head(identity) + 40), (60, 26))
    shade = np.clip(1 + 0.22 * strands + 0.08 * grains[3] + gloss, 0.3, None)
    return painted(image, cover, hair_color(identity), shade), cover


def _strands(identity: Identity, rng: np.random.Generator) -> Float32Array:
    """Noise that is stretched along lines from the crown, (H, W), with a variance of about 1."""
    crown_x = float(rng.uniform(-25, 25))
    angle = np.arctan2(ACROSS - np.float32(crown_x), ROWS - np.float32(top_of_head(identity) - 30))
    place = (angle / (2 * np.pi) + 0.5) * (STRANDS - 2)
    line, below = grain_line(rng, STRANDS, 1.5), place.astype(np.int32)
    return np.asarray(line[below] + (place - below) * (line[below + 1] - line[below]), np.float32)


def _hair_cover(identity: Identity, relief: Relief, grains: Grains, strands: Float32Array) -> Float32Array:
    shape, top = identity.shape, top_of_head(identity)
    skull = 1 - (ACROSS / np.float32(shape.face_half_width + 13)) ** 2 - ((ROWS - (top + 105)) / 128) ** 2
    outline = smoothstep(skull + 0.008 * strands, 0, 0.04) * (1 - smoothstep(ROWS, 105, 130))
    away = np.abs(ACROSS)
    hairline = shape.hairline_y - 0.0022 * away**2 + 0.000045 * away**3
    if identity.appearance.fringe:
        hairline = np.maximum(hairline, shape.eye_y - shape.brow_height - 34)
    above = 1 - smoothstep(ROWS - hairline - 5 * grains[0] - 3 * strands, -7, 7)
    temples = smoothstep(away - (shape.face_half_width - 10) + 2 * grains[1] + 1.5 * strands, -4, 4)
    temples = temples * smoothstep(110 - ROWS, 0, 25)
    cover = np.maximum(above, temples) * np.maximum(relief.face, outline)
    return np.asarray(np.maximum(cover, outline * (1 - relief.face)), np.float32)
