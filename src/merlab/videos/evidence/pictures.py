"""Pictures of an event: its two faces, the movement between them in colors, the recognizer's maps over the face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array, Image, write_image
from merlab.json_models import write_model
from merlab.optical_flow import flow_colors
from merlab.spotting.motion import block_centers, in_blocks
from merlab.storage import whole_folder
from merlab.videos.evidence.movement import LEAST_MOVEMENT, Evidence
from merlab.videos.result import APEX_PICTURE, FLOW_PICTURE, MAPS, ONSET_PICTURE, MapPicture, MapPictures

# The displacement with the full color, px of the layout: the same for every event, so that events can be compared.
FULL_COLOR_PX = 2.0
FACE_SHARE = 0.35
ARROW_LENGTH, ARROW_INK, ARROW_TIP, SUBPIXEL_BITS = 6.0, (40, 30, 30), 0.35, 4
HEAT = cv2.COLORMAP_INFERNO
MOST_HEAT = 0.75
LEAST_SPAN = 0.01
WHEEL_SIDE = 96


def write_evidence(
    folder: Path, onset: Image, apex: Image, evidence: Evidence, maps: Mapping[str, Float32Array]
) -> None:
    """Write the pictures of an event into ``folder``, all of them or none.

    ``maps`` are by title, (h, w) each in 0..1 over the face. maps.json lists title, file and the smallest and largest
    value (``low``, ``high``), which the colors of the picture span.
    """
    with whole_folder(folder) as aside:
        write_image(aside / ONSET_PICTURE, onset)
        write_image(aside / APEX_PICTURE, apex)
        write_image(aside / FLOW_PICTURE, flow_picture(evidence.flow, apex))
        listed: list[MapPicture] = []
        for position, (title, values) in enumerate(maps.items(), start=1):
            file, low, high = f"map-{position}.png", float(values.min()), float(values.max())
            write_image(aside / file, map_picture(values, apex))
            listed.append(MapPicture(title=title, file=file, low=round(low, 4), high=round(high, 4)))
        write_model(aside / MAPS, MapPictures(tuple(listed)))


def flow_picture(flow: Float32Array, face: Image) -> Image:
    """A displacement (H, W, 2) px in colors over a faint face, (H, W, 3), with one arrow per block that moves.

    The hue is the direction, the saturation the length, full at FULL_COLOR_PX; arrows are ARROW_LENGTH times as long
    as the displacement.
    """
    picture = _over_face(flow_colors(flow, FULL_COLOR_PX), face)
    height, width = flow.shape[:2]
    for x, y, (u, v) in zip(*(center.flat for center in block_centers()), in_blocks(flow).reshape(-1, 2), strict=True):
        if np.hypot(u, v) >= LEAST_MOVEMENT:
            start = (x * width / LAYOUT_WIDTH, y * height / LAYOUT_HEIGHT)
            end = (start[0] + ARROW_LENGTH * u, start[1] + ARROW_LENGTH * v)
            cv2.arrowedLine(picture, _fixed(start), _fixed(end), ARROW_INK, 1, cv2.LINE_AA, SUBPIXEL_BITS, ARROW_TIP)
    return picture


def color_wheel() -> Image:
    """The key to the colors of ``flow_picture``: angles are directions, radii lengths up to FULL_COLOR_PX."""
    rows, columns = np.mgrid[0:WHEEL_SIDE, 0:WHEEL_SIDE].astype(np.float32)
    radius = (WHEEL_SIDE - 1) / 2
    across, down = ((axis - radius) / radius * FULL_COLOR_PX for axis in (columns, rows))
    field = np.stack([across, down], axis=-1).astype(np.float32)
    field[np.hypot(field[..., 0], field[..., 1]) > FULL_COLOR_PX] = 0
    return flow_colors(field, FULL_COLOR_PX)


def map_picture(values: Float32Array, face: Image) -> Image:
    """A map (h, w) as heat over a face (H, W, 3): none at its smallest value, bright at its largest.

    A map whose values differ by less than LEAST_SPAN shows no heat.
    """
    large = cv2.resize(values, (face.shape[1], face.shape[0]), interpolation=cv2.INTER_LINEAR)
    span = float(np.ptp(values))
    spread = (large - values.min()) / span if span >= LEAST_SPAN else np.zeros_like(large)
    heat = cv2.applyColorMap(np.rint(255 * spread).astype(np.uint8), HEAT)
    share = MOST_HEAT * spread[..., None]
    return np.asarray(np.rint(_gray(face) * (1 - share) + heat * share), np.uint8)


def _over_face(colors: Image, face: Image) -> Image:
    """Colors darkened by the face beneath."""
    fitted = cv2.resize(_gray(face), (colors.shape[1], colors.shape[0]), interpolation=cv2.INTER_AREA)
    return np.rint(colors * (1 - FACE_SHARE + FACE_SHARE * fitted / 255.0)).astype(np.uint8)


def _gray(face: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * 2**SUBPIXEL_BITS), round(point[1] * 2**SUBPIXEL_BITS)
