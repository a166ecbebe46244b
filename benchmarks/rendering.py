"""Speed of rendering synthetic faces on one core, compared with JPEG encoding of the same frames.

    python benchmarks/rendering.py [--subjects N]

The reference is OpenCV's JPEG encoder on the frames that were just rendered. Every machine can measure it, so the ratio
can be compared between machines. Times are processor time of one thread. The last line is the speed of varied clips as
flow (`merlab make-flow`), with everything that is made once per subject.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2

from merlab.frames import Image
from merlab.inference.cost import hardware
from merlab.processes.thread_limits import one_thread
from merlab.synthesis import CAMERA, PRESETS, ClipPlan, FaceRenderer, clip_truth, plan_clip
from merlab.synthesis.action_units import CLASSES
from merlab.synthesis.flow_writing import make_flow
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.texture import paint_face
from plain_errors import run_benchmark

PRESET = PRESETS["default"]
VARIED_CLIPS = 20

Result = TypeVar("Result")


class Cost(NamedTuple):
    """Number of frames, and the seconds for rendering them, encoding them, and computing their ground truth."""

    frames: int
    rendering: float
    encoding: float
    truth: float


def timed(function: Callable[..., Result], *arguments: object) -> tuple[Result, float]:
    """The result of the function, and the processor seconds of this thread that it used."""
    start = time.thread_time()
    result = function(*arguments)
    return result, time.thread_time() - start


def render(renderer: FaceRenderer, plan: ClipPlan) -> list[Image]:
    return list(renderer.frames(plan))


def encode(frames: list[Image]) -> None:
    for frame in frames:
        cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, PRESET.jpeg_quality])


def cost_of_clip(renderer: FaceRenderer, clip: int) -> Cost:
    plan = plan_clip(renderer.identity, clip, CLASSES[clip % len(CLASSES)], PRESET)
    frames, rendering = timed(render, renderer, plan)
    _, encoding = timed(encode, frames)
    _, truth = timed(clip_truth, renderer, plan)
    return Cost(len(frames), rendering, encoding, truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=3)
    painting: list[float] = []
    crop: list[Cost] = []
    camera: list[Cost] = []
    with one_thread():
        for subject in range(parser.parse_args().subjects):
            identity = sample_identity(0, subject)
            layers, seconds = timed(paint_face, identity, PRESET.blur)
            painting.append(seconds)
            renderer = FaceRenderer(identity, layers, PRESET)
            crop += [cost_of_clip(renderer, clip) for clip in range(len(CLASSES))]
            camera.append(cost_of_clip(FaceRenderer(identity, layers, PRESET, CAMERA), 0))
    print(f"{hardware()}; OpenCV {cv2.__version__} on one thread")
    print(f"texture: {statistics.median(painting):.2f} s per identity (median of {len(painting)})")
    report("crop 231 x 282", crop)
    report("camera 640 x 480", camera)
    print(f"varied flow: {varied_clips_per_second():.1f} clips/s, {VARIED_CLIPS} clips of each subject")
    print(f"truth: {1000 * statistics.median(cost.truth for cost in crop):.0f} ms per clip (median of {len(crop)})")


def varied_clips_per_second() -> float:
    """Clips of flow per second on one core, of a subject with as many clips as `merlab make-flow` makes."""
    with tempfile.TemporaryDirectory() as folder:
        _, seconds = timed(partial(make_flow, Path(folder) / "flow", subjects=1, clips=VARIED_CLIPS, jobs=1))
    return VARIED_CLIPS / seconds


def report(name: str, costs: list[Cost]) -> None:
    """Print the totals of all clips, and the time of rendering as a multiple of the time of encoding."""
    frames, rendering, encoding, _ = (sum(column) for column in zip(*costs, strict=True))
    print(
        f"{name}: {frames / rendering:.0f} frames/s, {frames / (rendering + encoding):.0f} with JPEG; "
        f"JPEG alone {frames / encoding:.0f}; rendering takes {rendering / encoding:.1f} times as long as encoding"
    )


if __name__ == "__main__":
    run_benchmark(main)
