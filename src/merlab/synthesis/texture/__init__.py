"""The layers of a face: they are painted once per subject, and moved in every frame.

Light is computed with linear albedos on a model of the head's relief, and then converted to 8 bits with a gamma of 1.9.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from merlab.frames import Float32Array, Image
from merlab.synthesis.canvas_layout import Stream, random_stream, smoothstep
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture.canvas import SUPERSAMPLING, blurred, covered, eight_bits, grain, painted
from merlab.synthesis.texture.eyes import (
    draw_brows,
    draw_glasses,
    draw_lid_lines,
    eye_openings,
    paint_eyeballs,
    paint_mouth,
)
from merlab.synthesis.texture.relief import HEAD_DEPTH, find_lips, model_relief, shade
from merlab.synthesis.texture.skin import GRAIN_SCALES, paint_skin, skin_bumps, skin_color
from merlab.synthesis.texture.surroundings import hair_color, paint_hair, paint_surroundings

GAMMA = 1.9


@dataclass(frozen=True)
class FaceLayers:
    """A face at rest, at twice the resolution of the 640 x 480 head canvas.

    Attributes:
        skin: (960, 1280, 4) BGR premultiplied by its alpha; the alpha is 0 where the eyeballs are visible.
        eyeballs: (960, 1280, 3), the eyeballs behind the lids.
        mouth: (960, 1280, 3), the inside of the mouth behind the lips.
        glasses: (960, 1280) opacity of the rims, 0..255; None without glasses.
        depth: (480, 640) px towards the camera; 0 at the depth of the eyes and outside the head.
        head: (480, 640) in 0..1, how much a pixel moves with the head.

    """

    skin: Image
    eyeballs: Image
    mouth: Image
    glasses: Image | None
    depth: Float32Array
    head: Float32Array


def paint_face(identity: Identity, blur: float) -> FaceLayers:
    """Paint a subject; ``blur`` is the standard deviation of the optical blur in px of the canvas."""
    rng = random_stream(identity.seed, Stream.TEXTURE, identity.subject)
    grains = [grain(rng, scale) for scale in GRAIN_SCALES]
    lips = find_lips(identity)
    relief = model_relief(identity, lips)
    light = shade(identity, relief, skin_bumps(identity, grains))
    albedo = paint_skin(identity, lips, grains, rng)
    face = albedo * light.diffuse[..., None] + (0.055 * light.specular * (1 + 0.3 * grains[3]))[..., None]
    dark = skin_color(identity) * np.float32(0.1) + np.float32(0.02)
    face = painted(face, draw_lid_lines(identity, rng), dark)
    face = painted(face, draw_brows(identity, rng), hair_color(identity))
    scene = painted(paint_surroundings(identity, grains, rng), relief.face, face)
    scene, hair = paint_hair(identity, scene, relief, grains, rng)
    glasses = draw_glasses(identity)

    def finished(layer: Float32Array) -> Image:
        area, shown = covered(layer), np.zeros_like(layer)
        shown[area] = _exposed(layer[area], identity.appearance.exposure)
        return eight_bits(_softened(shown, blur))

    opaque = 1 - eye_openings(identity)
    skin = np.empty((*opaque.shape, 4), np.float32)
    skin[..., :3] = _exposed(scene, identity.appearance.exposure) * opaque[..., None]
    skin[..., 3] = opaque
    return FaceLayers(
        skin=eight_bits(_softened(skin, blur)),
        eyeballs=finished(paint_eyeballs(identity, grains[2])),
        mouth=finished(paint_mouth(identity)),
        glasses=None if glasses is None else eight_bits(_softened(glasses, blur)),
        depth=_halved(relief.depth - HEAD_DEPTH / 2) * _halved(relief.face),
        head=_halved(_faded(np.maximum(relief.face, hair))),
    )


def _faded(head: Float32Array) -> Float32Array:
    """1 on the head, decreasing to 0 within about 40 px around it."""
    sigma = 20 * SUPERSAMPLING
    # OpenCV's kernel ends after four sigmas.
    area, blurry = covered(head, 4 * sigma), np.zeros_like(head)
    blurry[area] = blurred(head[area], sigma)
    return smoothstep(blurry, 0.02, 0.4)


def _exposed(linear: Float32Array, exposure: float) -> Float32Array:
    """Convert linear light to display values in 0..1."""
    return np.asarray(np.clip(cv2.pow(np.clip(linear, 0, 1), 1 / GAMMA) * exposure, 0, 1), np.float32)


def _softened(layer: Float32Array, blur: float) -> Float32Array:
    """Apply the optical blur; it also prevents aliasing when every second texture pixel is sampled."""
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), blur * SUPERSAMPLING), np.float32) if blur > 0 else layer


def _halved(layer: Float32Array) -> Float32Array:
    size = (layer.shape[1] // SUPERSAMPLING, layer.shape[0] // SUPERSAMPLING)
    return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.float32)
