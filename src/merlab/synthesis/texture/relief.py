"""The shape of the head: its outline, its depth, and its shading."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import MIDLINE, SIDES, outward, smoothstep
from merlab.synthesis.identity import Identity
from merlab.synthesis.texture.canvas import COLUMNS, ROWS, SUPERSAMPLING, blurred, bump

HEAD_DEPTH = 120
ACROSS = COLUMNS - np.float32(MIDLINE)


@dataclass(frozen=True)
class Lips:
    """The lips: the y of their line (1, W), how far inside the mouth a column is (1, W), and their red area (H, W)."""

    line: Float32Array
    envelope: Float32Array
    mask: Float32Array


@dataclass(frozen=True)
class Relief:
    """The area of the face (H, W) in 0..1, and the depth (H, W) in px, which increases towards the camera."""

    face: Float32Array
    depth: Float32Array


@dataclass(frozen=True)
class Shading:
    """The light on the skin (H, W): the diffuse factor, and the specular reflection to add."""

    diffuse: Float32Array
    specular: Float32Array


def top_of_head(identity: Identity) -> float:
    """The crop y of the top of the skull."""
    return identity.shape.hairline_y - 75


def face_outline(identity: Identity) -> Float32Array:
    """The area of the face, (H, W) in 0..1: a superellipse above the cheekbones, and the jaw below them."""
    shape = identity.shape
    widest, top = shape.eye_y + 18, top_of_head(identity)
    above = widest > ROWS
    along = np.where(above, (widest - ROWS) / (widest - top), (ROWS - widest) / (shape.chin_y - widest))
    power = np.where(above, 2.3, 1.55 + shape.jaw)
    root = np.where(above, 1 / 2.2, 1 / 1.75)
    half_width = shape.face_half_width * (1 - np.clip(along, 0, 1) ** power) ** root
    return blurred(smoothstep(half_width - np.abs(ACROSS), -1.5, 2.5) * (along < 1), 1.5)


def find_lips(identity: Identity) -> Lips:
    """The lips of the closed mouth."""
    shape = identity.shape
    line = identity.lip_line(COLUMNS)
    envelope = np.sqrt(np.clip(1 - (ACROSS / np.float32(shape.mouth_half_width)) ** 2, 0, 1))
    bow = 1 - 0.16 * np.exp(-((ACROSS / 5) ** 2)) + 0.1 * np.exp(-(((np.abs(ACROSS) - 11) / 6) ** 2))
    top = line - shape.upper_lip * envelope**0.8 * bow
    bottom = line + shape.lower_lip * envelope**0.75
    mask = smoothstep(ROWS, top - 1.5, top + 1.5) * (1 - smoothstep(ROWS, bottom - 2, bottom + 2))
    return Lips(line, envelope, mask * smoothstep(envelope, 0.05, 0.3))


def model_relief(identity: Identity, lips: Lips) -> Relief:
    """The relief of the head: an ellipsoid with a nose, brows, eye sockets, cheeks, folds, lips and a chin."""
    across = np.abs(ACROSS) / (identity.shape.face_half_width * 1.04)
    up = np.clip((100 - ROWS) / (110 - top_of_head(identity)), 0, None)
    down = np.clip((ROWS - 100) / 205, 0, None)
    depth = HEAD_DEPTH * np.sqrt(np.clip(1 - across**2.2 - up**2.3 - down**2, 0, 1))
    depth += _nose_depth(identity) + _mouth_depth(identity, lips)
    for side in SIDES:
        depth += _side_depth(identity, side)
    return Relief(face_outline(identity), blurred(depth.astype(np.float32), 2))


def _nose_depth(identity: Identity) -> Float32Array:
    landmarks, shape = identity.landmarks, identity.shape
    tip_y = landmarks["nose_tip"][1]
    ball = 18 * shape.nose_relief * bump((MIDLINE, tip_y - 4), (0.42 * shape.nose_half_width, 10))
    bridge = 13 * shape.nose_relief * bump((MIDLINE, tip_y - 28), (9.5, 30))
    return ball + bridge + 4 * bump((MIDLINE, landmarks["glabella"][1] - 30), (60, 26))


def _mouth_depth(identity: Identity, lips: Lips) -> Float32Array:
    landmarks, shape = identity.landmarks, identity.shape
    width = shape.mouth_half_width
    bulge = 5 * bump(landmarks["upper_lip"], (0.55 * width, 6)) + 6.5 * bump(landmarks["lower_lip"], (0.5 * width, 6.5))
    crease = 5.5 * np.exp(-(((ROWS - lips.line) / 2.6) ** 2)) * smoothstep(lips.envelope, 0, 0.4)
    philtrum = 3 * bump((MIDLINE, landmarks["subnasal"][1] + 8), (4.5, 9))
    under_lip = 4.5 * bump((MIDLINE, shape.mouth_y + shape.lower_lip + 11), (24, 7))
    chin = 9 * bump((MIDLINE, landmarks["chin_boss"][1] + 3), (22, 16))
    return np.asarray(bulge - crease - philtrum - under_lip + chin, np.float32)


def _side_depth(identity: Identity, side: str) -> Float32Array:
    out, age = outward(side), identity.appearance.age
    ala, eye, fold, corner, brow, cheek = (
        identity.landmarks[f"{name}_{side}"]
        for name in ("ala", "eye", "nasolabial", "mouth_corner", "brow_middle", "cheek")
    )
    depth = 8 * bump((ala[0] - 7 * out, ala[1] - 3), (8, 8)) + 6 * bump((brow[0], brow[1] + 6), (34, 9))
    depth += 6 * bump(eye, (17, 10)) - 7 * bump((eye[0] - 6 * out, eye[1] - 4), (26, 13))
    depth += 9 * bump(cheek, (26, 22)) - (2.2 + 2 * age) * bump((fold[0] - 2 * out, fold[1]), (3.6, 26), -0.45 * out)
    depth -= 2.2 * bump((corner[0] + 4 * out, corner[1] + 1), (6, 6))
    depth -= (1 + age) * bump((eye[0] - 3 * out, eye[1] + 17), (20, 3.2), 0.12 * out)
    return depth


def shade(identity: Identity, relief: Relief, bumps: Float32Array) -> Shading:
    """Lambert shading with a weak fill light from the other side, ambient occlusion and a specular lobe.

    ``bumps`` (H, W) px are added to the depth of the relief to make the skin rough.
    """
    rough = relief.depth + bumps
    slope_x = cv2.Sobel(rough, cv2.CV_32F, 1, 0, ksize=3) * np.float32(SUPERSAMPLING / 8)
    slope_y = cv2.Sobel(rough, cv2.CV_32F, 0, 1, ksize=3) * np.float32(SUPERSAMPLING / 8)
    normal_z = 1 / np.sqrt(slope_x * slope_x + slope_y * slope_y + 1)
    normal_x, normal_y = -slope_x * normal_z, -slope_y * normal_z
    light_x, light_y = identity.appearance.light_x, identity.appearance.light_y
    light_z = float(np.sqrt(max(0.1, 1 - light_x**2 - light_y**2)))
    key = np.clip(normal_x * light_x + normal_y * light_y + normal_z * light_z, 0, 1)
    fill = np.clip(0.8 * (normal_z - normal_x * light_x), 0, 1)
    hollow = np.clip(1 + 0.03 * (relief.depth - blurred(relief.depth, 5 * SUPERSAMPLING)), 0.6, 1.15)
    halfway = np.clip((normal_x * light_x + normal_y * light_y + normal_z * (1 + light_z)) / 2, 0, 1)
    return Shading(
        np.asarray((0.30 + 0.58 * key + 0.14 * fill) * hollow, np.float32), cv2.pow(halfway.astype(np.float32), 28)
    )
