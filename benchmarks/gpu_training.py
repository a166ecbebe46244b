"""Sections of ``gpu.py``: clips/s of training, and the whole LOSO projected from one fold."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from gpu_bench import Bench, reported
from gpu_work import TRAINED_ROW, Clips, algorithms, epoch_together, macs, memory_gib, seconds_per_epoch

# After gpu_work, which makes merlab's modules importable without other libraries.
from merlab.training.accelerated import AcceleratedLoop, Acceleration  # isort: skip

GOAL_MINUTES = 15
PLAIN, GRAPHS = Acceleration(), Acceleration(graphs=True)


@dataclass(frozen=True)
class Variant:
    """A way to train: the loop, how many folds at once, and how cuDNN chooses its algorithms."""

    name: str
    how: Acceleration | None
    folds: int = 1
    fastest: bool = False


@dataclass(frozen=True)
class Trained:
    """What was measured of a variant, and the whole LOSO projected from it.

    ``share_of_matrix_rate`` counts 3 times the multiply-accumulates of the forward pass, of the measured matrix rate.
    """

    clips_per_second: float
    share_of_matrix_rate: float
    seconds_per_fold: float
    loso_minutes: float
    memory_gib: float | None
    start_seconds: float
    epochs_measured: int
    folds_at_once: int


def training(bench: Bench) -> None:
    """Clips/s of the plain loop and of the accelerated ones that need no compilation."""
    variants = [Variant("plain loop", None), Variant("clips on the device", PLAIN)]
    if bench.on_gpu:
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
    scale = bench.scale
    assumed = (
        f"{scale.fold_clips} training clips in every fold ({scale.clips} clips, {scale.folds} subjects), the measured "
        "mean for every epoch; without the start, the prediction of the test clips, and the reading of the inputs"
    )
    bench.results["projection"] = {
        "folds": scale.folds,
        "epochs": scale.settings.epochs,
        "training_clips": scale.fold_clips,
        "assumed": assumed,
    }
    bench.say(f"\n{title:38}clips/s   of matrix rate   LOSO min   GiB   start s   epochs measured")
    bench.say(f"  LOSO: {scale.folds} folds of {scale.settings.epochs} epochs, projected; assumed: {assumed}")
    for variant in variants:
        if bench.left() < 10:
            bench.say(f"  {variant.name}: left out, the time is over")
            continue
        with reported(bench, variant.name), algorithms(variant.fastest):
            trained = _trained(bench, bench.clips, variant, min(bench.share(0.02), 12.0))
            bench.results.setdefault("training", {})[variant.name] = asdict(trained)
            _say_training(bench, variant.name, trained)
        bench.write()


def _trained(bench: Bench, clips: Clips, variant: Variant, budget: float) -> Trained:
    """Train for a while."""
    begin = time.monotonic()
    epoch: Callable[[], object]
    if variant.how is None:
        epoch = clips.plain().epoch
    else:
        epoch = _epoch_of([clips.accelerated(fold, variant.how) for fold in range(variant.folds)])
    start = time.monotonic() - begin
    seconds, epochs = seconds_per_epoch(epoch, budget)
    scale, per_fold = bench.scale, seconds / variant.folds
    rate = scale.fold_clips / per_fold
    flops = 6 * macs(scale, TRAINED_ROW, scale.channels) * rate
    return Trained(
        clips_per_second=rate,
        share_of_matrix_rate=flops / bench.results["machine"]["matrix_tflops"] / 1e12,
        seconds_per_fold=per_fold * scale.settings.epochs,
        loso_minutes=per_fold * scale.settings.epochs * scale.folds / 60,
        memory_gib=memory_gib(bench.device),
        start_seconds=start,
        epochs_measured=epochs,
        folds_at_once=variant.folds,
    )


def _epoch_of(loops: Sequence[AcceleratedLoop]) -> Callable[[], object]:
    return lambda: epoch_together(loops)


def _say_training(bench: Bench, name: str, trained: Trained) -> None:
    memory = "-" if trained.memory_gib is None else f"{trained.memory_gib:.1f}"
    bench.say(
        f"  {name:36}{trained.clips_per_second:9.0f}{trained.share_of_matrix_rate:15.1%}"
        f"{trained.loso_minutes:12.1f}{memory:>7}{trained.start_seconds:9.1f}{trained.epochs_measured:12}"
    )


def whole_loso(bench: Bench) -> None:
    """The fastest repeatable way so far for a longer time, and the LOSO projected from it."""
    measured, longer = bench.results.get("training", {}), bench.results.setdefault("loso", {})
    known = [variant for variant in _repeatable(bench) if variant.name in measured]
    best = max(known, key=lambda variant: float(measured[variant.name]["clips_per_second"]), default=None)
    if best is None or best.name in longer:
        return
    with algorithms(fastest=False):
        trained = _trained(bench, bench.clips, best, bench.share(0.08))
    longer[best.name] = asdict(trained)
    _say_loso(bench, best.name, trained)


def _repeatable(bench: Bench) -> list[Variant]:
    counts = bench.scale.folds_at_once
    return [
        Variant("clips on the device", PLAIN),
        *(Variant(f"graphs, {count} at once", GRAPHS, count) for count in counts),
        *(Variant(f"compiled, {count} at once", bench.compiled(), count) for count in counts),
    ]


def _say_loso(bench: Bench, name: str, trained: Trained) -> None:
    scale = bench.scale
    bench.say(f"\nthe whole LOSO, projected from {trained.epochs_measured} epochs of: {name}")
    bench.say(
        f"  one fold of {scale.settings.epochs} epochs: {trained.seconds_per_fold:.1f} s; {scale.folds} folds: "
        f"{trained.loso_minutes:.1f} min (goal {GOAL_MINUTES}), and {trained.start_seconds:.0f} s to start"
    )
    bench.say(
        f"  {trained.clips_per_second:.0f} clips/s, {trained.share_of_matrix_rate:.1%} of the measured matrix "
        "rate (3 times the multiply-accumulates of the forward pass)"
    )


def larger_batches(bench: Bench) -> None:
    """Whether the paper's batch size limits the training: the same with larger batches."""
    bench.say("\nclips/s of other batch sizes (not the paper's training), one fold")
    for size in (128, bench.scale.fold_clips):
        if bench.left() < 15:
            bench.say(f"  batches of {size}: left out, the time is over")
            continue
        clips = bench.clips.with_batches_of(size)
        with reported(bench, f"batches of {size}"), algorithms(fastest=False):
            trained = _trained(bench, clips, Variant("", GRAPHS), min(bench.share(0.01), 6.0))
            bench.results.setdefault("larger_batches", {})[size] = asdict(trained)
            _say_training(bench, f"graphs, batches of {size}", trained)
