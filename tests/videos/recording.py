"""Short videos of things that move like faces, and a recognizer of nothing, for tests of whole videos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.frames import Image
from tests.videos.faces import LEFT_MOUTH_CORNER, bump, face, warped

FPS = 50.0
# Onset, apex, offset of each movement, frames from 0.
MOVEMENTS = [(150, 160, 172), (300, 311, 325), (450, 460, 472)]


def moving_face(frames: int, seed: int = 0) -> list[Image]:
    """An aligned face at FPS under sensor noise, whose left corner of the mouth rises at MOVEMENTS."""
    return face_at(
        np.arange(frames) / FPS, [tuple(moment / FPS for moment in movement) for movement in MOVEMENTS], seed
    )


def face_at(seconds: NDArray[np.float64], movements: Sequence[tuple[float, ...]], seed: int = 0) -> list[Image]:
    """The same at these moments, with movements at (onset, apex, offset), s."""
    rows, columns = np.mgrid[0:282, 0:231].astype(float)
    corner, still = bump(columns, rows, LEFT_MOUTH_CORNER), np.zeros((282, 231))
    noise = np.random.default_rng(seed)
    course = np.zeros(len(seconds))
    for moments in movements:
        course += np.sin(0.5 * np.pi * np.interp(seconds, moments, [0, 1, 2], left=0, right=2)) ** 2
    # Most frames show the face at rest.
    moved = {rise: warped(face(), still, -4 * rise * corner).astype(float) for rise in np.unique(course)}
    return [np.clip(moved[rise] + noise.normal(0, 2, (282, 231, 1)), 0, 255).astype(np.uint8) for rise in course]


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


def write_stamped(
    path: Path,
    frames: Sequence[Image],
    stamps: Iterable[float],
    *,
    ticks: int = 90_000,
    tags: Mapping[str, str] | None = None,
    sound: bool = False,
) -> Path:
    """Motion JPEG, true to the frames, each shown at its own time (s), in ``ticks`` per second; sound from 0 s on."""
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"} if tags else {}) as video:
        video.metadata.update(tags or {})
        stream = video.add_stream("mjpeg", ticks)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuvj444p", {"qmin": "2", "qmax": "2"}
        if sound:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
            silence.sample_rate, silence.pts = 8000, 0
            voice = video.add_stream("pcm_s16le", 8000, layout="mono")
            video.mux([*voice.encode(silence), *voice.encode(None)])
        for image, seconds in zip(frames, stamps, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuvj444p")
            frame.pts, frame.time_base = round(seconds * ticks), Fraction(1, ticks)
            video.mux(stream.encode(frame))
        video.mux(stream.encode(None))
    return path


def shown_at(path: Path) -> list[float]:
    """When FFmpeg shows each frame of a video, s."""
    with av.open(str(path)) as video:
        return [frame.time or 0.0 for frame in video.decode(video=0)]
