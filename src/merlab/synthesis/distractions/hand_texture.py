"""Paint a hand with its forearm: skin over the relief of fingers, palm and arm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np

from merlab.frames import Float32Array, Image
from merlab.synthesis.canvas_layout import Point, gaussian, smoothstep
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture import GAMMA
from merlab.synthesis.texture.canvas import SUPERSAMPLING, bgr, eight_bits
from merlab.synthesis.texture.relief import Relief, shade
from merlab.synthesis.texture.skin import skin_color

# Units of the drawing: 100 is the width of the palm, (0, 0) its middle, and y goes down to the arm.
PALM_WIDTH = 100.0
LEFT, TOP, DRAWN_WIDTH, DRAWN_HEIGHT = -130, -180, 260, 500
# Texture pixels per unit; a palm is about 125 px wide in the picture.
SCALE = 1.25 * SUPERSAMPLING
BLUR, SHADOW_BLUR = 1.0, 9.0

# Knuckle, length, radius and angle from upright (rad) of each finger, from the index finger to the little one.
FINGERS = ((-36, 78, 12.5, -0.12), (-12, 90, 13.0, -0.03), (12, 82, 12.5, 0.05), (34, 64, 11.0, 0.16))
KNUCKLE_Y, WRIST_Y = -42.0, 52.0
ARM_END = 500.0
# Above this height are the fingers with their creases and nails.
FINGERS_END = 30.0


@dataclass(frozen=True)
class HandTexture:
    """A right hand seen from its back, (H, W, 4) BGR premultiplied by alpha, and the opacity of its shadow (H, W)."""

    picture: Image
    shadow: Image


def paint_hand(identity: Identity, rng: np.random.Generator) -> HandTexture:
    """Paint the hand of a subject with the color of its skin."""
    x = (np.arange(round(DRAWN_WIDTH * SCALE), dtype=np.float32)[None, :] + 0.5) / SCALE + LEFT
    y = (np.arange(round(DRAWN_HEIGHT * SCALE), dtype=np.float32)[:, None] + 0.5) / SCALE + TOP
    height = reduce(np.maximum, (_capsule(x, y, *part) for part in _parts()))
    mask = smoothstep(height, 1.0, 5.0)
    depth = np.asarray(cv2.GaussianBlur(height, (0, 0), 1.2 * SCALE), np.float32)
    grains = [_grain(rng, height.shape, sigma) for sigma in (20.0, 6.0, 1.5)]
    bumps = identity.appearance.roughness * (0.05 * grains[1] + 0.09 * grains[2])
    light = shade(identity, Relief(mask, depth), np.asarray(bumps, np.float32))
    tone = 1 + 0.05 * grains[0] + 0.04 * grains[1] + 0.03 * grains[2]
    fingers = y[:, 0] < FINGERS_END
    tone[fingers] *= 1 - _creases(x, y[fingers])
    albedo = skin_color(identity) * tone[..., None]
    nails = _nails(x, y[fingers])[..., None]
    albedo[fingers] += nails * (skin_color(identity) * 0.8 + bgr(0.13, 0.13, 0.17) - albedo[fingers])
    linear = albedo * light.diffuse[..., None] + 0.03 * light.specular[..., None]
    shown = np.clip(linear, 0, 1) ** np.float32(1 / GAMMA) * np.float32(identity.appearance.exposure)
    layer = np.dstack([np.clip(shown, 0, 1) * mask[..., None], mask]).astype(np.float32)
    soft = cv2.GaussianBlur(layer, (0, 0), BLUR * SUPERSAMPLING)
    shadow = cv2.GaussianBlur(mask, (0, 0), SHADOW_BLUR * SUPERSAMPLING)
    return HandTexture(eight_bits(soft), eight_bits(shadow))


def _parts() -> list[tuple[Point, Point, float, float]]:
    """The capsules of a hand: two ends, and the radius at each end."""
    parts: list[tuple[Point, Point, float, float]] = []
    for knuckle, length, radius, angle in FINGERS:
        middle = _along((knuckle, KNUCKLE_Y), 0.5 * length, angle)
        tip = _along(middle, 0.5 * length, angle * 0.6)
        parts += [
            ((0.5 * knuckle, WRIST_Y), (knuckle, KNUCKLE_Y), 20, 17),
            ((knuckle, KNUCKLE_Y), middle, radius + 2, radius),
            (middle, tip, radius, radius - 2),
        ]
    thumb = ((-22.0, 38.0), (-54.0, 4.0), (-68.0, -30.0))
    parts += [(thumb[0], thumb[1], 20, 15), (thumb[1], thumb[2], 15, 11)]
    return [*parts, ((0.0, 30.0), (0.0, WRIST_Y + 40), 40, 31), ((0.0, WRIST_Y + 40), (0.0, ARM_END), 31, 46)]


def _along(start: Point, length: float, angle: float) -> Point:
    return start[0] + length * float(np.sin(angle)), start[1] - length * float(np.cos(angle))


def _capsule(x: Float32Array, y: Float32Array, start: Point, end: Point, first: float, last: float) -> Float32Array:
    """The height of a round limb between two points, (H, W); 0 outside of it."""
    along = np.subtract(end, start)
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / (along**2).sum()
    share = np.clip(share, 0, 1)
    squared = (x - start[0] - share * along[0]) ** 2 + (y - start[1] - share * along[1]) ** 2
    radius = first + share * (last - first)
    return np.asarray(np.sqrt(np.clip(radius**2 - squared, 0, None)), np.float32)


def _creases(x: Float32Array, y: Float32Array) -> Float32Array:
    """The darkening over the joints of the fingers."""
    dark = np.zeros((y.shape[0], x.shape[1]), np.float32)
    for knuckle, length, radius, angle in FINGERS:
        for share in (0.47, 0.5, 0.53, 0.78, 0.81):
            dark += 0.09 * gaussian(
                x, y, _along((knuckle, KNUCKLE_Y), share * length, angle), (0.7 * radius, 1.0), angle
            )
        dark += 0.05 * gaussian(x, y, (knuckle + 12, KNUCKLE_Y + 25), (3.0, 26.0))
    return dark


def _nails(x: Float32Array, y: Float32Array) -> Float32Array:
    nails = np.zeros((y.shape[0], x.shape[1]), np.float32)
    for knuckle, length, radius, angle in FINGERS:
        center = _along((knuckle, KNUCKLE_Y), length + 1.5, 0.85 * angle)
        inside = 1 - ((x - center[0]) / (0.62 * radius)) ** 2 - ((y - center[1]) / (0.75 * radius)) ** 2
        nails += 0.6 * smoothstep(inside, 0, 0.35)
    return np.clip(nails, 0, 1)


def _grain(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Float32Array:
    noise = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), sigma)
    return np.asarray(noise / noise.std(), np.float32)
