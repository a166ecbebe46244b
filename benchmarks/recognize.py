"""Speed of `merlab recognize` on 640 x 480, as a whole and of its steps, all in one run.

    python benchmarks/recognize.py [--seconds N] [--processes 1 2]
    python benchmarks/recognize.py --memory MINUTES

A SYNTHETIC recording of a moving head is rendered once (kept under --keep, if given) and played forwards and backwards.
Each step is measured by the processor time of one thread. The whole is the command itself, measured by the clock and by
the processor time of all its processes. --memory plays the recording for so many minutes as H.264, kills the process
(SIGKILL) halfway, resumes in another one, and prints the peak memory of each and the speed at the beginning and at the
end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2

from merlab.faces.album import Album
from merlab.faces.alignment import FaceFinding
from merlab.frames import Image, open_frames
from merlab.inference.cost import hardware
from merlab.json_files import write_json
from merlab.sinks import VideoSink
from merlab.spotting.event import SpottedEvent
from merlab.spotting.motion import FaceMotion
from merlab.synthesis import CAMERA, PRESETS, make_renderer
from merlab.synthesis.recording import plan_recording
from merlab.videos.chunks.described_chunk import SeenEvent
from merlab.videos.chunks.describing import EventDescriber
from merlab.videos.chunks.faces_in_frame import FaceInFrame, FindingViewer, on_layout
from merlab.videos.making import READING
from merlab.videos.options import Options
from merlab.videos.recognition import recognize
from merlab.videos.words import FaceState
from plain_errors import run_benchmark

FPS = 100.0
RENDERED_FRAMES = 1200
STEP_FRAMES = 400
Item = TypeVar("Item")


def recording(path: Path) -> list[Image]:
    """The rendered frames, read from ``path`` if that exists."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        renderer = make_renderer(9200, 0, PRESETS["default"], CAMERA)
        plan = plan_recording(renderer.identity, renderer.preset, RENDERED_FRAMES, ["happiness"])
        write_avi(path, (frame for block in plan.blocks() for frame in renderer.frames(block)))
    return [image for _, image in open_frames(path)]


def forth_and_back(frames: list[Item]) -> Iterator[Item]:
    """Without end and without a jump."""
    return itertools.cycle(frames + frames[-2:0:-1])


def write_avi(path: Path, frames: Iterator[Image]) -> None:
    """Motion JPEG of quality 95."""
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, code, FPS, (CAMERA.width, CAMERA.height))
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, 95)
    for frame in frames:
        writer.write(frame)
    writer.release()


def timed(step: Callable[[Item], object], frames: list[Item]) -> float:
    """Milliseconds of processor time per frame."""
    step(frames[0])
    began = time.process_time()
    for frame in itertools.islice(forth_and_back(frames), STEP_FRAMES):
        step(frame)
    return 1000 * (time.process_time() - began) / STEP_FRAMES


def steps(video: Path, frames: list[Image]) -> dict[str, float]:
    """Milliseconds of processor time per frame and step, on one thread."""
    cv2.setNumThreads(1)
    viewer, motion = FindingViewer(FaceFinding(), FPS), FaceMotion(FPS)
    faces = [face for frame in frames[:100] for face in aligned(viewer, frame)]
    # A short video is decoded several times.
    decoded = itertools.chain.from_iterable(map(open_frames, itertools.repeat(video)))
    return {
        "decode": timed(lambda frame: next(decoded), frames),
        "find, follow, align": timed(partial(aligned, viewer), frames),
        "movement for spotting": timed(lambda face: motion(face.followed), faces),
    }


def aligned(viewer: FindingViewer, frame: Image) -> list[FaceInFrame]:
    """The faces of the next frame."""
    return viewer.align(frame, viewer.find(frame))


