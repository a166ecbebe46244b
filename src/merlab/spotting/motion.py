"""How a face moves: the displacement of small blocks of an aligned face over time, without that of the head.

Optical flow (DIS, Kroeger et al. 2016) compares each frame with a key frame of the last seconds, so that errors do not
accumulate from frame to frame. Local normalization removes the lighting first: on the smooth skin of a cheek, flow
otherwise follows the light. Displacements are in pixels of the 231 x 282 layout, whatever the size of the frames.
Those of small parts of the face are measured up to a fifth too small. A block moves as its texture does: in smooth
skin, above all after compression, flow has nothing to hold on to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array, Frames, Image, Video
from merlab.optical_flow import DenseInverseSearch, Gray
from merlab.spotting.light import Light

# Goes up whenever movements, or their moments, are measured in another way; what was kept before is measured anew.
MEASURED = 11

WIDTH, HEIGHT = 116, 141
ROWS, COLUMNS = 14, 12
# How long a key frame is used, and how much later than the first one the second one begins.
KEY_SECONDS, NEXT_KEY_SECONDS = 4.0, 0.5
# A face that is so many times as bright as in a key frame replaces it early, and so does one that is well lit where the
# key frame is not: in a few gray values, before a lamp is on, a fade-in has ended or a camera has found its exposure,
# flow has nothing to hold on to. Of the pixels, one in so many in each direction.
BRIGHTER, BRIGHTNESS_STEP = 2.0, 4
LOCAL_SIGMA, CONTRAST_SIGMA = 6.0, 12.0
MIDDLE_GRAY, CONTRAST, LEAST_DEVIATION = 128.0, 40.0, 4.0
# Pixels around one whose slopes count for its texture, as a standard deviation, and the texture of a pixel without any.
TEXTURE_SIGMA, LEAST_TEXTURE = 1.5, 1.0
# The eyes of the layout (x, y) and how far their lids reach, px.
EYES = ((53.5, 73.0), (176.5, 73.0))
LIDS_X, LIDS_ABOVE, LIDS_BELOW, LOWER_LID = 36.0, 23.0, 22.0, 10.0
# Where only the head moves: the bridge of the nose, and the edges of the crop.
BRIDGE_X, BRIDGE_TOP, BRIDGE_BOTTOM, EDGE = 25.0, 40.0, 150.0, 12.0
MOVING_WEIGHT = 0.02
HALF_FACE, PIVOT_Y = 115.0, 130.0


def even_gray(frame: Image, width: int = WIDTH, height: int = HEIGHT) -> Gray:
    """An aligned face, (H, W, 3) BGR or (H, W) gray, as gray (height, width) with equal local mean and contrast."""
    gray = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    if gray.ndim == 3:
        gray = cv2.cvtColor(gray, cv2.COLOR_BGR2GRAY)
    detail, scale = gray.astype(np.float32), width / WIDTH
    detail -= cv2.GaussianBlur(detail, (0, 0), LOCAL_SIGMA * scale)
    deviation = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), CONTRAST_SIGMA * scale))
    even = MIDDLE_GRAY + CONTRAST * detail / (deviation + LEAST_DEVIATION)
    return np.asarray(np.clip(even, 0, 255), np.uint8)


@dataclass(frozen=True, eq=False)
class KeyFrame:
    """A prepared frame that later ones are compared with, the place of the blocks in it, its brightness and light."""

    gray: Gray
    place: Float32Array
    brightness: float
    light: Light

    def is_worse_than(self, frame: Image, seen: float) -> bool:
        """Whether an aligned face (H, W, 3) BGR of the brightness ``seen`` shows much more than this one."""
        return seen > BRIGHTER * self.brightness or (not self.light.is_good and Light.of(frame).is_good)

    @cached_property
    def texture(self) -> Float32Array:
        """How much each of its pixels counts, (H, W)."""
        return texture(self.gray)


def keys_of(frames: Frames) -> int:
    """How many key frames the movement in these frames is measured from, for FaceMotion.

    After strong compression, each frame lacks detail of its own, and a movement is hardly seen from a key frame that
    lacks the wrong one. The second key frame takes as long as the first.
    """
    return 2 if isinstance(frames, Video) and frames.lacks_detail else 1


class FaceMotion:
    """Follows one aligned face through successive frames; holds only key frames, so memory does not grow.

    With two ``keys``, a place is the mean of what two key frames say, of which the second is NEXT_KEY_SECONDS later.
    """

    def __init__(self, fps: float, keys: int = 1) -> None:
        # In coarser flow, a corner of the mouth that moves outward and the cheek that moves inward cancel each other.
        self._flow = DenseInverseSearch(finest_scale=0, stride=4, steps=6, refinement=1)
        self._renewal = max(1, round(KEY_SECONDS * fps))
        self._begins = [number * max(1, round(NEXT_KEY_SECONDS * fps)) for number in range(keys)]
        self._keys: dict[int, KeyFrame] = {}
        self._passed = 0

    def __call__(self, frame: Image) -> Float32Array:
        """The displacement of the blocks since the first frame, (ROWS, COLUMNS, 2) px (x right, y down)."""
        place = np.zeros((ROWS, COLUMNS, 2), np.float32)
        if self._keys:
            gray = even_gray(frame)
            said = [key.place + self._moved(key, gray) for key in self._keys.values()]
            place = np.mean(said, axis=0, dtype=np.float32)
        self.pass_over(frame, place)
        return place

    def _moved(self, key: KeyFrame, gray: Gray) -> Float32Array:
        """The displacement of the blocks from a key frame to a prepared one, without that of the head."""
        return without_head(in_blocks(self._flow(key.gray, gray), key.texture) * np.float32(LAYOUT_WIDTH / WIDTH))

    def pass_over(self, frame: Image, place: Float32Array) -> None:
        """Continue after a frame whose place is known already, which takes hardly any time."""
        seen = brightness(frame)
        for number, begin in enumerate(self._begins):
            is_due = self._passed >= begin and (self._passed - begin) % self._renewal == 0
            key = self._keys.get(number)
            if is_due or (key is not None and key.is_worse_than(frame, seen)):
                self._keys[number] = KeyFrame(even_gray(frame), place, seen, Light.of(frame))
        self._passed += 1


def brightness(frame: Image) -> float:
    """The mean of the values of an aligned face, (H, W, 3) BGR or (H, W) gray, 0 to 255."""
    return float(frame[::BRIGHTNESS_STEP, ::BRIGHTNESS_STEP].mean())


def texture(gray: Gray) -> Float32Array:
    """The squared slope of a prepared face (H, W) around each pixel, in squared gray levels a pixel, (H, W)."""
    across, down = (cv2.Sobel(gray, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    slope = cv2.GaussianBlur(across * across + down * down, (0, 0), TEXTURE_SIGMA)
    return np.asarray(slope + LEAST_TEXTURE, np.float32)


def in_blocks(displacement: Float32Array, weight: Float32Array | None = None) -> Float32Array:
    """The mean displacement (ROWS, COLUMNS, 2) in each block of a field (H, W, 2); pixels count by their ``weight``."""
    if weight is not None:
        return in_blocks(displacement * weight[..., None]) / _in_grid(weight)[..., None]
    return _in_grid(displacement)


def _in_grid(field: Float32Array) -> Float32Array:
    return np.asarray(cv2.resize(field, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32)


def without_head(displacement: Float32Array) -> Float32Array:
    """A displacement, of the blocks (ROWS, COLUMNS, 2) or of a finer grid (H, W, 2), minus that of the head.

    The movement of the head is fitted to the stable blocks by least squares: shift, rotation, scale, nod and shake. A
    nod or a shake moves the nose most.

    faces.head_motion estimates the head as well, but moves whole images, for which it needs a similarity; a similarity
    that is fitted to a nod of 1 px at the nose (as modeled here) leaves 0.38 px (root mean square) of it in the face.
    This function corrects displacements instead, so it can remove nod and shake, also in faces aligned elsewhere.
    """
    rows, columns = displacement.shape[:2]
    head = _head_moves(rows, columns) @ (_head_fit() @ in_blocks(displacement).reshape(-1))
    return np.asarray(displacement - head.reshape(displacement.shape), np.float32)


@cache
def _head_moves(rows: int, columns: int) -> NDArray[np.float64]:
    """Six movements of a head, as displacements on a grid over the face, (2 rows columns, 6)."""
    x, y = _centers(rows, columns)
    u, v = (x - (LAYOUT_WIDTH - 1) / 2) / HALF_FACE, (y - PIVOT_Y) / HALF_FACE
    one, zero, depth = np.ones_like(u), np.zeros_like(u), 1 - 0.8 * u**2 - 0.5 * v**2
    moves = [(one, zero), (zero, one), (u, v), (-v, u), (depth, zero), (zero, depth)]
    return np.stack([np.stack(move, axis=-1).reshape(-1) for move in moves], axis=1)


@cache
def _head_fit() -> NDArray[np.float64]:
    """The matrix (6, 2 ROWS COLUMNS) that gives their amounts from the displacement of the blocks."""
    weight = np.sqrt(np.repeat(np.where(_stable_blocks(), 1.0, MOVING_WEIGHT * ~lid_blocks().any(axis=0)), 2))
    return np.asarray(np.linalg.pinv(_head_moves(ROWS, COLUMNS) * weight[:, None]) * weight)


def block_centers() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """X and y of every block's center, (ROWS, COLUMNS), layout px."""
    return _centers(ROWS, COLUMNS)


