"""Render frames from poses: move the layers of a face, blend them, light them, and add sensor noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from statistics import NormalDist

import cv2
import numpy as np

from merlab.frames import Float32Array, Image
from merlab.synthesis.canvas_layout import CROP, MIDLINE, Window, random_stream
from merlab.synthesis.eyelids import Eyelids
from merlab.synthesis.identity import Identity, sample_identity
from merlab.synthesis.poses import FrameSequence, Pose
from merlab.synthesis.presets import RenderPreset
from merlab.synthesis.rig import Rig, SourceMap
from merlab.synthesis.texture import FaceLayers, paint_face
from merlab.synthesis.texture.canvas import texture_x, texture_y

READ_NOISE_VARIANCE, SHOT_NOISE = 1.44, 0.018
CHROMA_NOISE = 0.7
FRAME_GRAY, LASH_GRAY = np.float32(22), np.float32(70)
GLASSES_REACH = 42
MOUTH_REACH = 40
QUANTILES = 2**16

Patch = tuple[slice, slice]


class FaceRenderer:
    """Renders one subject through one window; keeps everything that does not change between frames and clips.

    ``far`` is how much further, in px, the head may move than in clips; with 0, eyes are cut off where the head moves
    far.
    """

    def __init__(
        self, identity: Identity, layers: FaceLayers, preset: RenderPreset, window: Window = CROP, *, far: int = 0
    ) -> None:
        self.identity = identity
        self.preset = preset
        self.window = window
        self.rig = Rig(identity, layers, window, far)
        self._far = far
        self.layers = layers
        self._noise_stream = window.width

    def frames(self, plan: FrameSequence) -> Iterator[Image]:
        """All frames of a plan in order, each (H, W, 3) uint8 BGR."""
        for frame in range(len(plan)):
            yield self.frame(plan, frame)

    def frame(self, plan: FrameSequence, frame: int) -> Image:
        """Frame ``frame`` (from 0) of a plan, (H, W, 3) uint8 BGR, before any compression."""
        return self.finished(self.lit(plan, frame), plan, frame)

    def lit(self, plan: FrameSequence, frame: int) -> list[Float32Array]:
        """The planes (H, W) blue, green and red of a frame under its light, in gray values, before sensor noise."""
        pose = plan.pose(frame)
        source = self.rig.source_map(pose)
        image = self._composed(source, pose)
        lamp = plan.gain[frame] * (1 + plan.side_light[frame] * (self.window.x - MIDLINE) / MIDLINE)
        light = np.asarray(lamp, np.float32) * (1 + np.float32(self.preset.wrinkle) * source.shading)
        return [channel.astype(np.float32) * light for channel in cv2.split(image)]

    def finished(self, planes: list[Float32Array], plan: FrameSequence, frame: int) -> Image:
        """Frame ``frame`` of a plan from its planes: with sensor noise, and as 8 bits."""
        if self.preset.noise > 0:
            self._add_noise(planes, random_stream(plan.noise_seed, self._noise_stream, frame))
        return np.asarray(cv2.merge([cv2.convertScaleAbs(np.maximum(plane, 0)) for plane in planes]), np.uint8)

    def _composed(self, source: SourceMap, pose: Pose) -> Image:
        """The blended layers of the face in this pose, under even light."""
        skin = self._skin(source, pose)
        image = np.asarray(cv2.cvtColor(skin, cv2.COLOR_BGRA2BGR), np.uint8)
        for eyelids in self.rig.eyelids.values():
            patch = (eyelids.rows, eyelids.columns)
            bare = 1 - skin[..., 3][patch].astype(np.float32)[..., None] / 255
            image[patch] = np.rint(image[patch] + bare * self._eyeball(eyelids, source, pose))
        if source.parting is not None:
            self._show_mouth(image, source)
        if self.layers.glasses is not None:
            rows = self._glasses_rows()
            _blend(image, (rows, slice(None)), self.glasses_shown(source, pose)[rows], FRAME_GRAY)
        return image

    def _eyeball(self, eyelids: Eyelids, source: SourceMap, pose: Pose) -> Float32Array:
        """The eyeball in the patch of an eye; where the lids almost meet, it is in the shadow of the lashes."""
        patch = (eyelids.rows, eyelids.columns)
        x = source.rigid_x[patch] - np.float32(pose.gaze[0])
        y = source.rigid_y[patch] - np.float32(pose.gaze[1])
        eyeball = _sampled(self.layers.eyeballs, x, y).astype(np.float32)
        if not eyelids.moves(pose):
            return eyeball
        openness = eyelids.openness(source.x[patch], pose)[..., None]
        return np.asarray(LASH_GRAY + openness * (eyeball - LASH_GRAY), np.float32)

    def eyeballs_shown(self, source: SourceMap, pose: Pose) -> Float32Array:
        """How much each pixel shows an eyeball, (H, W) in 0..1."""
        return np.asarray(1 - self._skin(source, pose)[..., 3] / np.float32(255), np.float32)

    def glasses_shown(self, source: SourceMap, pose: Pose) -> Float32Array:
        """How much each pixel shows the rim of glasses, (H, W) in 0..1."""
        shown = np.zeros((self.window.height, self.window.width), np.float32)
        if self.layers.glasses is not None:
            slip, roll = map(np.float32, pose.glasses)
            rows = self._glasses_rows()
            x, y = source.rigid_x[rows], source.rigid_y[rows]
            if slip or roll:
                across, down = x - np.float32(MIDLINE), y - np.float32(self.identity.shape.eye_y)
                x, y = x + roll * down, y - roll * across - slip
            shown[rows] = _sampled(self.layers.glasses, x, y)
        return shown / np.float32(255)

    def _glasses_rows(self) -> slice:
        """The rows in which glasses can be."""
        eye_y, reach = int(self.identity.shape.eye_y) - self.window.top, GLASSES_REACH + self._far
        return slice(max(0, eye_y - reach), eye_y + reach)

    def _skin(self, source: SourceMap, pose: Pose) -> Image:
        return _sampled(self.layers.skin, source.x, self.skin_y(source, pose))

    def skin_y(self, source: SourceMap, pose: Pose) -> Float32Array:
        """For each pixel, the y on the face at rest of the skin that it shows; lids and lips are moved by the pose."""
        y = source.y.copy()
        if source.parting is not None:
            line = self.identity.lip_line(source.x)
            y = np.where(y > line, y, np.minimum(y + source.parting, line))
        for eyelids in self.rig.eyelids.values():
            if eyelids.moves(pose):
                patch = (eyelids.rows, eyelids.columns)
                y[patch] = eyelids.to_rest(source.x[patch], y[patch], pose)
        return y

    def _show_mouth(self, image: Image, source: SourceMap) -> None:
        """Show the inside of the mouth in the gap between the lips, in proportion to the gap's share of each pixel."""
        patch = self._mouth_patch()
        line = self.identity.lip_line(source.x[patch])
        lower = source.y[patch] - line
        upper = lower + source.parting[patch] if source.parting is not None else lower
        gap = np.clip(upper + 0.5, 0, 1) - np.clip(lower + 0.5, 0, 1)
        inside = _sampled(self.layers.mouth, source.rigid_x[patch], source.rigid_y[patch])
        _blend(image, patch, gap, inside)

    def _mouth_patch(self) -> Patch:
        top = int(self.identity.shape.mouth_y) - self.window.top
        left, half = int(MIDLINE) - self.window.left, int(self.identity.shape.mouth_half_width)
        reach, half = MOUTH_REACH + self._far, half + self._far
        return slice(top - reach, top + reach), slice(left - half, left + half)

    def _add_noise(self, planes: list[Float32Array], rng: np.random.Generator) -> None:
        """Sensor noise of variance 1.44 + 0.018 I, coarser in color than in luminance."""
        height, width = self.window.height, self.window.width
        deviation = np.float32(self.preset.noise) * np.sqrt(
            np.float32(READ_NOISE_VARIANCE) + np.float32(SHOT_NOISE) * np.maximum(planes[1], 0)
        )
        luminance = deviation * standard_normal(rng, (height, width))
        coarse = standard_normal(rng, (height // 2 + 1, width // 2 + 1, 2))
        color = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        deviation *= np.float32(CHROMA_NOISE)
        planes[0] += luminance + deviation * color[..., 0]
        planes[1] += luminance
        planes[2] += luminance + deviation * color[..., 1]


def make_renderer(seed: int, subject: int, preset: RenderPreset, window: Window = CROP) -> FaceRenderer:
    """Paint a subject (from 0), and return a renderer of its clips: CROP is 231 x 282 px, CAMERA is 640 x 480 px."""
    return make_renderers(seed, subject, [preset], window)[0]


def make_renderers(
    seed: int, subject: int, presets: Sequence[RenderPreset], window: Window = CROP
) -> list[FaceRenderer]:
    """The same under each of several presets; a face is painted once for those that blur alike."""
    identity = sample_identity(seed, subject)
    layers = {blur: paint_face(identity, blur) for blur in {preset.blur for preset in presets}}
    return [FaceRenderer(identity, layers[preset.blur], preset, window) for preset in presets]


def _sampled(layer: Image, x: Float32Array, y: Float32Array) -> Image:
    """The values of a layer at crop coordinates, by bilinear interpolation."""
    return np.asarray(
        cv2.remap(layer, texture_x(x), texture_y(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _blend(image: Image, patch: Patch, opacity: Float32Array, color: Image | np.float32) -> None:
    below = image[patch].astype(np.float32)
    image[patch] = np.rint(below + opacity[..., None] * (color - below))


@cache
def _normal_quantiles() -> Float32Array:
    normal = NormalDist()
    return np.array([normal.inv_cdf((rank + 0.5) / QUANTILES) for rank in range(QUANTILES)], np.float32)


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Float32Array:
    """Normal noise from 65536 quantiles, within ±4.3; three times as fast as exact sampling."""
    return _normal_quantiles().take(rng.integers(0, QUANTILES, shape, dtype=np.uint16))
