"""How a run scales over a Ray cluster, on paper, from times that are measured here.

    python benchmarks/cluster.py [METHOD:PRESET ...] [--subjects 68] [--seeds 5] [--out FILE.json]

Measured on this machine: the CPU seconds of one unit of each method (fit on all subjects but one, predict that one);
the CPU seconds that the first machine spends per unit (it sends the unit, receives and stores its predictions), as the
slope between a small and a large run of units that cost nothing; the bytes that each machine and each unit receive and
send. Computed from that: hours on 1 to 4096 cores, and the number of cores at which the first machine is the limit.

Assumed: cores like those of this machine, each unit on one of them, and a network faster than the first machine.
The clips are random images of the size and number of the released flow (442 clips, 28 x 28 px, three channels).
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from merlab.databases import load
from merlab.evaluation.engines import RayEngine
from merlab.evaluation.plan import Plan
from merlab.evaluation.runner import prepared, run
from merlab.evaluation.study import MethodSetup, Study
from merlab.evaluation.transport import packed
from merlab.evaluation.unit import Fit, Worker
from merlab.inference.cost import hardware
from merlab.methods import find_method
from merlab.progress import silent
from merlab.schemes import find_scheme
from plain_errors import run_benchmark

CLIPS, CLASSES, SIDE = 442, 3, 28
ROWS = ("linear-svm:paper", "ststnet:reduced", "ststnet:paper", "flow-cnn:paper")
CORES = (1, 2, 8, 32, 128, 512, 2048, 4096)
# Seeds of the small and the large run whose difference gives the time of a unit on the first machine.
SMALL, LARGE = 2, 12
UNITS_TIMED = 3


@dataclass(frozen=True)
class Unit:
    """One unit of a method: CPU seconds where it is done; bytes to it and back, beside what a machine gets once."""

    name: str
    seconds: float
    sent: int
    returned: int


@dataclass(frozen=True)
class FirstMachine:
    """CPU seconds per unit on the machine that runs the command; bytes that each other machine gets once."""

    seconds: float
    sent_once: int


def write_flow(root: Path, subjects: int) -> Path:
    """Random images in the layout of the released flow, dealt out to the subjects of CASME II, SMIC and SAMM."""
    random = np.random.default_rng(0)
    for clip in range(CLIPS):
        number = clip % subjects
        subject = (f"sub{number:02}", f"s{number:02}", f"{number:03}")[number % 3]
        folder = root / subject / "u_test" / str(clip // subjects % CLASSES)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{subject}_{clip:03} .png"), random.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
    return root


def plan_of(root: Path, row: str, seeds: int) -> Plan:
    """Leave one subject out, with a method under a preset."""
    name, _, preset = row.partition(":")
    setup = MethodSetup(method=find_method(name), preset=preset or None)
    clips, scheme = load("ststnet-flow", root), find_scheme("megc2019")
    return Study(clips=clips, scheme=scheme, protocol="loso", methods=(setup,), seeds=tuple(range(seeds))).plan()


def measured_unit(root: Path, cache: Path, row: str) -> Unit:
    """The median of a few units, in this process."""
    plan = plan_of(root, row, 1)
    worker = Worker(plan, cache)
    worker.inputs_of(plan.entries[0])
    seconds = []
    for split in range(UNITS_TIMED):
        begin = time.process_time()
        predictions = worker.run(fit := Fit(0, split, 0, "benchmark"))
        seconds.append(time.process_time() - begin)
    return Unit(row, statistics.median(seconds), len(pickle.dumps(fit)), len(pickle.dumps(predictions)))


def measured_first_machine(root: Path, folder: Path) -> FirstMachine:
    """Two runs of different length on a Ray of two workers here, of a method that computes nothing."""
    spent = {}
    for seeds in (SMALL, LARGE):
        plan = plan_of(root, "random", seeds)
        plan, keys = prepared(plan, folder / "cache", silent)
        begin = time.process_time()
        run(plan, keys, folder / str(seeds), {}, cache=folder / "cache", engine=RayEngine(jobs=2), progress=silent)
        spent[seeds] = time.process_time() - begin
    units = (LARGE - SMALL) * len(plan.splits)
    inputs = Worker(plan, folder / "cache").inputs_of(plan.entries[0])
    return FirstMachine((spent[LARGE] - spent[SMALL]) / units, inputs.clips.nbytes + len(packed(plan)))


def hours(unit: Unit, first: FirstMachine, units: int, cores: int) -> float:
    """The time of a run: as many rounds as the cores need, but no less than the first machine needs for all units."""
    return max(math.ceil(units / cores) * unit.seconds, units * first.seconds) / 3600


def table(rows: list[Unit], first: FirstMachine, units: int) -> str:
    """One line per method."""
    title = f"{'unit':20}{'CPU s':>9}{'bytes back':>12}{'limit':>8}" + "".join(f"{cores:>9}" for cores in CORES)
    lines = [title]
    for unit in rows:
        limit = math.ceil(unit.seconds / first.seconds)
        times = "".join(f"{hours(unit, first, units, cores):9.3f}" for cores in CORES)
        lines.append(f"{unit.name:20}{unit.seconds:9.2f}{unit.returned:12}{limit:8}{times}")
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("rows", nargs="*", default=ROWS, metavar="METHOD:PRESET")
    arguments.add_argument("--subjects", type=int, default=68)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--out", type=Path, help="a JSON file for the numbers")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        root = write_flow(folder / "flow", chosen.subjects)
        first = measured_first_machine(root, folder)
        rows = [measured_unit(root, folder / "cache", row) for row in chosen.rows]
    units = chosen.subjects * chosen.seeds
    print(hardware())
    print(f"first machine: {1000 * first.seconds:.1f} ms of CPU per unit; {first.sent_once} bytes to each machine once")
    print(f"{units} units per method; limit: cores at which the first machine is the limit; then hours on N cores")
    print(table(rows, first, units))
    if chosen.out:
        content = {"hardware": hardware(), "units": units, "first_machine": asdict(first)}
        content["rows"] = [asdict(unit) for unit in rows]
        chosen.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_benchmark(main)
