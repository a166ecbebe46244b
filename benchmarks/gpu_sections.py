"""Sections of ``gpu.py``: the machine, the agreement of the training loops, and the frames/s of Table 7."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from gpu_bench import Bench, reported
from gpu_work import (
    ROWS,
    Clips,
    Scale,
    algorithms,
    copy_rate,
    epoch_together,
    free,
    inference,
    macs,
    matrix_rate,
    seconds_per_call,
)

# After gpu_work, which makes merlab's modules importable without other libraries.
from merlab.training.accelerated import Acceleration  # isort: skip
from merlab.training.loop import Loop  # isort: skip
from merlab.training.steps import seeded  # isort: skip

# Table 7 of the paper, as in the recipes of merlab, which need other libraries.
PAPER_FPS = {
    "gfem": 111.5,
    "ltfem": 106.3,
    "dbfem": 104.5,
    "dbfem-caffm": 97.3,
    "dbfem-caffm-l": 97.3,
    "dbfem-caffm-g": 97.5,
}
CHECK_EPOCHS = 4
CHECK_TOLERANCE = 1e-2


def machine(bench: Bench) -> None:
    """The card, its matrix rate and its copy rate, both measured."""
    on_gpu = bench.on_gpu
    card = torch.cuda.get_device_name(bench.device) if on_gpu else platform.processor() or platform.machine()
    facts: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
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
        f"input {scale.width}x{scale.height}; {scale.channels} channels per view (onset and apex); training in "
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
            numbers: dict[str, float] = {"macs": macs(bench.scale, row, bench.scale.channels)}
            numbers |= _frames(bench, row, "eager", bench.scale.inference_batches)
            rows[row] = numbers | _frames(bench, row, "graph", [int(numbers["eager_best_batch"])])
            shown = rows[row]
            bench.say(
                f"  {row:20}{shown['eager_batch_1']:11.0f}{shown['graph_batch_1']:11.0f}"
                f"{shown['eager_best']:9.0f} ({shown['eager_best_batch']:3})"
                f"{shown['graph_best']:11.0f} ({shown['graph_best_batch']:3}){PAPER_FPS[row]:10.1f}"
            )


def _frames(bench: Bench, row: str, how: str, batches: Sequence[int]) -> dict[str, float]:
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
    """The same of the rows that are compiled, at the batch for which they were compiled."""
    bench.say("\ncompiled frames/s         batch 1     best batch   seconds to load what was compiled")
    for row, numbers in bench.results["table7"].items():
        if row not in bench.ready:
            bench.say(f"  {row}: left out, it was not compiled in time")
            continue
        if bench.left() < 20:
            bench.say(f"  {row}: left out, the time is over")
            continue
        torch.compiler.reset()
        with reported(bench, f"compiled frames/s of {row}"):
            begin = time.monotonic()
            numbers.update(_frames(bench, row, "compiled", [compiled_batch(bench.scale)]))
            seconds = time.monotonic() - begin
            bench.say(
                f"  {row:20}{numbers['compiled_batch_1']:11.0f}{numbers['compiled_best']:9.0f} "
                f"({numbers['compiled_best_batch']:3}){seconds:13.0f}"
            )


def compiled_batch(scale: Scale) -> int:
    """The batch of the compiled networks, which are compiled before the best batch is known."""
    return scale.inference_batches[-2]