def _centers(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """X and y of the centers of the cells of a grid over the face, (rows, columns), layout px."""
    row, column = np.mgrid[0:rows, 0:columns] + 0.5
    return column * LAYOUT_WIDTH / columns, row * LAYOUT_HEIGHT / rows


def _stable_blocks() -> NDArray[np.bool_]:
    x, y = block_centers()
    bridge = (abs(x - (LAYOUT_WIDTH - 1) / 2) < BRIDGE_X) & (y > BRIDGE_TOP) & (y < BRIDGE_BOTTOM)
    return np.asarray(bridge | (x < EDGE) | (x > LAYOUT_WIDTH - EDGE))


@cache
def inner_blocks() -> NDArray[np.bool_]:
    """The blocks but the outermost, where flow is unreliable, (ROWS, COLUMNS)."""
    return np.pad(np.ones((ROWS - 2, COLUMNS - 2), bool), 1)


@cache
def lid_blocks() -> NDArray[np.bool_]:
    """The blocks that the lids of either eye move, (2, ROWS, COLUMNS)."""
    x, y = block_centers()
    return np.stack(
        [(abs(x - eye_x) < LIDS_X) & (y > eye_y - LIDS_ABOVE) & (y < eye_y + LIDS_BELOW) for eye_x, eye_y in EYES]
    )


def blocks_beside_lids() -> NDArray[np.bool_]:
    """The inner blocks that no lid moves, (ROWS, COLUMNS)."""
    return np.asarray(inner_blocks() & ~lid_blocks().any(axis=0))


def usable_blocks() -> NDArray[np.bool_]:
    """The inner blocks that the upper lids do not move, (ROWS, COLUMNS): those by which movements are spotted."""
    return np.asarray(inner_blocks() & ~(lid_blocks().any(axis=0) & ~lower_lid_blocks()))


def lower_lid_blocks() -> NDArray[np.bool_]:
    """The blocks below both eyes, (ROWS, COLUMNS), which a blink moves down and action unit 7 moves up."""
    _, y = block_centers()
    return np.asarray(lid_blocks().any(axis=0) & (y > EYES[0][1] + LOWER_LID))
