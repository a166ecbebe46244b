"""Speed of decoding in frames per second: merlab (PyAV) beside OpenCV, for MJPEG, H.264 and HEVC, one and two threads.

Run `python benchmarks/decoding.py`. It makes its videos itself: a texture that moves as a head does. Both read every
frame into an image (BGR), and merlab also finds the time of every frame. They take turns, and the best of the rounds
counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from merlab.frames import Image, Video, packets
from merlab.inference.cost import hardware
from plain_errors import run_benchmark

DIFFERENT, REPEATED, ROUNDS, FPS = 100, 6, 5, 100
FRAMES = DIFFERENT * REPEATED
SIZES = ((640, 480), (1280, 720))
THREADS = (1, 2)


@dataclass(frozen=True)
class Kind:
    """A codec, with the file and the settings that cameras and programs use for it."""

    title: str
    name: str
    codec: str
    pixels: str
    options: dict[str, str]


KINDS = (
    Kind("MJPEG", "a.avi", "mjpeg", "yuvj420p", {"qmin": "3", "qmax": "3"}),
    Kind("H.264", "a.mp4", "libx264", "yuv420p", {"preset": "medium", "crf": "20"}),
    Kind("HEVC", "a.mov", "libx265", "yuv420p", {"preset": "veryfast", "x265-params": "log-level=none"}),
)


def moving_texture(size: tuple[int, int]) -> list[Image]:
    """Frames (H, W, 3) of a texture that moves by up to 3 px from frame to frame, with the noise of a camera."""
    random = np.random.default_rng(0)
    width, height = size
    large = cv2.GaussianBlur(random.normal(128, 400, (height + 64, width + 64, 3)).astype(np.float32), (0, 0), 4)
    noise = random.normal(0, 2, (height, width, 3)).astype(np.float32)
    frames = []
    for number in range(DIFFERENT):
        x, y = (round(32 + 30 * np.sin(number / 10 + phase)) for phase in (0, 1.5))
        shown = large[y : y + height, x : x + width] + np.roll(noise, 7 * number, axis=1)
        frames.append(np.clip(shown, 0, 255).astype(np.uint8))
    return frames


def write(path: Path, kind: Kind, frames: list[Image]) -> None:
    with av.open(str(path), "w") as output:
        stream = cast(VideoStream, output.add_stream(kind.codec, FPS))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = kind.pixels, {**kind.options}
        for frame in frames * REPEATED:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        output.mux(stream.encode(None))


def by_merlab(path: Path, threads: int) -> int:
    packets.forget()
    return sum(1 for _ in Video(path, threads))


def by_opencv(path: Path, threads: int) -> int:
    capture, count = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads]), 0
    while capture.read()[0]:
        count += 1
    return count


def fastest(*readers: Callable[[], int]) -> list[tuple[float, float]]:
    """Frames per second of each reader, by wall-clock and by processor time: the best of rounds, in turns."""
    best = [(float("inf"), float("inf"))] * len(readers)
    for _ in range(ROUNDS):
        for which, read in enumerate(readers):
            clock, processor = time.perf_counter(), time.process_time()
            if read() != FRAMES:
                raise RuntimeError("a reader did not give every frame")
            took = (time.perf_counter() - clock, time.process_time() - processor)
            best[which] = (min(best[which][0], took[0]), min(best[which][1], took[1]))
    return [(FRAMES / clock, FRAMES / processor) for clock, processor in best]


def print_table(folder: Path) -> None:
    print(f"{'':24}{'threads':>8}{'merlab':>10}{'OpenCV':>10}{'ratio':>8}{'processor':>12}")
    for width, height in SIZES:
        for kind in KINDS:
            path = folder / f"{width}" / kind.name
            for threads in THREADS:
                own, other = fastest(partial(by_merlab, path, threads), partial(by_opencv, path, threads))
                name, ratios = f"{kind.title} {width}x{height}", (own[0] / other[0], own[1] / other[1])
                print(
                    f"{name:24}{threads:8}{own[0]:10.0f}{other[0]:10.0f}{ratios[0]:8.2f}{ratios[1]:12.2f}", flush=True
                )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(hardware())
    print(
        f"PyAV {av.__version__}, OpenCV {cv2.__version__}; frames per second, {FRAMES} frames, best of {ROUNDS} rounds"
    )
    with tempfile.TemporaryDirectory() as temporary:
        for size in SIZES:
            folder = Path(temporary) / f"{size[0]}"
            folder.mkdir()
            frames = moving_texture(size)
            for kind in KINDS:
                write(folder / kind.name, kind, frames)
        print_table(Path(temporary))


if __name__ == "__main__":
    run_benchmark(main)
