"""Training time of small networks: a whole evaluation beside a plain PyTorch loop, and milliseconds per epoch.

    python benchmarks/training.py                                  # STSTNet's published setting beside a plain loop
    python benchmarks/training.py --table [METHOD:PRESET ...]      # one thread: ms per epoch, s per fit

Beside the plain loop: STSTNet as published (three streams, 28 x 28 x 3, batches of 256, Adam at 5e-5), leave one
subject out. The plain loop trains one fold after the other with torch's default threads. merlab uses its own engine
with one process per core, and its time includes the start of the processes, the predictions and the files. Both run
alternately, each time in new processes, with few and with more epochs; the two times give the cost of a fold and of an
epoch, and so the time of all folds and epochs. Inputs are random arrays, which cost the same as real flow.

The table: inputs are random arrays of the size of the preset's recipe, with three classes. The number is the median CPU
time of the process over epochs, which other programs on the machine hardly change.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import pairwise

import numpy as np

from merlab.errors import MerlabError
from merlab.inference.cost import hardware
from merlab.inputs import as_recipe, mirror_of
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.training import NeuralClassifier
from plain_errors import run_benchmark
from training_beside import Work, merlab_seconds, plain_seconds, projected

CLASSES = 3
ROWS = ("ststnet:paper", "off-apexnet:paper", "off-apexnet:reduced", "dbfem-caffm:flow28")
TABLE_EPOCHS = 12
PUBLISHED = Work(folds=68, epochs=800, clips=442)


def epoch_seconds(row: str, clips: int, epochs: int) -> tuple[float, int]:
    """CPU seconds per epoch, and the number of epochs in the preset."""
    name, _, preset_name = row.partition(":")
    method = find_method(name)
    preset = method.preset(preset_name)
    if preset.training is None:
        raise MerlabError(f"{row} is not a network that merlab trains; give one, such as {ROWS[0]}")
    recipe = as_recipe(preset.input or method.input).seen_by(method.view)
    inputs = np.random.default_rng(0).random((clips, *recipe.shape), np.float32)
    labels = np.arange(clips) % CLASSES
    short = preset.model_copy(update={"training": preset.training.model_copy(update={"epochs": epochs})})
    task = Task.of(CLASSES, recipe)
    classifier = method.build(task, short, mirror=mirror_of(recipe))
    assert isinstance(classifier, NeuralClassifier)
    marks: list[float] = []
    classifier.fit(inputs, labels, ["s"] * clips, 0, on_epoch=lambda *_: marks.append(time.process_time()))
    return statistics.median(after - before for before, after in pairwise(marks)), preset.training.epochs


def beside(folds: int, short: int, long: int, rounds: int) -> None:
    """Measure both alternately, and print them beside each other."""
    few, more = (Work(folds, epochs, PUBLISHED.clips) for epochs in (short, long))
    print(f"{PUBLISHED.clips} clips; measured: {folds} folds of {short} and of {long} epochs, {rounds} rounds")
    print(f"projected: {PUBLISHED.folds} folds of {PUBLISHED.epochs} epochs")
    print(f"{'round':8}{'':14}{'few, s':>9}{'more, s':>9}{'all, min':>10}{'CPU, min':>10}")
    ratios, cpu_ratios = [], []
    for number in range(rounds):
        minutes = []
        for name, measure in (("plain loop", plain_seconds), ("merlab", merlab_seconds)):
            times = measure(few), measure(more)
            wall, cpu = (projected(PUBLISHED, few, more, *pair) / 60 for pair in zip(*times, strict=True))
            minutes.append((wall, cpu))
            print(f"{number:<8}{name:14}{times[0][0]:9.1f}{times[1][0]:9.1f}{wall:10.1f}{cpu:10.1f}", flush=True)
        ratios.append(minutes[0][0] / minutes[1][0])
        cpu_ratios.append(minutes[0][1] / minutes[1][1])
    print(f"merlab is {statistics.median(ratios):.2f} times as fast ({statistics.median(cpu_ratios):.2f} in CPU time)")


def table(rows: list[str], clips: int, epochs: int) -> None:
    """Print the time of an epoch and of a fit of each preset."""
    print(f"{'preset':28}{'ms per epoch':>14}{'epochs':>8}{'s per fit':>11}   ({clips} clips, one thread)")
    for row in rows or ROWS:
        seconds, of_preset = epoch_seconds(row, clips, epochs)
        print(f"{row:28}{1000 * seconds:14.1f}{of_preset:8}{seconds * of_preset:11.1f}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--table", nargs="*", metavar="METHOD:PRESET", help="the table instead of the comparison")
    arguments.add_argument("--clips", type=int, default=300, help="clips of the table")
    arguments.add_argument("--epochs", type=int, nargs=2, default=[5, 65], help="few and more epochs to measure")
    arguments.add_argument("--folds", type=int, default=6, help="folds to measure")
    arguments.add_argument("--rounds", type=int, default=2)
    chosen = arguments.parse_args()
    print(hardware())
    if chosen.table is not None:
        table(chosen.table, chosen.clips, TABLE_EPOCHS)
    else:
        short, long = chosen.epochs
        beside(chosen.folds, short, long, chosen.rounds)


if __name__ == "__main__":
    run_benchmark(main)
