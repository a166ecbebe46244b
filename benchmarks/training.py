"""Training time of the small networks on one core: milliseconds per epoch, and seconds per fit.

    python benchmarks/training.py [METHOD:PRESET ...] [--clips 300] [--epochs 12]

Inputs are random arrays of the size of the preset's recipe, with three classes. Training uses one thread. The number is
the median CPU time of the process over epochs, which other programs on the machine hardly change.
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
    """CPU seconds per epoch, and the number of epochs in the preset."""
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
    arguments.add_argument("--epochs", type=int, default=12, help="epochs to measure; the fit is extrapolated")
    chosen = arguments.parse_args()
    print(hardware())
    print(f"{'preset':28}{'ms per epoch':>14}{'epochs':>8}{'s per fit':>11}   ({chosen.clips} clips, one thread)")
    for row in chosen.rows:
        seconds, epochs = epoch_seconds(row, chosen.clips, chosen.epochs)
        print(f"{row:28}{1000 * seconds:14.1f}{epochs:8}{seconds * epochs:11.1f}", flush=True)


if __name__ == "__main__":
    main()
