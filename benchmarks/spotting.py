"""Speed of spotting in aligned faces, and its memory for long streams.

    python benchmarks/spotting.py [--frames N] [--minutes A B]

Frames are random textures of 231 x 282 px, moved by fractions of a pixel and made beforehand, so that only spotting is
timed: preparation, optical flow, score and events. The reference is OpenCV's DIS flow between the same frames at full
size. Memory is the peak of a process for streams of the stated lengths (0: before any) at 200 frames per second, which
repeat the same few frames.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import cv2
import numpy as np

from merlab.frames import Image
from merlab.frames.clock import Clock
from merlab.inference.cost import hardware
from merlab.optical_flow import dis
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.stretches import block_places, spot_stretches
from plain_errors import run_benchmark

FPS = 200.0

Number = TypeVar("Number", int, float)


def faces(count: int) -> list[Image]:
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.standard_normal((282, 231)).astype(np.float32), (0, 0), 2.5)
    still = np.asarray(127.5 + 80 * np.tanh(noise / noise.std()), np.float32)
    frames = []
    for shift in rng.normal(0, 0.5, (count, 2)):
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        moved = np.asarray(cv2.warpAffine(still, matrix, (231, 282), borderMode=cv2.BORDER_REFLECT), np.float32)
        frames.append(np.asarray(cv2.cvtColor(moved.astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8))
    return frames


def consume(frames: Iterable[Image], count: int) -> None:
    clock = Clock.constant(FPS, count)
    for _ in spot_stretches(block_places(frames, clock), clock, SpottingSettings()):
        pass


def seconds_of(frames: int) -> float:
    """Seconds of spotting in one process and one thread."""
    cv2.setNumThreads(1)
    few = faces(50)
    start = time.perf_counter()
    consume(itertools.cycle(few), frames)
    return time.perf_counter() - start


def reference(pairs: int) -> float:
    """Frames per second of DIS flow at full size on one thread."""
    cv2.setNumThreads(1)
    grays = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8) for frame in faces(pairs + 1)]
    start = time.perf_counter()
    for before, after in itertools.pairwise(grays):
        dis(before, after)
    return pairs / (time.perf_counter() - start)


def peak_mib(minutes: float) -> float:
    """Peak memory of a process that spots in a stream of so many minutes."""
    seconds_of(round(minutes * 60 * FPS))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_new_process(function: Callable[[Number], float], argument: Number) -> float:
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(function, argument).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=4000)
    parser.add_argument("--minutes", type=float, nargs="*", default=[0, 1, 10])
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    print(hardware())
    one = options.frames / in_new_process(seconds_of, options.frames)
    full = in_new_process(reference, 100)
    print(f"one process: {one:.0f} frames/s; DIS at 231x282 alone: {full:.0f}, so {one / full:.2f} times as fast")
    with ProcessPoolExecutor(cores) as pool:
        start = time.perf_counter()
        list(pool.map(seconds_of, [options.frames] * cores))
        together = cores * options.frames / (time.perf_counter() - start)
    print(f"{cores} processes on {cores} cores, one video each: {together:.0f} frames/s")
    for minutes in options.minutes:
        print(f"peak memory after {minutes:g} min: {in_new_process(peak_mib, minutes):.0f} MiB")


if __name__ == "__main__":
    run_benchmark(main)
