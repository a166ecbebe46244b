"""A copy of the video with the results drawn into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from merlab.faces.contours import CONTOURS
from merlab.faces.detection import Face
from merlab.faces.geometry import Points
from merlab.frames import Frames, Image
from merlab.frames.clock import Clock
from merlab.preparation.sheets import ascii_text
from merlab.processes.streams import read_ahead
from merlab.progress import Progress
from merlab.sinks import VideoSink
from merlab.videos.rows import Event, FrameRow

# BGR; one per face, starting over after the last.
COLORS = ((80, 200, 255), (120, 230, 120), (255, 170, 90), (200, 130, 255))
INK, SHADE = (255, 255, 255), (0, 0, 0)
# The curve at the bottom: its seconds, its height as a share of the frame, and its upper end in thresholds.
CURVE_SECONDS, CURVE_HEIGHT, CURVE_THRESHOLDS = 5.0, 0.12, 4.0
POINTS = 200
FRAMES_A_REPORT = 100
# For a frame whose shorter side has 480 px; the font is OpenCV's smallest plain one.
FONT_SCALE, FONT = 0.5, cv2.FONT_HERSHEY_SIMPLEX
# The shorter side for which lines are one px wide.
THIN_SIDE = 720


class Shown(Protocol):
    """What the results are drawn on: as many frames as there are rows, in their order."""

    @property
    def promised(self) -> int:
        """About how many there are."""

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        """Number and picture (H, W, 3) BGR of each, which is drawn into."""


def shown_size(size: tuple[int, int], lines: int | None) -> tuple[int, int]:
    """Width and height of the overlay of a video of ``size``, px: at most ``lines`` on the shorter side.

    A side that is scaled is even, as the encoder needs it.
    """
    if lines is None or min(size) <= lines:
        return size
    shortest = lines // 2 * 2
    width, height = (2 * round(side * shortest / min(size) / 2) for side in size)
    return width, height


class VideoFrames:
    """The frames of a source, made to ``size`` (width, height) px; those that are damaged are black."""

    def __init__(self, frames: Frames, size: tuple[int, int]) -> None:
        self._frames, self._size = frames, size

    @property
    def promised(self) -> int:
        """How many there should be."""
        return self._frames.promised

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        """Number and picture (height, width, 3) BGR of each."""
        for frame in self._frames.walk(lambda number: True):
            yield frame.number, self._picture(frame.image)

    def _picture(self, image: Image | None) -> Image:
        width, height = self._size
        if image is None:
            return np.zeros((height, width, 3), np.uint8)
        if image.shape[:2] == (height, width):
            return image
        return np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)


def rows_at_scale(rows: Iterable[list[FrameRow]], scale: float) -> Iterable[list[FrameRow]]:
    """The rows of each frame, with the boxes of faces in a picture that is ``scale`` times as large."""
    return rows if scale == 1 else ([_at_scale(row, scale) for row in of_frame] for of_frame in rows)


def _at_scale(row: FrameRow, scale: float) -> FrameRow:
    box = row.box
    if box is None:
        return row
    return replace(row, x=scale * box.left, y=scale * box.top, width=scale * box.width, height=scale * box.height)


def write_overlay(
    path: Path,
    frames: Shown,
    clock: Clock,
    rows: Iterable[list[FrameRow]],
    events: Sequence[Event],
    stamps: Sequence[str],
    progress: Progress,
) -> None:
    """Draw the ``rows`` of each frame, the events while they last, and the ``stamps`` into every frame.

    It shows the boxes of faces with the motion score above, the class of an event with its probability below, or the
    reasons why it has none, a curve of the scores of the last seconds against the threshold, and the stamps in a
    corner. Each frame is shown when a player of the source shows it, pauses and slow motion included.
    """
    stamp = " / ".join(stamps)
    artist = _Artist(events, f"model: {stamp}" if stamp else "")
    drawn = (artist.draw(frame, of_frame) for (_, frame), of_frame in zip(read_ahead(frames), rows, strict=False))
    with VideoSink(path, clock.fps, fast=True) as sink:
        # Frames are read, drawn and encoded in a thread each.
        for done, frame in enumerate(read_ahead(drawn), start=1):
            sink.write(frame, clock.media_seconds(done))
            if done % FRAMES_A_REPORT == 0:
                progress(done, max(done, frames.promised), "drawing the overlay")


class _Artist:
    """Draws frame after frame; remembers the scores of the last seconds."""

    def __init__(self, events: Sequence[Event], stamp: str) -> None:
        self._coming = deque(sorted(events, key=lambda event: event.onset))
        self._lasting: list[Event] = []
        self._stamp = stamp
        # When, and the score over the threshold of each face.
        self._scores: deque[tuple[float, dict[int, float]]] = deque()

    def draw(self, frame: Image, rows: list[FrameRow]) -> Image:
        """Draw into ``frame`` and return it."""
        number = rows[0].frame
        while self._coming and self._coming[0].onset <= number:
            self._lasting.append(self._coming.popleft())
        self._lasting = [event for event in self._lasting if event.offset >= number]
        self._remember(rows)
        for row in rows:
            if row.face_id is not None and row.box is not None:
                self._draw_face(frame, row.face_id, row.box, row.score)
        self._draw_curve(frame)
        if self._stamp:
            _write(frame, self._stamp, (8, _stamp_line(frame)), INK)
        return frame

    def _remember(self, rows: list[FrameRow]) -> None:
        now = rows[0].time_s or 0.0
        self._scores.append((now, _scores(rows)))
        while self._scores[0][0] < now - CURVE_SECONDS:
            self._scores.popleft()

    def _draw_face(self, frame: Image, face_id: int, box: Face, score: float | None) -> None:
        color, thin = COLORS[face_id % len(COLORS)], _thin(frame)
        left, top, right, bottom = (round(side) for side in (box.left, box.top, box.right, box.bottom))
        events = [event for event in self._lasting if event.face_id == face_id]
        cv2.rectangle(frame, (left, top), (right, bottom), color, 4 * thin if events else thin, cv2.LINE_AA)
        text = "" if score is None else f"  score {score:.1f}"
        lowest, step = round((1 - CURVE_HEIGHT) * frame.shape[0]) - 6 * thin, round(0.04 * min(frame.shape[:2]))
        # Above the box, or inside it below the stamp.
        _write(frame, f"face {face_id}{text}", (left, max(top - 6 * thin, _stamp_line(frame) + step)), color)
        # Below the box, or inside it where the curve would cover the text.
        texts = [text for event in events for text in _texts(event)]
        first = min(bottom + step, lowest - step * (len(texts) - 1))
        for line, text in enumerate(texts):
            _write(frame, text, (left, first + line * step), color)

    def _draw_curve(self, frame: Image) -> None:
        """Scores over thresholds of the last seconds, the newest at the right; the line is the threshold."""
        (height, width), thin = frame.shape[:2], _thin(frame)
        strip = frame[height - round(CURVE_HEIGHT * height) :]
        strip //= 2
        tall = strip.shape[0]
        level = round(tall * (1 - 1 / CURVE_THRESHOLDS))
        cv2.line(strip, (0, level), (width, level), INK, thin)
        now, step = self._scores[-1][0], max(1, len(self._scores) // POINTS)
        # Counted from the newest, so that the curve moves smoothly.
        recent = [scored for scored in list(self._scores)[::-step] if scored[1]]
        for face_id in set().union(*(scores for _, scores in recent)):
            seen = np.array([(moment, scores[face_id]) for moment, scores in recent if face_id in scores])
            across = width * (1 - (now - seen[:, 0]) / CURVE_SECONDS)
            up = tall * (1 - np.minimum(seen[:, 1] / CURVE_THRESHOLDS, 1))
            line = np.stack([across, up], axis=1).astype(np.float32).round().astype(np.int32)
            cv2.polylines(strip, [line], False, COLORS[face_id % len(COLORS)], thin, cv2.LINE_AA)


def draw_contours(frame: Image, face_id: int, contours: Points) -> None:
    """Draw the outlines of a face into ``frame``; ``contours`` are CONTOUR_POINTS, (points, 2) px."""
    begin, color = 0, COLORS[face_id % len(COLORS)]
    for contour in CONTOURS:
        points = contours[begin : begin + len(contour.points)]
        begin += len(contour.points)
        # OpenCV draws whole steps of 1/8 px (a shift of three bits), so that small movements are visible.
        steps = np.rint(8 * points).astype(np.int32)
        cv2.polylines(frame, [steps], contour.closed, color, _thin(frame), cv2.LINE_AA, shift=3)


def _texts(event: Event) -> list[str]:
    """The lines of an event: its class and part, and each reason why it has no class."""
    return [f"{event.class_text}: {event.part}", *event.reasons]


def _scores(rows: list[FrameRow]) -> dict[int, float]:
    """Score over threshold of each face that has one."""
    return {
        row.face_id: row.score / row.threshold
        for row in rows
        if row.face_id is not None and row.score is not None and row.threshold is not None
    }


def _write(frame: Image, text: str, place: tuple[int, int], color: tuple[int, int, int]) -> None:
    """Text in a dark outline, its lower left corner at ``place``, or as near as it fits into the width of the frame."""
    scale, thin = FONT_SCALE * max(min(frame.shape[:2]) / 480, 0.5), _thin(frame)
    text = ascii_text(text)
    (wide, _), _ = cv2.getTextSize(text, FONT, scale, 3 * thin)
    place = max(0, min(place[0], frame.shape[1] - wide)), place[1]
    # A smooth outline would take five times as long, and is not seen around smooth letters.
    for ink, thickness, edges in ((SHADE, 3 * thin, cv2.LINE_8), (color, thin, cv2.LINE_AA)):
        cv2.putText(frame, text, place, FONT, scale, ink, thickness, edges)


def _stamp_line(frame: Image) -> int:
    """Where the stamps are written, px from the top."""
    height: int = frame.shape[0]
    return round(0.05 * height)


def _thin(frame: Image) -> int:
    """The width of a thin line, px: in frames of 4K, a line of one px is not seen."""
    side: int = min(frame.shape[:2])
    return max(1, round(side / THIN_SIDE))
