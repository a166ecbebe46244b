"""Speed of face alignment in frames per second: each step alone, all steps together, and on all cores.

Run `python benchmarks/faces.py`. It renders a synthetic 640 x 480 head that moves, so it needs only merlab and the
landmark model (`merlab models get`). Steps are measured on one thread, one after the other, in one process.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2

from merlab.faces.alignment import ClipAlignment, FaceFinding, align_image
from merlab.faces.detection import make_detector
from merlab.faces.head_motion import HeadFit
from merlab.faces.landmarks import FaceMesh
from merlab.frames import Image, read_image
from merlab.inference.cost import hardware
from merlab.preparation.settings import Settings
from merlab.synthesis import CAMERA, PRESETS, make_renderer, plan_clip
from plain_errors import run_benchmark

FRAMES, SECONDS = 24, 4.0


def head_frames() -> list[Image]:
    """A synthetic head that drifts by some tenths of a pixel from frame to frame; each (480, 640, 3)."""
    preset = PRESETS["default"]
    renderer = make_renderer(0, 1, preset, CAMERA)
    plan = plan_clip(renderer.identity, 0, "happiness", preset)
    return [renderer.frame(plan, number) for number in range(FRAMES)]


def frames_per_second(step: Callable[[Image], object], frames: list[Image]) -> tuple[float, float]:
    """Frames per second that ``step`` processes: by wall-clock time, and by processor time of this process."""
    step(frames[0])
    done, clock, processor = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - clock < SECONDS:
        step(frames[done % len(frames)])
        done += 1
    return done / (time.perf_counter() - clock), done / (time.process_time() - processor)


def aligned_per_second(frames: list[Image]) -> tuple[float, float]:
    """Detect one time; then find landmarks and head motion of every frame, and align its face rigidly."""
    cv2.setNumThreads(1)
    return frames_per_second(ClipAlignment(frames[0], FaceFinding().open(), "rigid").align, frames)


def prepared_per_second(frames: list[Image]) -> tuple[float, float]:
    """The steps of `merlab prepare` for a frame: read its JPEG, find landmarks and head motion, align, write a JPEG."""
    cv2.setNumThreads(1)
    settings = Settings()
    alignment = ClipAlignment(frames[0], FaceFinding().open(), settings.motion)
    with tempfile.TemporaryDirectory() as folder:
        paths = {id(frame): Path(folder) / f"img{number}.jpg" for number, frame in enumerate(frames)}
        for frame in frames:
            cv2.imwrite(str(paths[id(frame)]), frame)

        def prepare(frame: Image) -> None:
            aligned = alignment.align(read_image(paths[id(frame)])).image
            (Path(folder) / "reg_img.jpg").write_bytes(settings.encode(aligned))

        return frames_per_second(prepare, frames)


def steps(frames: list[Image]) -> dict[str, Callable[[Image], object]]:
    """Each step alone, by its name."""
    detector, mesh = make_detector(), FaceMesh()
    landmarks = mesh.locate(frames[0], detector.detect(frames[0])[0])
    transform = ClipAlignment(frames[0], FaceFinding().open()).transform
    fit = HeadFit(frames[0], transform)
    return {
        "detect (YuNet at 320)": detector.detect,
        "landmarks (face mesh)": lambda frame: mesh.follow(frame, landmarks),
        "head motion": lambda frame: fit.fit(frame, transform, transform),
        "warp to the layout (bicubic)": lambda frame: align_image(frame, transform),
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    cv2.setNumThreads(1)
    cores = os.cpu_count() or 1
    frames = head_frames()
    print(hardware())
    print(f"frames per second at {frames[0].shape[1]}x{frames[0].shape[0]}, one thread per process")
    print(f"{'':32}{'wall clock':>14}{'processor':>14}{'share of total':>20}")
    whole = aligned_per_second(frames)
    for name, step in steps(frames).items():
        clock, processor = frames_per_second(step, frames)
        print(f"{name:32}{clock:14.1f}{processor:14.1f}{whole[1] / processor:20.2f}")
    print(f"{'tracked clip, no detection':32}{whole[0]:14.1f}{whole[1]:14.1f}{1:20.2f}")
    prepared = prepared_per_second(frames)
    print(f"{'prepared clip, read to write':32}{prepared[0]:14.1f}{prepared[1]:14.1f}{whole[1] / prepared[1]:20.2f}")
    with ProcessPoolExecutor(cores) as pool:
        for name, work, one in (("tracked", aligned_per_second, whole), ("prepared", prepared_per_second, prepared)):
            every = sum(clock for clock, _ in pool.map(work, [frames] * cores))
            print(f"{f'{name} clips, {cores} processes':32}{every:14.1f}{'':14}{every / one[0]:14.2f} x one process")


if __name__ == "__main__":
    run_benchmark(main)
