"""Table 7 and the paper's training on a GPU: frames/s, training clips/s, and the whole LOSO projected from one fold.

    python benchmarks/gpu.py --minutes 8 [--out DIR] [--device cuda] [--small] [--no-compile]

Needs nothing but torch and this checkout. Prints every number when it is measured, and writes DIR/gpu-CARD-DATE.json
and .md after every section, so that a run that is stopped keeps what it has. A section is left out when its time is
over, and the run ends at its limit. With ``torch.compile``, other processes fill the cache of compiled kernels first;
nothing is timed meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from gpu_work import (
    PAPER,
    ROWS,
    SMALL,
    TRAINED_ROW,
    Clips,
    Scale,
    algorithms,
    copy_rate,
    epoch_together,
    free,
    inference,
    macs,
    matrix_rate,
    memory_gib,
    seconds_per_call,
    seconds_per_epoch,
)

# After gpu_work, which makes merlab's modules importable without other libraries.
from merlab.training.accelerated import AcceleratedLoop, Acceleration  # isort: skip
from merlab.training.loop import Loop  # isort: skip
from merlab.training.steps import seeded  # isort: skip

RESULTS = Path(__file__).resolve().parent / "results"
PAPER_FPS = {
    "gfem": 111.5,
    "ltfem": 106.3,
    "dbfem": 104.5,
    "dbfem-caffm": 97.3,
    "dbfem-caffm-l": 97.3,
    "dbfem-caffm-g": 97.5,
}
GOAL_MINUTES = 15
FULL_MINUTES = 6
CHECK_EPOCHS = 4
CHECK_TOLERANCE = 1e-2
PLAIN, GRAPHS = Acceleration(), Acceleration(graphs=True)
COMPILED = Acceleration(graphs=True, compiled=True)

Numbers = dict[str, Any]


@dataclass
class Bench:
    """The device, the size of everything, the time that is left, and what was measured so far."""

    device: torch.device
    scale: Scale
    end: float
    minutes: float
    compile: bool
    out: Path
    results: Numbers = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @cached_property
    def clips(self) -> Clips:
        """The clips of the training; bfloat16 on a GPU, as merlab chooses there."""
        return Clips.random(self.scale, self.device, reduced=self.device.type == "cuda")

    def left(self) -> float:
        """Seconds until the limit."""
        return self.end - time.monotonic()

    def share(self, part: float) -> float:
        """Seconds for one measurement: this part of all minutes, but not more than half of what is left."""
        return max(0.0, min(part * 60 * self.minutes, self.left() / 2))

    def say(self, line: str = "") -> None:
        """Print a line of the table at once, and keep it."""
        print(line, flush=True)
        self.lines.append(line)

    def graphs(self) -> Acceleration:
        """Clips on the device, and on a GPU also CUDA graphs."""
        return GRAPHS if self.device.type == "cuda" else PLAIN

    def compiled(self) -> Acceleration:
        """The same, compiled."""
        return COMPILED if self.device.type == "cuda" else Acceleration(compiled=True)

    def write(self) -> None:
        """Write what was measured so far, as JSON and as a plain table."""
        self.out.mkdir(parents=True, exist_ok=True)
        card = re.sub(r"[^a-z0-9]+", "-", self.results["machine"]["card"].lower()).strip("-")
        stem = self.out / f"gpu-{card}-{self.results['machine']['date'][:10]}"
        stem.with_suffix(".json").write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")
        text = "\n".join(["```text", *self.lines, "```", ""])
        stem.with_suffix(".md").write_text(text, encoding="utf-8")


@contextmanager
def reported(bench: Bench, what: str) -> Iterator[None]:
    """A failure inside is reported and kept, and the next measurement begins; Ctrl-C ends the run."""
    free(bench.device)
    try:
        yield
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        bench.say(f"  {what}: failed: {reason[:300]} ({Path(last.filename).name}:{last.lineno})")
        bench.results.setdefault("failures", {})[what] = "".join(traceback.format_exception(error))[-4000:]
    free(bench.device)


def machine(bench: Bench) -> None:
    """The card, its matrix rate and its copy rate, both measured."""
    on_gpu = bench.device.type == "cuda"
    card = torch.cuda.get_device_name(bench.device) if on_gpu else platform.processor() or platform.machine()
    facts: Numbers = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "card": card if on_gpu else f"cpu {card}",
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if on_gpu else None,  # type: ignore[no-untyped-call]
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "minutes": bench.minutes,
    }
    bench.results["machine"] = facts
    facts["matrix_tflops"] = matrix_rate(bench.device, bench.share(0.01))
    facts["copy_gb_per_s"] = copy_rate(bench.device, bench.share(0.01))
    bench.say(f"{facts['card']}, torch {facts['torch']}, CUDA {facts['cuda']}, {facts['date']}")
    bench.say(
        f"measured: bfloat16 matrix product {facts['matrix_tflops']:.4g} TFLOP/s, "
        f"copy {facts['copy_gb_per_s']:.4g} GB/s read and written"
    )
    scale = bench.scale
    bench.say(
        f"input {scale.width}x{scale.height}; {scale.inference_channels} channels per view for frames/s (as Table 7), "
        f"{scale.training_channels} for training (onset and apex) in "
        f"{'bfloat16' if on_gpu else 'float32'}; batches of {scale.settings.batch_size}"
    )


def agreement(bench: Bench) -> None:
    """The losses of the accelerated loops beside those of the plain loop, in float32 and without dropout."""
    bench.say(
        f"\nlosses of {CHECK_EPOCHS} epochs in float32 and without dropout, relative to the plain loop "
        f"(tolerance {CHECK_TOLERANCE:g})"
    )
    clips = Clips.random(bench.scale.for_check(), bench.device, reduced=False)
    _agree(bench, clips, {"graphs": bench.graphs(), "fixed shapes": replace(bench.graphs(), fixed_shapes=True)})
    with reported(bench, "folds together"), algorithms(fastest=False):
        alone = [_losses(clips, partial(clips.accelerated, fold, bench.graphs())) for fold in (0, 1)]
        again = [_losses(clips, partial(clips.accelerated, fold, bench.graphs())) for fold in (0, 1)]
        together = _losses_together(clips, bench.graphs())
        found = {"same_bits_again": alone == again, "same_bits_together": alone == together}
        bench.results["agreement"] |= found
        bench.say(f"  a repeated fold has the same bits: {found['same_bits_again']}")
        bench.say(f"  two folds at once have the bits of one after the other: {found['same_bits_together']}")


def agreement_compiled(bench: Bench) -> None:
    """The same of the compiled loop."""
    clips = Clips.random(bench.scale.for_check(), bench.device, reduced=False)
    _agree(bench, clips, {"compiled": bench.compiled()})


def _agree(bench: Bench, clips: Clips, kinds: dict[str, Acceleration]) -> None:
    found = bench.results.setdefault("agreement", {"tolerance": CHECK_TOLERANCE})
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        found["plain"] = plain = _losses(clips, lambda: clips.plain(dropout=False))
        for name, how in kinds.items():
            with reported(bench, f"agreement of {name}"):
                losses = _losses(clips, partial(clips.accelerated, 0, how, dropout=False))
                apart = [abs(one / other - 1) for one, other in zip(losses, plain, strict=True)]
                agrees = max(apart) <= CHECK_TOLERANCE
                found[name] = {"losses": losses, "relative_difference": max(apart), "agrees": agrees}
                shown = " ".join(f"{each:.1e}" for each in apart)
                bench.say(f"  {name:14}{shown}  {'agrees' if agrees else 'DIFFERS'}")


def _losses(clips: Clips, make: Callable[[], Loop]) -> list[float]:
    with seeded(0, clips.device):
        loop = make()
        return [loop.epoch() for _ in range(CHECK_EPOCHS)]


def _losses_together(clips: Clips, how: Acceleration) -> list[list[float]]:
    loops = []
    for fold in (0, 1):
        with seeded(0, clips.device):
            loops.append(clips.accelerated(fold, how))
    epochs = [epoch_together(loops) for _ in range(CHECK_EPOCHS)]
    return [list(losses) for losses in zip(*epochs, strict=True)]


def table7(bench: Bench) -> None:
    """Frames/s of the six rows at batch 1 and at the best batch: eager and as a CUDA graph."""
    bench.say("\nframes/s in bfloat16      batch 1    batch 1     best batch       best batch     paper")
    bench.say("                            eager      graph          eager            graph   (batch 1)")
    rows = bench.results.setdefault("table7", {})
    for row in ROWS:
        with reported(bench, f"frames/s of {row}"):
            numbers = {"macs": macs(bench.scale, row, bench.scale.inference_channels)}
            numbers |= _frames(bench, row, "eager", bench.scale.inference_batches)
            rows[row] = numbers | _frames(bench, row, "graph", [numbers["eager_best_batch"]])
            shown = rows[row]
            bench.say(
                f"  {row:20}{shown['eager_batch_1']:11.0f}{shown['graph_batch_1']:11.0f}"
                f"{shown['eager_best']:9.0f} ({shown['eager_best_batch']:3})"
                f"{shown['graph_best']:11.0f} ({shown['graph_best_batch']:3}){PAPER_FPS[row]:10.1f}"
            )


def _frames(bench: Bench, row: str, how: str, batches: Sequence[int]) -> Numbers:
    """Frames/s of a row at batch 1 and at the fastest of these batches."""
    budget = min(bench.share(0.002), 0.7)
    found = {}
    for batch in (1, *batches):
        free(bench.device)
        found[batch] = batch / seconds_per_call(
            inference(bench.scale, row, batch, bench.device, how), bench.device, budget
        )
    best = max(list(found)[1:], key=lambda batch: found[batch])
    return {f"{how}_batch_1": found[1], f"{how}_best": found[best], f"{how}_best_batch": best}


def table7_compiled(bench: Bench) -> None:
    """The same, compiled, at the batch that was best as a graph."""
    bench.say("\ncompiled frames/s         batch 1     best batch   seconds to load what was compiled")
    for row, numbers in bench.results["table7"].items():
        if bench.left() < 20:
            bench.say(f"  {row}: left out, the time is over")
            continue
        torch.compiler.reset()
        with reported(bench, f"compiled frames/s of {row}"):
            begin = time.monotonic()
            numbers.update(_frames(bench, row, "compiled", [_compiled_batch(bench.scale)]))
            seconds = time.monotonic() - begin
            bench.say(
                f"  {row:20}{numbers['compiled_batch_1']:11.0f}{numbers['compiled_best']:9.0f} "
                f"({numbers['compiled_best_batch']:3}){seconds:13.0f}"
            )


def _compiled_batch(scale: Scale) -> int:
    """The batch of the compiled networks, which are compiled before the best batch is known."""
    return scale.inference_batches[-2]


@dataclass(frozen=True)
class Variant:
    """A way to train: the loop, how many folds at once, and how cuDNN chooses its algorithms."""

    name: str
    how: Acceleration | None
    folds: int = 1
    fastest: bool = False


def training(bench: Bench) -> None:
    """Clips/s of the plain loop and of the accelerated ones that need no compilation."""
    variants = [Variant("plain loop", None), Variant("clips on the device", PLAIN)]
    if bench.device.type == "cuda":
        variants += [Variant(f"graphs, {count} at once", GRAPHS, count) for count in bench.scale.folds_at_once]
        variants += [Variant("graphs, any cuDNN", GRAPHS, bench.scale.folds_at_once[-1], fastest=True)]
    _training(bench, variants, "clips/s of training")


def training_compiled(bench: Bench) -> None:
    """Clips/s of the compiled loop."""
    counts = bench.scale.folds_at_once
    variants = [Variant(f"compiled, {count} at once", bench.compiled(), count) for count in counts]
    variants += [Variant("compiled, any cuDNN", bench.compiled(), counts[-1], fastest=True)]
    _training(bench, variants, "clips/s of compiled training")


def _training(bench: Bench, variants: Sequence[Variant], title: str) -> None:
    clips = bench.clips
    bench.say(f"\n{title:38}clips/s   of matrix rate   LOSO min   GiB   start s   epochs measured")
    for variant in variants:
        if bench.left() < 10:
            bench.say(f"  {variant.name}: left out, the time is over")
            continue
        with reported(bench, variant.name), algorithms(variant.fastest):
            numbers = _trained(bench, clips, variant, min(bench.share(0.02), 12.0))
            bench.results.setdefault("training", {})[variant.name] = numbers
            _say_training(bench, variant.name, numbers)


def _trained(bench: Bench, clips: Clips, variant: Variant, budget: float) -> Numbers:
    """Train for a while; the numbers of this variant, and the whole LOSO projected from them."""
    begin = time.monotonic()
    epoch: Callable[[], object]
    if variant.how is None:
        epoch = clips.plain().epoch
    else:
        loops = [clips.accelerated(fold, variant.how) for fold in range(variant.folds)]
        epoch = _epoch_of(loops)
    start = time.monotonic() - begin
    seconds, epochs = seconds_per_epoch(epoch, budget)
    scale, per_fold = bench.scale, seconds / variant.folds
    rate = scale.fold_clips / per_fold
    flops = 6 * macs(scale, TRAINED_ROW, scale.training_channels) * rate
    return {
        "clips_per_second": rate,
        "share_of_matrix_rate": flops / bench.results["machine"]["matrix_tflops"] / 1e12,
        "seconds_per_fold": per_fold * scale.settings.epochs,
        "loso_minutes": per_fold * scale.settings.epochs * scale.folds / 60,
        "memory_gib": memory_gib(bench.device),
        "start_seconds": start,
        "epochs_measured": epochs,
        "folds_at_once": variant.folds,
    }


def _epoch_of(loops: Sequence[AcceleratedLoop]) -> Callable[[], object]:
    return lambda: epoch_together(loops)


def _say_training(bench: Bench, name: str, numbers: Numbers) -> None:
    memory = numbers["memory_gib"]
    bench.say(
        f"  {name:36}{numbers['clips_per_second']:9.0f}{numbers['share_of_matrix_rate']:15.1%}"
        f"{numbers['loso_minutes']:12.1f}{f'{memory:.1f}' if memory else '-':>7}{numbers['start_seconds']:9.1f}"
        f"{numbers['epochs_measured']:12}"
    )


def whole_loso(bench: Bench) -> None:
    """The fastest repeatable way for as long as time is left, and the LOSO projected from it."""
    measured = bench.results.get("training", {})
    known = {variant.name: variant for variant in _repeatable(bench) if variant.name in measured}
    if not known:
        return
    best = max(known.values(), key=lambda variant: measured[variant.name]["clips_per_second"])
    with reported(bench, "whole LOSO"), algorithms(fastest=False):
        numbers = _trained(bench, bench.clips, best, min(bench.share(0.15), bench.left() - 15))
        bench.results["loso"] = {"variant": best.name, **numbers}
        _say_loso(bench, best.name, numbers)


def _repeatable(bench: Bench) -> list[Variant]:
    counts = bench.scale.folds_at_once
    return [
        Variant("clips on the device", PLAIN),
        *(Variant(f"graphs, {count} at once", GRAPHS, count) for count in counts),
        *(Variant(f"compiled, {count} at once", bench.compiled(), count) for count in counts),
    ]


def _say_loso(bench: Bench, name: str, numbers: Numbers) -> None:
    scale = bench.scale
    bench.say(f"\nthe whole LOSO, projected from {numbers['epochs_measured']} epochs of: {name}")
    bench.say(
        f"  one fold of {scale.settings.epochs} epochs: {numbers['seconds_per_fold']:.1f} s; {scale.folds} folds: "
        f"{numbers['loso_minutes']:.1f} min (goal {GOAL_MINUTES}), and {numbers['start_seconds']:.0f} s to start"
    )
    bench.say(
        f"  assumed: every fold has {scale.fold_clips} training clips ({scale.clips} clips, {scale.folds} subjects), "
        "every epoch takes the measured mean; prediction of the test clips and reading of the inputs are not included"
    )
    bench.say(
        f"  {numbers['clips_per_second']:.0f} clips/s, {numbers['share_of_matrix_rate']:.1%} of the measured matrix "
        "rate (3 times the multiply-accumulates of the forward pass)"
    )


def larger_batches(bench: Bench) -> None:
    """Whether the paper's batch size limits the training: the same with larger batches."""
    bench.say("\nclips/s of other batch sizes (not the paper's training), one fold")
    for size in (128, bench.scale.fold_clips):
        if bench.left() < 15:
            return
        clips = bench.clips.with_batches_of(size)
        with reported(bench, f"batches of {size}"), algorithms(fastest=False):
            numbers = _trained(bench, clips, Variant("", GRAPHS), min(bench.share(0.01), 6.0))
            bench.results.setdefault("larger_batches", {})[size] = numbers
            _say_training(bench, f"graphs, batches of {size}", numbers)


