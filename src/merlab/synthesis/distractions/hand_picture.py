"""Show hands before the face, with their shadow on it and the blur of their movement."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from merlab.frames import Float32Array
from merlab.synthesis.canvas_layout import FPS, Stream, Window, outward, random_stream
from merlab.synthesis.distractions.hand import Hand
from merlab.synthesis.distractions.hand_texture import LEFT, PALM_WIDTH, SCALE, TOP, paint_hand
from merlab.synthesis.distractions.picture import Planes
from merlab.synthesis.identity import Identity

# The shutter is open for half of the time between two frames.
SHUTTER = 0.5
# A blurred frame is the mean of moments that are at most this far apart, px.
BLUR_STEP, MOST_MOMENTS = 3.0, 8
SHADOW, SHADOW_SHIFT = 0.45, (7.0, 14.0)


class HandPicture:
    """The hands of a recording in one view at one frame rate."""

    def __init__(self, identity: Identity, hands: Sequence[Hand], window: Window, fps: float) -> None:
        rng = random_stream(identity.seed, Stream.DISTRACTION_TEXTURE, identity.subject)
        self._texture = paint_hand(identity, rng)
        self._light_x = identity.appearance.light_x
        self._hands, self._window, self._open = hands, window, SHUTTER * FPS / fps

    def changed(self, planes: Planes, tick: float, gain: float) -> Planes:
        """The planes with the hands that are in the picture at this moment."""
        for hand in self._hands:
            if hand.place(tick) is not None:
                planes = self._shown(planes, hand, tick, gain)
        return planes

    def _shown(self, planes: Planes, hand: Hand, tick: float, gain: float) -> Planes:
        layer = self._mean_layer(hand, tick)
        if not layer[..., 3].any():
            return planes
        shadow = self._warped(self._texture.shadow, hand, tick, (-SHADOW_SHIFT[0] * self._light_x, SHADOW_SHIFT[1]))
        darker = 1 - np.float32(SHADOW / 255) * shadow
        bare = 1 - layer[..., 3] / 255
        return [plane * darker * bare + np.float32(gain) * layer[..., number] for number, plane in enumerate(planes)]

    def _mean_layer(self, hand: Hand, tick: float) -> Float32Array:
        """The hand over the time that the shutter is open, (H, W, 4) premultiplied, 0..255."""
        ends = [hand.place(np.clip(tick + half * self._open, hand.onset, hand.offset - 1)) for half in (-0.5, 0.5)]
        way = float(np.hypot(*np.subtract(ends[1], ends[0])[:2])) if ends[0] and ends[1] else 0.0
        count = int(np.clip(np.ceil(way / BLUR_STEP), 1, MOST_MOMENTS))
        moments = tick + self._open * ((np.arange(count) + 0.5) / count - 0.5)
        within = np.clip(moments, hand.onset, hand.offset - 1)
        layers = [self._warped(self._texture.picture, hand, float(moment), (0.0, 0.0)) for moment in within]
        return np.asarray(sum(layers[1:], layers[0]) / np.float32(count), np.float32)

    def _warped(self, texture: np.ndarray, hand: Hand, tick: float, shift: tuple[float, float]) -> Float32Array:
        """A texture of the hand where the hand is at this moment, on the window."""
        place = hand.place(tick)
        if place is None:
            raise ValueError(f"the hand is not in the picture at tick {tick}")
        x, y, tilt = place
        size, mirror = hand.size / PALM_WIDTH / SCALE, -outward(hand.side)
        cosine, sine = size * np.cos(tilt), size * np.sin(tilt)
        turn = np.array([[mirror * cosine, -sine], [mirror * sine, cosine]])
        middle = turn @ np.array([-LEFT * SCALE - 0.5, -TOP * SCALE - 0.5])
        corner = np.array([x + shift[0] - self._window.left, y + shift[1] - self._window.top])
        matrix = np.column_stack([turn, corner - middle])
        size_of_window = (self._window.width, self._window.height)
        return cv2.warpAffine(texture, matrix, size_of_window, flags=cv2.INTER_LINEAR).astype(np.float32)