def event_ms(faces: list[Image], folder: Path) -> float:
    """Processor time of one event: class, evidence, maps, pictures."""
    describer, album = EventDescriber(Options()), Album()
    for number, face in enumerate(faces, start=1):
        album.add(number, face)
    event = SpottedEvent(1, len(faces) // 2, len(faces), len(faces) // 2, 10.0, "chin")
    seen = SeenEvent(event, FPS, event.duration(FPS), FaceState())
    describer.describe(seen, album, folder / "first")
    began = time.process_time()
    for number in range(3):
        describer.describe(seen, album, folder / f"again-{number}")
    return 1000 * (time.process_time() - began) / 3


def whole(video: Path, out: Path, processes: int, overlay: bool) -> tuple[float, float]:
    """Seconds of the command by the clock, and of processor time of all its processes."""
    flags = ["--jobs", str(processes), "--overlay", "frames" if overlay else "none"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "merlab", "recognize", str(video), "--out", str(out), *flags]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used


def speed(folder: Path, frames: list[Image], seconds: float, processes: list[int]) -> None:
    count, video = round(seconds * FPS), folder / "video.avi"
    write_avi(video, itertools.islice(forth_and_back(frames), count))
    print(f"{count} frames of {CAMERA.width}x{CAMERA.height}, {seconds:g} s; frames per second of the whole command")
    print(f"{'':34}{'by the clock':>14}{'by processor':>14}{'x the first':>14}")
    clocks, processors = {}, {}
    for overlay, number in itertools.product((False, True), processes):
        clock, processor = whole(video, folder / f"whole-{number}-{overlay}", number, overlay)
        clocks[overlay, number], processors[overlay, number] = clock, processor
        name = f"{'with' if overlay else 'without'} overlay, {number} process(es)"
        ratio = clocks[False, processes[0]] / clock
        print(f"{name:34}{count / clock:14.1f}{count / processor:14.1f}{ratio:14.2f}")
    each = steps(video, frames)
    each["overlay, decoding again"] = 1000 * (processors[True, processes[0]] - processors[False, processes[0]]) / count
    print(f"{'step, one thread':34}{'ms per frame':>14}{'share':>14}")
    for name, value in each.items():
        print(f"{name:34}{value:14.2f}{value / sum(each.values()):14.2f}")
    viewer = FindingViewer(FaceFinding(), FPS)
    seen = [aligned(viewer, frame)[0] for frame in frames[:40]]
    faces = [on_layout(face.frame, face.transform) for face in seen]
    print(f"one event (class, evidence, maps, pictures): {event_ms(faces, folder):.0f} ms")


def memory(folder: Path, frames: list[Image], minutes: float) -> None:
    count, video = round(minutes * 60 * FPS), folder / "long.mp4"
    with VideoSink(video, FPS) as sink:
        for frame in itertools.islice(forth_and_back(frames), count):
            sink.write(frame)
    print(f"{minutes:g} minutes, {count} frames, H.264 of {video.stat().st_size / 2**20:.0f} MiB", flush=True)
    killed = watched_apart(video, folder, "killed", dies_at=count // 2)
    resumed = watched_apart(video, folder, "resumed")
    first = [moment for moment in killed.moments if moment[0] <= count / 10]
    last = [moment for moment in resumed.moments if moment[0] >= count * 9 / 10]
    print(f"frames/s of processor time: {per_second(first):.0f} in the first tenth, {per_second(last):.0f} in the last")
    print(f"killed at frame {killed.moments[-1][0]} of {count}; the same call resumed at frame {resumed.moments[0][0]}")
    print(f"peak memory: {killed.peak:.0f} MiB until it was killed, {resumed.peak:.0f} MiB until the end")


@dataclass(frozen=True)
class Watched:
    """What one process did: frames done and processor time (s) at moments; its peak memory, MiB."""

    moments: list[tuple[float, float]]
    peak: float


def watched_apart(video: Path, folder: Path, name: str, dies_at: int | None = None) -> Watched:
    """``recognize_whole`` in a process of its own."""
    noted = folder / f"{name}.json"
    process = multiprocessing.get_context("spawn").Process(
        target=recognize_whole, args=(video, folder / "long", noted, dies_at)
    )
    process.start()
    process.join()
    expected = 0 if dies_at is None else -signal.SIGKILL
    if process.exitcode != expected:
        sys.exit(f"the process ended with {process.exitcode}")
    return Watched(**json.loads(noted.read_text(encoding="utf-8")))


def recognize_whole(video: Path, out: Path, noted: Path, dies_at: int | None) -> None:
    """Recognize a video, and kill this process after ``dies_at`` frames."""
    moments: list[tuple[float, float]] = []

    def note(done: float, total: int, what: str, /) -> None:
        if what != READING:
            return
        moments.append((done, time.process_time()))
        if dies_at is not None and done >= dies_at:
            write_json(noted, {"moments": moments, "peak": peak_memory()})
            os.kill(os.getpid(), signal.SIGKILL)

    recognize(video, out, overlay=False, progress=note)
    write_json(noted, {"moments": moments, "peak": peak_memory()})


def peak_memory() -> float:
    """MiB of this process alone: ru_maxrss would include the memory of its parent when it was started."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def per_second(moments: list[tuple[float, float]]) -> float:
    return (moments[-1][0] - moments[0][0]) / (moments[-1][1] - moments[0][1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--memory", type=float, metavar="MINUTES")
    parser.add_argument("--keep", type=Path, help="Folder for the recording.")
    options = parser.parse_args()
    print(hardware())
    with tempfile.TemporaryDirectory() as name:
        frames = recording((options.keep or Path(name)) / "recording.avi")
        if options.memory:
            memory(Path(name), frames, options.memory)
        else:
            speed(Path(name), frames, options.seconds, options.processes)


if __name__ == "__main__":
    run_benchmark(main)