def start_compiling(bench: Bench) -> dict[str, subprocess.Popen[bytes]]:
    """Processes that fill the cache of compiled kernels, each for one network."""
    if not bench.compile or bench.left() < 90:
        return {}
    threads = str(max(2, (os.cpu_count() or 2) // (4 if bench.minutes >= FULL_MINUTES else 1)))
    environment = {**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": threads}
    command = [sys.executable, __file__, "--device", str(bench.device), "--minutes", f"{bench.left() / 60}"]
    command += ["--small"] if bench.scale is SMALL else []
    names = ["training", "agreement", *ROWS] if bench.minutes >= FULL_MINUTES else ["training"]
    return {
        name: subprocess.Popen([*command, "--warm", name], env=environment, stdout=subprocess.DEVNULL) for name in names
    }


def wait_for(bench: Bench, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until everything is compiled, at most for two fifths of the minutes; ends what is not ready."""
    if not processes:
        return
    begin = time.monotonic()
    limit = begin + bench.share(0.4)
    for name, process in processes.items():
        try:
            code = process.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = -1
        if code:
            bench.say(f"  compiling {name} in advance: {'took too long' if code == -1 else 'failed'}")
    bench.results["compiling_seconds"] = time.monotonic() - begin
    bench.say(f"\ncompiled everything in {bench.results['compiling_seconds']:.0f} s more")


def warm(scale: Scale, device: torch.device, name: str) -> None:
    """Compile one network and use it, so that the next process finds it in the cache."""
    if name in ROWS:
        for batch in (1, _compiled_batch(scale)):
            inference(scale, name, batch, device, "compiled")()
        return
    chosen = scale if name == "training" else scale.for_check()
    how = Acceleration(compiled=True)
    reduced = name == "training" and device.type == "cuda"
    flags = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=name == "training")
    with flags:
        loop = Clips.random(chosen, device, reduced=reduced).accelerated(0, how, dropout=name == "training")
        loop.epoch()


def sections(bench: Bench) -> list[Callable[[Bench], None]]:
    """What is measured, the most important first; networks are compiled only where there is time for it."""
    on_gpu, full = bench.device.type == "cuda", bench.minutes >= FULL_MINUTES
    chosen = [training]
    chosen += [training_compiled] if bench.compile else []
    chosen += [whole_loso, table7]
    chosen += [agreement_compiled, table7_compiled] if bench.compile and full else []
    return [*chosen, *([larger_batches] if on_gpu else [])]


def end_at_limit(bench: Bench, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Start a thread that ends the run two seconds before its limit, whatever it is doing then."""

    def end() -> None:
        try:
            for process in processes.values():
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
    machine(bench)
    bench.write()
    processes = start_compiling(bench)
    end_at_limit(bench, processes)
    try:
        _do(bench, agreement)
        wait_for(bench, processes)
        for section in sections(bench):
            _do(bench, section)
    finally:
        for process in processes.values():
            process.kill()
    bench.results["seconds"] = 60 * bench.minutes - bench.left()
    bench.write()


def _do(bench: Bench, section: Callable[[Bench], None]) -> None:
    if bench.left() < 5:
        bench.say(f"\n{section.__name__}: left out, the time is over")
        return
    with reported(bench, section.__name__):
        section(bench)
    bench.write()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=8, help="the limit of the whole run")
    arguments.add_argument("--out", type=Path, default=RESULTS, help="the folder of the results")
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments.add_argument("--small", action="store_true", help="small networks and inputs: a test of this program")
    arguments.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    arguments.add_argument("--warm", metavar="NETWORK", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
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
