"""Speed beside other tools, in one run: landmarks, aligned faces, and whole videos, on a SYNTHETIC recording.

    python benchmarks/peers.py [--folder ENVIRONMENTS] [--frames N] [--only TOOL ...]

Each tool is installed by pip into an environment of its own under --folder (a temporary folder unless given), and runs
without a network: where it cannot be installed, or wants to download its models, one line says why. merlab and the
tools run in turn, --rounds times; the table has the medians, in frames per second of processor time (threads
included), so that it does not matter what else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np

from merlab.inference.cost import hardware
from plain_errors import run_benchmark
from recognize import forth_and_back, recording, write_avi

WORK = Path(__file__).with_name("peers_work.py")
# The last release of MediaPipe whose wheel holds its models; later ones download them.
PACKAGES = {
    "mediapipe": "mediapipe==0.10.21",
    "py-feat": "py-feat>=2",
    "libreface": "libreface",
    # It imports flask, which it does not require.
    "deepface": "deepface[tf-keras] flask",
}
# A download is refused at once instead of tried until its time is over.
OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
OFFLINE |= {"HF_HUB_OFFLINE": "1"}
INSTALL_SECONDS, RUN_SECONDS = 900, 300


@dataclass(frozen=True)
class Clip:
    """The recording, as an array of frames and as a video."""

    frames: Path
    video: Path


def make_clip(folder: Path, kept: Path, count: int) -> Clip:
    clip = Clip(folder / "frames.npy", folder / "video.avi")
    frames = list(islice(forth_and_back(recording(kept / "recording.avi")), count))
    np.save(clip.frames, np.stack(frames))
    write_avi(clip.video, iter(frames))
    return clip


def installed(tool: str, folder: Path) -> tuple[Path | None, str]:
    """The interpreter of a tool's environment, or None and why there is none."""
    place = folder / tool
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (place / "complete").exists():
        return python, ""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES[tool].split()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None, f"pip did not install it within {INSTALL_SECONDS} s"
    if done.returncode:
        return None, f"pip cannot install it: {last_line(done.stderr)}"
    (place / "complete").touch()
    return python, ""


def measured(tool: str, python: Path, clip: Clip) -> dict[str, float] | str:
    """What a tool reaches, or why it failed."""
    command = [str(python), str(WORK), tool, str(clip.frames), str(clip.video)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"} | ({} if tool == "merlab" else OFFLINE)
    with tempfile.TemporaryDirectory() as home:
        if tool != "merlab":
            environment |= {"HOME": home, "XDG_CACHE_HOME": home}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            return f"it did not finish {RUN_SECONDS} s"
    if done.returncode:
        return f"it does not run without a download: {last_line(done.stderr)}"
    values: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return values


def last_line(text: str) -> str:
    return (text.strip() or "no reason given").splitlines()[-1][:200]


def compare(tool: str, python: Path, clip: Clip, rounds: int) -> None:
    """Run merlab and a tool in turn, and print both."""
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for _ in range(rounds):
        for name, interpreter, results in ((tool, python, theirs), ("merlab", Path(sys.executable), ours)):
            result = measured(name, interpreter, clip)
            if isinstance(result, str):
                print(f"{name}: not measured: {result}", flush=True)
                return
            results.append(result)
    for what in theirs[0]:
        one, other = (median(result[what] for result in results) for results in (ours, theirs))
        print(f"{tool:12}{what:26}{other:12.1f}{one:12.1f}{one / other:12.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="Where the environments and the recording are kept.")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(PACKAGES), default=list(PACKAGES))
    options = parser.parse_args()
    print(hardware())
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        clip = make_clip(Path(name), folder, options.frames)
        print(f"{options.frames} frames of a SYNTHETIC recording, 640x480; frames per second of processor time")
        print(f"{'tool':12}{'':26}{'the tool':>12}{'merlab':>12}{'ratio':>12}", flush=True)
        for tool in options.only:
            python, reason = installed(tool, folder)
            if python is None:
                print(f"{tool}: not measured: {reason}", flush=True)
            else:
                compare(tool, python, clip, options.rounds)


if __name__ == "__main__":
    run_benchmark(main)
