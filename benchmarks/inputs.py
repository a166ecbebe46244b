"""Onset-to-apex flow, clips a second: each algorithm on one thread and on all cores, and as a ratio to DIS on one.

Run `python benchmarks/inputs.py`; frames are drawn at random at 231 x 282, so nothing is needed but merlab. TV-L1 runs
where OpenCV's contrib build is installed.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.evaluation.cost import hardware
from merlab.inputs.flow import ALGORITHMS, strain

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def frame_pairs(count: int) -> list[Pair]:
    """Textured frames (282, 231) and the same moved by a fraction of a pixel."""
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(count):
        noise = cv2.GaussianBlur(rng.standard_normal((282, 231)).astype(np.float32), (0, 0), 2.5)
        face = np.asarray(127.5 + 80 * np.tanh(noise / noise.std()), np.float32)
        moved = cv2.warpAffine(face, np.array([[1, 0, 0.6], [0, 1, -0.4]], np.float32), (231, 282))
        pairs.append((face.astype(np.uint8), np.asarray(moved, np.float32).astype(np.uint8)))
    return pairs


def clips_per_second(name: str, pairs: list[Pair], threads: int) -> float:
    """Flow and strain of every pair on so many threads."""
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(lambda pair: strain(ALGORITHMS[name](*pair)), pairs))
        return len(pairs) / (time.perf_counter() - start)


def main() -> None:
    cv2.setNumThreads(1)
    cores = os.cpu_count() or 1
    print(hardware())
    print("clips a second, flow and strain at 231x282")
    print(f"{'algorithm':12}{'one thread':>12}{f'{cores} threads':>12}{'ratio to DIS':>14}")
    reference = clips_per_second("dis", frame_pairs(60), 1)
    for name in ALGORITHMS:
        pairs = frame_pairs(6 if name == "tvl1" else 60)
        try:
            one, many = clips_per_second(name, pairs, 1), clips_per_second(name, pairs, cores)
        except MerlabError as error:
            print(f"{name:12}{error}")
            continue
        print(f"{name:12}{one:12.1f}{many:12.1f}{one / reference:14.2f}")


if __name__ == "__main__":
    main()
