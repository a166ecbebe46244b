"""Show a second person beside the subject; the movements of the face repeat, so that they cost little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np

from merlab.frames import Float32Array, Image
from merlab.synthesis.canvas_layout import CAMERA, CANVAS_LEFT, MIDLINE, Stream, random_stream, smoothstep
from merlab.synthesis.distractions.picture import Planes
from merlab.synthesis.distractions.second_person import SecondPerson
from merlab.synthesis.distractions.talking import sample_talking
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.poses import FrameSequence
from merlab.synthesis.presets import RenderPreset
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.texture import FaceLayers, paint_face

Reducible = TypeVar("Reducible", Image, Float32Array)

# Subjects of this number and above are never the subject of a recording of their own.
FIRST_STRANGER = 1_000_000
# The face is rendered every so many ticks, this often; then the movements go backwards and forwards.
EVERY, PICTURES = 4, 75
# The pictures are kept at this scale, because the person is smaller than the subject.
KEPT = 0.5
# The shoulders are this far above the lower edge of the picture, px; below them the body goes on.
SHOULDERS_UP = 40.0
# The person stays within this distance of the edge of the picture, px.
BESIDE = 200
# A face moves with this much of the wall around it, px on both sides together.
HALO = 13


class SecondPersonPicture:
    """The second person of a recording in the camera view."""

    def __init__(self, seed: int, subject: int, visits: Sequence[SecondPerson], preset: RenderPreset) -> None:
        self._visits = visits
        identity = sample_identity(seed, FIRST_STRANGER + subject)
        layers = paint_face(identity, preset.blur)
        self._opacity = _reduced(_opacity(layers))
        talking = sample_talking(random_stream(seed, Stream.DISTRACTION_TEXTURE, FIRST_STRANGER + subject), identity)
        still = preset.model_copy(update={"noise": 0.0})
        renderer = FaceRenderer(identity, layers, still, CAMERA)
        states = _still_states(talking.length)
        talking.change(states, np.arange(talking.length))
        count = min(PICTURES, talking.length // EVERY)
        self._pictures = [_reduced(renderer.frame(states, EVERY * number)) for number in range(count)]

    def changed(self, planes: Planes, tick: float, gain: float) -> Planes:
        """The planes with the person, if the person is in the picture at this moment."""
        for visit in self._visits:
            if (inside := visit.inside(tick)) > 0:
                planes = self._shown(planes, visit, inside, tick, gain)
        return planes

    def _shown(self, planes: Planes, visit: SecondPerson, inside: float, tick: float, gain: float) -> Planes:
        columns = slice(0, BESIDE) if visit.side == "left" else slice(CAMERA.width - BESIDE, CAMERA.width)
        place = self._place(visit, inside, tick)
        place[0, 2] -= columns.start
        size = (BESIDE, CAMERA.height)
        opacity = cv2.warpAffine(self._opacity, place, size, borderMode=cv2.BORDER_REPLICATE)
        shown = cv2.warpAffine(self._picture(tick), place, size, borderMode=cv2.BORDER_REPLICATE)
        bare, lit = 1 - opacity, np.float32(gain) * opacity
        for number, plane in enumerate(planes):
            plane[:, columns] = plane[:, columns] * bare + lit * shown[..., number]
        return planes

    def _picture(self, tick: float) -> Image:
        """The face at a moment, at the scale KEPT."""
        turn = int(tick / EVERY) % (2 * len(self._pictures) - 2)
        return self._pictures[min(turn, 2 * len(self._pictures) - 2 - turn)]

    @staticmethod
    def _place(visit: SecondPerson, inside: float, tick: float) -> Float32Array:
        """The affine map from a kept picture of the person to the camera view; the person sways a little."""
        sway = 2.0 * np.sin(tick / 190) + np.sin(tick / 71)
        outside = -1.2 * (MIDLINE - CANVAS_LEFT) * visit.size
        from_edge = outside + inside * (visit.center - outside) + sway
        center = from_edge if visit.side == "left" else CAMERA.width - from_edge
        across = center - visit.size * (MIDLINE - CANVAS_LEFT)
        down = CAMERA.height * (1 - visit.size) - SHOULDERS_UP
        scale = visit.size / KEPT
        return np.array([[scale, 0, across], [0, scale, down]], np.float32)


def _opacity(layers: FaceLayers) -> Float32Array:
    """Where a picture shows the head, the neck and the shoulders, (480, 640) in 0..1."""
    away, y = np.abs(CAMERA.x - np.float32(MIDLINE)), CAMERA.y
    # The canvas ends below the top of the hair, so the head is rounded off.
    round_top = smoothstep(1 - (away / 165) ** 2 - ((np.minimum(y, 0)) / 136) ** 2, 0, 0.06)
    moving = smoothstep(layers.head, 0.98, 1.0)
    head = cv2.erode(moving, np.ones((HALO, HALO), np.uint8)) * round_top
    neck = smoothstep(84 + 0.2 * (y - 250) - away, -3, 3) * smoothstep(y, 215, 235)
    cloth = 322 - 22 * smoothstep(away, 40, 96) + 0.012 * np.clip(away - 130, 0, None) ** 2
    shoulders = smoothstep(y - cloth, -2, 4)
    return np.asarray(np.maximum(head, np.maximum(neck, shoulders)), np.float32)


def _reduced(picture: Reducible) -> Reducible:
    return cv2.resize(picture, None, fx=KEPT, fy=KEPT, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _still_states(length: int) -> FrameSequence:
    """A face at rest in constant light, for so many ticks."""
    return FrameSequence(
        activity={},
        closure=np.zeros(length),
        gaze=np.zeros((length, 2)),
        head=np.zeros((length, 6)),
        gain=np.full(length, 0.92),
        side_light=np.zeros(length),
        noise_seed=0,
    )
