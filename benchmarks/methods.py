"""Time and memory of every method under one preset, on the synthetic faces of `merlab reproduce`.

    python benchmarks/methods.py [METHOD ...] [--preset reduced] [--faces FOLDER] [--out FILE.json]

80 clips of 10 subjects, five classes; one fold of four, about 60 clips for training and 20 for test. For
`emr-adversarial`, which needs clips of two databases, every second subject counts as one of another database. Each
method runs in a process of its own, on one thread. The columns: seconds to make the input of all clips; CPU seconds to
fit and predict one fold, which other programs on the machine hardly change; the same in seconds of the clock; MiB of
the input of all clips; the largest MiB that the process held, with Python, torch and merlab.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.evaluation.study import MethodSetup, Study
from merlab.evaluation.unit import Fit, Worker
from merlab.inference.cost import hardware
from merlab.methods import METHODS, find_method
from merlab.methods.emr import ADVERSARIAL
from merlab.reproduction.bench import CLIPS, FOLDS, SUBJECTS
from merlab.schemes import find_scheme
from merlab.synthesis import make_faces
from plain_errors import run_benchmark

SCHEME = "casme2-5-merged"
MIB = 2**20
ONE_METHOD = "--one"


@dataclass(frozen=True)
class Row:
    """What was measured of one method; ``refused`` is the reason where it cannot be measured, else empty."""

    method: str
    preset: str = ""
    input: str = ""
    input_seconds: float = 0.0
    fold_cpu_seconds: float = 0.0
    fold_seconds: float = 0.0
    input_mib: float = 0.0
    largest_mib: float = 0.0
    refused: str = ""

    def text(self) -> str:
        """One line of the table."""
        if self.refused:
            return f"{self.method:24}{self.refused}"
        numbers = (self.input_seconds, self.fold_cpu_seconds, self.fold_seconds)
        times = "".join(f"{number:11.1f}" for number in numbers)
        return f"{self.method:24}{self.preset:9}{times}{self.input_mib:11.0f}{self.largest_mib:11.0f}  {self.input}"


def measure(method: str, preset: str, faces: Path) -> Row:
    """Fit and predict the first fold with seed 0, in this process."""
    try:
        study = Study(
            clips=clips_for(method, faces),
            scheme=find_scheme(SCHEME),
            protocol="kfold",
            folds=FOLDS,
            methods=(MethodSetup(method=find_method(method), preset=preset_of(method, preset)),),
            seeds=(0,),
        )
        plan = study.plan()
    except MerlabError as error:
        return Row(method, refused=str(error))
    (entry,) = plan.entries
    with tempfile.TemporaryDirectory() as cache:
        worker = Worker(plan, Path(cache))
        start = time.perf_counter()
        inputs = worker.inputs(entry.recipe)
        made = time.perf_counter()
        cpu = time.process_time()
        worker.run(Fit(0, 0, 0, "benchmark"))
        return Row(
            method,
            entry.preset_name,
            str(entry.recipe),
            made - start,
            time.process_time() - cpu,
            time.perf_counter() - made,
            inputs.nbytes / MIB,
            # In KiB on Linux.
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )


def clips_for(method: str, faces: Path) -> ClipTable:
    """The synthetic clips; for the method that needs two databases, every second subject is of another one."""
    clips = load("synthetic", faces)
    if method != ADVERSARIAL:
        return clips
    second = set(sorted({clip.subject for clip in clips})[::2])
    return replace(
        clips,
        clips=tuple(replace(clip, database="second") if clip.subject in second else clip for clip in clips),
    )


def preset_of(method: str, preset: str) -> str | None:
    """The preset, or None, the method's own choice, where it has no preset of this name."""
    return preset if preset in find_method(method).presets else None


def in_its_own_process(method: str, preset: str, faces: Path) -> Row:
    """The same in a new process, so that its memory is that of one method."""
    command = [sys.executable, __file__, method, "--preset", preset, "--faces", str(faces), ONE_METHOD]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        return Row(method, refused=f"ended with {ended.returncode}: {ended.stderr.strip().splitlines()[-1:]}")
    return Row(**json.loads(ended.stdout.splitlines()[-1]))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("methods", nargs="*", metavar="METHOD", help="all methods unless given")
    arguments.add_argument("--preset", default="reduced")
    arguments.add_argument("--faces", type=Path, help="folder of the synthetic faces; a temporary one unless given")
    arguments.add_argument("--out", type=Path, help="a JSON file for the numbers")
    arguments.add_argument(ONE_METHOD, action="store_true", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.one:
        print(json.dumps(asdict(measure(chosen.methods[0], chosen.preset, chosen.faces))))
        return
    names = chosen.methods or list(METHODS)
    for name in names:
        find_method(name)
    with tempfile.TemporaryDirectory() as folder:
        faces = make_faces(chosen.faces or Path(folder) / "faces", subjects=SUBJECTS, clips=CLIPS)
        print(hardware())
        columns = ("s input", "CPU s fold", "s fold", "MiB input", "MiB")
        print(f"{'method':24}{'preset':9}{''.join(f'{column:>11}' for column in columns)}  input")
        rows = []
        for name in names:
            rows.append(in_its_own_process(name, chosen.preset, faces))
            print(rows[-1].text(), flush=True)
    if chosen.out:
        content = {"hardware": hardware(), "clips": CLIPS, "folds": FOLDS, "rows": [asdict(row) for row in rows]}
        chosen.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_benchmark(main)
