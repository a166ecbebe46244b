"""Contact sheets: what was found in a clip, drawn so that a person can check it at a glance."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np

from merlab.faces.alignment import ClipAlignment
from merlab.faces.geometry import Points, Transform
from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH, REGIONS, Region
from merlab.faces.tracking import TrackedFace
from merlab.frames import Image

Color = tuple[int, int, int]

# BGR. The colors of the regions can be distinguished with any color vision (Okabe & Ito 2008).
REGION_COLORS: dict[str, Color] = dict(
    zip(REGIONS, ((233, 180, 86), (115, 158, 0), (66, 228, 240), (0, 159, 230), (167, 121, 204)), strict=True)
)
BOX, DOT, INK, PAPER, ALARM = (90, 220, 90), (255, 255, 255), (40, 40, 40), (250, 250, 250), (30, 30, 200)
FRAME_WIDTH, FRAME_HEIGHT = 640, 480
MARGIN, LINE = 12, 18
FONT, TEXT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
SUBPIXEL_BITS = 4


def draw_detection(
    image: Image,
    tracked: TrackedFace,
    regions: Mapping[str, Region] | None = None,
    transform: Transform | None = None,
    stamps: Sequence[str] = (),
) -> Image:
    """A frame with the box of its face, its confidence, the landmarks and the regions, as in Figure 3 of the paper.

    The drawing is on a copy of ``image`` (H, W, 3) BGR, reduced to fit 640 x 480. ``regions`` are in px of the layout,
    to which ``transform`` maps the frame; they are drawn only if both are given.
    """
    scale = min(1.0, FRAME_WIDTH / image.shape[1], FRAME_HEIGHT / image.shape[0])
    size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
    drawn = image.copy() if scale == 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if regions is not None and transform is not None:
        back = transform.inverse
        for name, outline in _outlines(regions):
            _line(drawn, back(outline) * scale, REGION_COLORS[name])
    for point in tracked.landmarks.points * scale:
        cv2.circle(drawn, _fixed(point), 1 << SUBPIXEL_BITS, DOT, -1, cv2.LINE_AA, SUBPIXEL_BITS)
    face = tracked.face
    corners = np.array(
        [[face.left, face.top], [face.right, face.top], [face.right, face.bottom], [face.left, face.bottom]]
    )
    _line(drawn, corners * scale, BOX, thickness=2)
    label = f"{face.confidence:.2f}" if tracked.detected else f"followed {face.confidence:.2f}"
    _label(drawn, label, (int(face.left * scale), int(face.top * scale)), BOX)
    for position, stamp in enumerate(stamps):
        _label(drawn, stamp, (4, drawn.shape[0] - 4 - position * (LINE + 4)), ALARM, PAPER)
    return drawn


def draw_regions(face: Image, regions: Mapping[str, Region]) -> Image:
    """An aligned face (282, 231, 3) with the outlines of its regions, on a copy."""
    drawn = face.copy()
    for name, outline in _outlines(regions):
        _line(drawn, outline, REGION_COLORS[name])
    return drawn


def contact_sheet(
    onset: Image,
    alignment: ClipAlignment,
    shown: Mapping[int, Image],
    title: str,
    warnings: Sequence[str],
    stamps: Sequence[str] = (),
) -> Image:
    """The sheet of one clip: the onset frame with what was found, and aligned frames, the first with its regions.

    ``shown`` holds aligned faces by frame number, ascending.
    """
    regions = alignment.regions
    frame = draw_detection(onset, alignment.onset, regions, alignment.transform, stamps)
    right = MARGIN * 2 + frame.shape[1]
    width = right + len(shown) * (LAYOUT_WIDTH + MARGIN)
    height = 2 * MARGIN + LINE + max(frame.shape[0], LAYOUT_HEIGHT + LINE * 10)
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    top = MARGIN + LINE
    write_text(sheet, " ".join([*stamps, title]), (MARGIN, MARGIN + 6), ALARM if stamps else INK)
    sheet[top : top + frame.shape[0], MARGIN : MARGIN + frame.shape[1]] = frame
    for position, (number, face) in enumerate(shown.items()):
        left = right + position * (LAYOUT_WIDTH + MARGIN)
        sheet[top : top + LAYOUT_HEIGHT, left : left + LAYOUT_WIDTH] = (
            draw_regions(face, regions) if position == 0 else face
        )
        write_text(sheet, f"frame {number}", (left, top + LAYOUT_HEIGHT + LINE), INK)
    _write_notes(sheet, alignment, warnings, (right, top + LAYOUT_HEIGHT + 2 * LINE))
    return sheet


def _write_notes(sheet: Image, alignment: ClipAlignment, warnings: Sequence[str], place: tuple[int, int]) -> None:
    """Measurements, the legend of the regions, and as many warnings as fit; the record holds them all."""
    left, top = place
    quality = alignment.quality
    figures = (
        f"{quality.source}, {quality.pupil_distance:.0f} px between the pupils, head motion "
        f"{quality.largest_head_motion:.2f} px ({alignment.motion}), face in {quality.faces} of {quality.frames} frames"
    )
    characters = max((sheet.shape[1] - left - MARGIN) // 8, 20)
    for line in textwrap.wrap(figures, characters):
        write_text(sheet, line, (left, top), INK)
        top += LINE
    across = left
    for name, color in REGION_COLORS.items():
        cv2.rectangle(sheet, (across, top - 9), (across + 9, top), color, -1)
        write_text(sheet, name, (across + 13, top), INK)
        across += 32 + 8 * len(name)
    for warning in warnings:
        for line in textwrap.wrap(f"! {warning}", characters):
            top += LINE
            write_text(sheet, line, (left, top), ALARM)


def _outlines(regions: Mapping[str, Region]) -> Iterable[tuple[str, Points]]:
    return ((name, np.asarray(outline, np.float64)) for name, region in regions.items() for outline in region.polygons)


def _fixed(point: Points) -> tuple[int, int]:
    x, y = np.rint(point * (1 << SUBPIXEL_BITS)).astype(int).tolist()
    return x, y


def _line(image: Image, outline: Points, color: Color, thickness: int = 1) -> None:
    points = np.rint(outline * (1 << SUBPIXEL_BITS)).astype(np.int32)
    cv2.polylines(image, [points], True, color, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def write_text(image: Image, text: str, place: tuple[int, int], color: Color) -> None:
    """Write text whose baseline begins at ``place``."""
    cv2.putText(image, ascii_text(text), place, FONT, TEXT_SIZE, color, 1, cv2.LINE_AA)


def ascii_text(text: str) -> str:
    r"""The text as OpenCV can draw it, whose font has ASCII characters only; others as codes, such as ``\u9a5a``."""
    return text.encode("ascii", "backslashreplace").decode()


def _label(image: Image, text: str, corner: tuple[int, int], ground: Color, ink: Color = INK) -> None:
    """Write text on a filled rectangle above ``corner``, moved into the image if it would leave it."""
    (width, height), _ = cv2.getTextSize(text, FONT, TEXT_SIZE, 1)
    left = min(max(corner[0], 0), max(image.shape[1] - width - 4, 0))
    bottom = min(max(corner[1], height + 6), image.shape[0])
    cv2.rectangle(image, (left, bottom - height - 6), (left + width + 4, bottom), ground, -1)
    write_text(image, text, (left + 2, bottom - 3), ink)
