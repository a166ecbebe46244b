"""Short videos of things that move like faces, and a recognizer of nothing, for tests of whole videos."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from merlab.frames import Image
from tests.videos.faces import LEFT_MOUTH_CORNER, bump, face, there_and_back, warped

FPS = 50.0
# Onset, apex, offset of each movement, frames from 0.
MOVEMENTS = [(150, 160, 172), (420, 431, 445), (690, 700, 712)]


def moving_face(frames: int, seed: int = 0) -> list[Image]:
    """An aligned face at FPS under sensor noise, whose left corner of the mouth rises at MOVEMENTS."""
    rows, columns = np.mgrid[0:282, 0:231].astype(float)
    corner, still = bump(columns, rows, LEFT_MOUTH_CORNER), np.zeros((282, 231))
    noise = np.random.default_rng(seed)
    course = sum((there_and_back(frames, *movement) for movement in MOVEMENTS), np.zeros(frames))
    moved = (warped(face(), still, -4 * rise * corner).astype(float) for rise in course)
    return [np.clip(frame + noise.normal(0, 2, (282, 231, 1)), 0, 255).astype(np.uint8) for frame in moved]


def write_avi(path: Path, frames: list[Image], fps: float = FPS) -> Path:
    """Motion JPEG, true to the frames."""
    path.parent.mkdir(exist_ok=True)
    size = frames[0].shape[1], frames[0].shape[0]
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, 95)
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def shown_at(path: Path) -> list[float]:
    """When FFmpeg shows each frame of a video, s."""
    with av.open(str(path)) as video:
        return [frame.time or 0.0 for frame in video.decode(video=0)]
