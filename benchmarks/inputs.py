"""Speed of inputs in clips per second: every kind from frames on disk, and each flow algorithm relative to DIS.

Run `python benchmarks/inputs.py`. It makes clips of 60 random JPEG frames of 231 x 282, so it needs only merlab. TV-L1
runs if OpenCV's contrib build is installed (see docs/inputs.md).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip, ClipTable
from merlab.errors import MerlabError
from merlab.inference.cost import hardware
from merlab.inputs import INPUTS, load_inputs, parse_recipe
from merlab.optical_flow import ALGORITHMS, strain
from plain_errors import run_benchmark

Gray = NDArray[np.uint8]

CORES = os.cpu_count() or 1
CLIPS, FRAMES = 4, 60
MAGNIFIED = ("onset-apex:magnify=evm10", "onset-apex:magnify=linear4", "flow:magnify=evm10", "sequence:magnify=evm10")


def movement(seed: int, frames: int) -> list[Gray]:
    """A textured frame (282, 231) that moves by up to .6 px right and .4 px up."""
    noise = cv2.GaussianBlur(np.random.default_rng(seed).standard_normal((282, 231)).astype(np.float32), (0, 0), 2.5)
    face = np.asarray(127.5 + 80 * np.tanh(noise / noise.std()), np.float32)
    images = []
    for part in np.linspace(0, 1, frames):
        matrix = np.array([[1, 0, 0.6 * part], [0, 1, -0.4 * part]], np.float32)
        images.append(np.asarray(cv2.warpAffine(face, matrix, (231, 282)), np.float32).astype(np.uint8))
    return images


def write_clips(root: Path) -> ClipTable:
    """Clips of JPEG frames below ``root``, with the apex in the middle."""
    clips = []
    for number in range(CLIPS):
        folder = root / f"clip{number}"
        folder.mkdir()
        for position, image in enumerate(movement(number, FRAMES), start=1):
            cv2.imwrite(str(folder / f"img{position}.jpg"), image)
        clips.append(
            Clip("benchmark", f"s{number}", f"clip{number}", 200, 1, FRAMES // 2, FRAMES, "", "others", folder)
        )
    return ClipTable(tuple(clips))


def extracted_per_second(table: ClipTable, recipe: str, jobs: int) -> float:
    """Clips per second: read, computed and stored, with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        load_inputs(table, parse_recipe(recipe), Path(cache), jobs)
        return len(table) / (time.perf_counter() - start)


def flows_per_second(name: str, pairs: list[list[Gray]], threads: int) -> float:
    """Pairs of frames per second: flow and strain."""
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(lambda pair: strain(ALGORITHMS[name](*pair)), pairs))
        return len(pairs) / (time.perf_counter() - start)


def compare_kinds() -> None:
    print(f"\nclips per second, {FRAMES} frames of 231x282 on disk; frames per second if all {FRAMES} frames are read")
    print(f"{'recipe':32}{'one thread':>12}{f'{CORES} threads':>12}{'frames/s, one':>15}")
    with tempfile.TemporaryDirectory() as folder:
        table = write_clips(Path(folder))
        for text in (*INPUTS, *MAGNIFIED):
            one, many = (extracted_per_second(table, text, jobs) for jobs in (1, CORES))
            recipe = parse_recipe(text)
            read = len(recipe.kind.frames_needed(table.clips[0], recipe))
            rate = f"{one * FRAMES:15.0f}" if read == FRAMES else f"{'':15}"
            print(f"{text:32}{one:12.1f}{many:12.1f}{rate}")


def compare_algorithms() -> None:
    cv2.setNumThreads(1)
    print("\npairs of frames per second, flow and strain at 231x282")
    print(f"{'algorithm':32}{'one thread':>12}{f'{CORES} threads':>12}{'DIS is x faster':>17}")
    reference = flows_per_second("dis", [movement(seed, 2) for seed in range(60)], 1)
    for name in ALGORITHMS:
        pairs = [movement(seed, 2) for seed in range(6 if name == "tvl1" else 60)]
        try:
            one, many = flows_per_second(name, pairs, 1), flows_per_second(name, pairs, CORES)
        except MerlabError as error:
            print(f"{name:12}{error}")
            continue
        print(f"{name:32}{one:12.1f}{many:12.1f}{reference / one:17.1f}")


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(hardware())
    compare_kinds()
    compare_algorithms()


if __name__ == "__main__":
    run_benchmark(main)
