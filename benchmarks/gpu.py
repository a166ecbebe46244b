"""Table 7 and the paper's training on a GPU: frames/s, training clips/s, and the whole LOSO projected from one fold.

    python benchmarks/gpu.py --minutes 8 [--out DIR] [--device cuda] [--small] [--no-compile]

Needs nothing but torch and this checkout. Prints every number when it is measured, and writes DIR/gpu-CARD-DATE.json
and .md on the way, so that a run that is stopped keeps what it has. A section is left out when its time is over, and
the run ends at its limit. What needs no compilation is measured first. Then other processes fill the cache of
``torch.compile`` for a share of the time; nothing is timed meanwhile. What they compiled is measured last.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from gpu_bench import Bench, reported
from gpu_sections import agreement, agreement_compiled, compiled_batch, machine, table7, table7_compiled
from gpu_training import larger_batches, training, training_compiled, whole_loso
from gpu_work import PAPER, ROWS, SMALL, Clips, Scale, inference

# After gpu_work, which makes merlab's modules importable without other libraries.
from merlab.training.accelerated import Acceleration  # isort: skip

RESULTS = Path(__file__).resolve().parent / "results"
# Shares of all minutes: the most for compiling, and what is kept to measure what was compiled.
COMPILING, MEASURING_COMPILED = 0.4, 0.2
LEAST_COMPILING_SECONDS = 30
# In shorter runs, only the network that is trained is compiled.
FULL_MINUTES = 6

Section = Callable[[Bench], None]
Compiling = dict[str, subprocess.Popen[bytes]]


def sections(bench: Bench) -> list[Section]:
    """What is measured without compilation, the most important first."""
    return [training, whole_loso, table7, *([larger_batches] if bench.on_gpu else [])]


def compiled_sections(bench: Bench) -> list[Section]:
    """What is measured of the compiled networks, the most important first."""
    chosen = [training_compiled, whole_loso]
    chosen += [agreement_compiled] if "agreement" in bench.ready else []
    return [*chosen, *([table7_compiled] if bench.ready & set(ROWS) else [])]


def compile_and_measure(bench: Bench, compiling: Compiling) -> None:
    """Compile in other processes, and check the other loops meanwhile; then measure what is compiled."""
    seconds = min(bench.part(COMPILING), bench.left() - bench.part(MEASURING_COMPILED))
    if seconds < LEAST_COMPILING_SECONDS:
        bench.say("\ncompiled networks: left out, the time is too short to compile them")
        do(bench, agreement)
        return
    limit = time.monotonic() + seconds
    compiling.update(start_compiling(bench))
    do(bench, agreement)
    wait_for(bench, compiling, limit)
    for section in compiled_sections(bench):
        do(bench, section)


def start_compiling(bench: Bench) -> Compiling:
    """Processes that fill the cache of compiled kernels, each for one network."""
    full = bench.minutes >= FULL_MINUTES
    names = ["training", "agreement", *ROWS] if full else ["training"]
    threads = str(max(2, (os.cpu_count() or 2) // (4 if full else 1)))
    environment = {**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": threads}
    command = [sys.executable, __file__, "--device", str(bench.device)]
    command += ["--small"] if bench.scale is SMALL else []
    return {
        name: subprocess.Popen([*command, "--warm", name], env=environment, stdout=subprocess.DEVNULL) for name in names
    }


def wait_for(bench: Bench, compiling: Compiling, limit: float) -> None:
    """Wait until everything is compiled, at most until ``limit`` (of ``time.monotonic``); ends what is not ready."""
    bench.say()
    for name, process in compiling.items():
        try:
            code = process.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            bench.say(f"compiling {name} in advance: took too long")
            continue
        if code:
            bench.say(f"compiling {name} in advance: failed")
        else:
            bench.ready.add(name)
    bench.results["compiled_in_advance"] = sorted(bench.ready)
    bench.say(f"compiled in advance: {', '.join(sorted(bench.ready)) or 'nothing'}")


def warm(scale: Scale, device: torch.device, name: str) -> None:
    """Compile one network and use it, so that the next process finds it in the cache."""
    if name in ROWS:
        for batch in (1, compiled_batch(scale)):
            inference(scale, name, batch, device, "compiled")()
        return
    chosen = scale if name == "training" else scale.for_check()
    how = Acceleration(compiled=True)
    reduced = name == "training" and device.type == "cuda"
    flags = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=name == "training")
    with flags:
        loop = Clips.random(chosen, device, reduced=reduced).accelerated(0, how, dropout=name == "training")
        loop.epoch()


def end_at_limit(bench: Bench, compiling: Compiling) -> None:
    """Start a thread that ends the run two seconds before its limit, whatever it is doing then."""

    def end() -> None:
        try:
            for process in compiling.values():
                process.kill()
            bench.say("\nthe time is over: the run ends here")
            bench.write()
        finally:
            os._exit(0)

    timer = threading.Timer(max(0.1, bench.left() - 2), end)
    timer.daemon = True
    timer.start()


def run(bench: Bench) -> None:
    """Everything within the time; writes after every section."""
    compiling: Compiling = {}
    machine(bench)
    bench.write()
    end_at_limit(bench, compiling)
    try:
        for section in sections(bench):
            do(bench, section)
        if bench.compile:
            compile_and_measure(bench, compiling)
        else:
            do(bench, agreement)
    finally:
        for process in compiling.values():
            process.kill()
    bench.results["seconds"] = 60 * bench.minutes - bench.left()
    bench.write()


def do(bench: Bench, section: Section) -> None:
    """Measure a section if there is time, and write what was measured."""
    if bench.left() < 5:
        bench.say(f"\n{section.__name__}: left out, the time is over")
        return
    with reported(bench, section.__name__):
        section(bench)
    bench.write()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run with these command-line arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8, help="the limit of the whole run")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder of the results")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--small", action="store_true", help="small networks and inputs: a test of this program")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--warm", metavar="NETWORK", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    device, scale = torch.device(chosen.device), SMALL if chosen.small else PAPER
    if device.type == "cpu":
        torch.set_num_threads(1)
    if chosen.warm:
        warm(scale, device, chosen.warm)
        return
    end = time.monotonic() + 60 * chosen.minutes
    run(Bench(device, scale, end, chosen.minutes, not chosen.no_compile and device.type == "cuda", chosen.out))


if __name__ == "__main__":
    main()
