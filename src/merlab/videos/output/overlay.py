"""The video once more, with what was found drawn into it."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from merlab.frames import Frames, Image
from merlab.processes import read_ahead
from merlab.progress import Progress
from merlab.sinks import VideoSink
from merlab.videos.chunks.joining import Row, box_of

# BGR; of faces, again from the first after the last.
COLORS = ((80, 200, 255), (120, 230, 120), (255, 170, 90), (200, 130, 255))
INK, SHADE = (255, 255, 255), (0, 0, 0)
# The curve at the bottom: of how many seconds, how high (share of the frame), how many thresholds it holds.
CURVE_SECONDS, CURVE_HEIGHT, CURVE_THRESHOLDS = 5.0, 0.12, 4.0
POINTS = 200
FRAMES_A_REPORT = 100
# Of a frame of 480 rows; the font is OpenCV's smallest plain one.
FONT_SCALE, FONT = 0.5, cv2.FONT_HERSHEY_SIMPLEX


def write_overlay(
    path: Path,
    frames: Frames,
    fps: float,
    table: Path,
    events: Sequence[Row],
    stamps: Sequence[str],
    progress: Progress,
) -> None:
    """Draw the rows of a frames.csv, and the events while they last, into every frame; ``stamps`` stand in a corner.

    Boxes of faces with the motion score above, the class of an event (or "unsure") with its probability below, and a
    curve of the last seconds' scores against the threshold.
    """
    stamp = " / ".join(stamps)
    with table.open(newline="", encoding="utf-8") as file, VideoSink(path, fps) as sink:
        artist = _Artist(fps, events, f"model: {stamp}" if stamp else "")
        for done, ((_, frame), rows) in enumerate(zip(read_ahead(frames), _by_frame(file), strict=False), start=1):
            sink.write(artist.draw(frame.copy(), rows))
            if done % FRAMES_A_REPORT == 0:
                progress(done, max(done, frames.promised), "drawing the overlay")


def _by_frame(file: Any) -> Iterator[list[Row]]:
    for _, rows in itertools.groupby(csv.DictReader(file), key=lambda row: row["frame"]):
        yield list(rows)


class _Artist:
    """Draws frame after frame; remembers the scores of the last seconds."""

    def __init__(self, fps: float, events: Sequence[Row], stamp: str) -> None:
        self._coming = deque(sorted(events, key=lambda event: int(event["onset"])))
        self._lasting: list[Row] = []
        self._stamp = stamp
        self._keep = max(1, round(CURVE_SECONDS * fps))
        self._scores: deque[dict[int, float]] = deque(maxlen=self._keep)

    def draw(self, frame: Image, rows: list[Row]) -> Image:
        """Draw into ``frame``, and give it."""
        number = int(rows[0]["frame"])
        while self._coming and int(self._coming[0]["onset"]) <= number:
            self._lasting.append(self._coming.popleft())
        self._lasting = [event for event in self._lasting if int(event["offset"]) >= number]
        self._scores.append(
            {int(row["face_id"]): float(row["score"]) / float(row["threshold"]) for row in rows if row["score"]}
        )
        for row in rows:
            if row["success"] == "1":
                self._draw_face(frame, row)
        self._draw_curve(frame)
        if self._stamp:
            _write(frame, self._stamp, (8, round(0.05 * frame.shape[0])), INK)
        return frame

    def _draw_face(self, frame: Image, row: Row) -> None:
        box, face_id = box_of(row), int(row["face_id"])
        color = COLORS[face_id % len(COLORS)]
        left, top, right, bottom = (round(side) for side in (box.left, box.top, box.right, box.bottom))
        events = [event for event in self._lasting if int(event["face_id"]) == face_id]
        cv2.rectangle(frame, (left, top), (right, bottom), color, 4 if events else 1, cv2.LINE_AA)
        score = f"  score {float(row['score']):.1f}" if row["score"] else ""
        _write(frame, f"face {face_id}{score}", (left, top - 6), color)
        # Below the box, or inside where that would lie under the curve.
        lowest = round((1 - CURVE_HEIGHT) * frame.shape[0]) - 6
        for line, event in enumerate(events, start=1):
            told = f"{event['class'] or 'unsure'} {float(event['probability']):.2f}: {event['part']}"
            _write(frame, told, (left, min(bottom + round(line * 0.04 * frame.shape[0]), lowest)), color)

    def _draw_curve(self, frame: Image) -> None:
        """Scores over thresholds of the last seconds, the newest at the right; the line is the threshold."""
        height, width = frame.shape[:2]
        strip = frame[height - round(CURVE_HEIGHT * height) :]
        strip //= 2
        tall = strip.shape[0]
        level = round(tall * (1 - 1 / CURVE_THRESHOLDS))
        cv2.line(strip, (0, level), (width, level), INK, 1)
        recent = list(self._scores)
        step = max(1, self._keep // POINTS)
        first = self._keep - len(recent)
        for face_id in {face for scores in recent for face in scores}:
            # Counted from the end of the strip, so that the curve glides instead of trembling.
            points = [
                (
                    (first + at) * width / self._keep,
                    tall * (1 - min(recent[at][face_id] / CURVE_THRESHOLDS, 1)),
                )
                for at in range(len(recent) - 1, -1, -step)
                if face_id in recent[at]
            ]
            line = np.asarray(points, np.float32).round().astype(np.int32)
            cv2.polylines(strip, [line], False, COLORS[face_id % len(COLORS)], 1, cv2.LINE_AA)


def _write(frame: Image, text: str, place: tuple[int, int], color: tuple[int, int, int]) -> None:
    """Text in a dark outline, its lower left corner at ``place``."""
    scale = FONT_SCALE * max(frame.shape[0] / 480, 0.5)
    for ink, thickness in ((SHADE, 3), (color, 1)):
        cv2.putText(frame, text, place, FONT, scale, ink, thickness, cv2.LINE_AA)
