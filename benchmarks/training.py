"""Milliseconds of one core that a training epoch of the small networks costs, and seconds that a whole fit takes.

    python benchmarks/training.py [METHOD:PRESET ...] [--clips 300] [--epochs 12]

Inputs are drawn at random at the size of the preset's recipe and held by three classes; one thread. The figure is the
median over epochs of the process's own CPU time, which other programs on the machine hardly move.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import pairwise

import numpy as np

from merlab.inference.cost import hardware
from merlab.inputs import mirror_of, parse_recipe
from merlab.methods import find_method
from merlab.methods.method import Task
from merlab.training import NeuralClassifier

CLASSES = 3
ROWS = ("ststnet:paper", "off-apexnet:paper", "off-apexnet:reduced", "dbfem-caffm:flow28")


def epoch_seconds(row: str, clips: int, epochs: int) -> tuple[float, int]:
    """CPU seconds of an epoch, and the number of epochs that the preset asks for."""
    name, _, preset_name = row.partition(":")
    method = find_method(name)
    preset = method.preset(preset_name)
    assert preset.training is not None
    recipe = parse_recipe(preset.input or method.input).seen_by(method.view)
    inputs = np.random.default_rng(0).random((clips, *recipe.shape), np.float32)
    labels = np.arange(clips) % CLASSES
    short = preset.model_copy(update={"training": preset.training.model_copy(update={"epochs": epochs})})
    task = Task.of(CLASSES, recipe)
    classifier = method.build(task, short, mirror=mirror_of(recipe))
    assert isinstance(classifier, NeuralClassifier)
    marks: list[float] = []
    classifier.fit(inputs, labels, ["s"] * clips, 0, on_epoch=lambda *_: marks.append(time.process_time()))
    return statistics.median(after - before for before, after in pairwise(marks)), preset.training.epochs


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("rows", nargs="*", default=ROWS, metavar="METHOD:PRESET")
    arguments.add_argument("--clips", type=int, default=300)
    arguments.add_argument("--epochs", type=int, default=12, help="how many are timed; the fit is extrapolated")
    chosen = arguments.parse_args()
    print(hardware())
    print(f"{'preset':28}{'ms an epoch':>14}{'epochs':>8}{'s a fit':>10}   ({chosen.clips} clips, one thread)")
    for row in chosen.rows:
        seconds, epochs = epoch_seconds(row, chosen.clips, chosen.epochs)
        print(f"{row:28}{1000 * seconds:14.1f}{epochs:8}{seconds * epochs:10.1f}", flush=True)


if __name__ == "__main__":
    main()
