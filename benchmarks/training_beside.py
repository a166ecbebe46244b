"""STSTNet's evaluation by a plain PyTorch loop and by merlab, for ``training.py``: seconds and CPU seconds of both."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab import load
from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.study import Study
from merlab.evaluation.unit import Fit

CLASSES, SIDE, BATCH, RATE = 3, 28, 256, 5e-5
SUBJECTS = 68


@dataclass(frozen=True)
class Work:
    """So many folds of so many epochs; each fold trains on nearly all of the clips."""

    folds: int
    epochs: int
    clips: int


class PublishedSTSTNet(nn.Module):
    """STSTNet as its authors published it: three streams of 3, 5 and 8 filters. (N, 3, 28, 28) in 0..255 -> logits."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(3, filters, 3, padding=2),
                nn.ReLU(),
                nn.BatchNorm2d(filters),
                nn.MaxPool2d(3, stride=3, padding=1),
                nn.Dropout(0.5),
            )
            for filters in (3, 5, 8)
        )
        self.pool = nn.AvgPool2d(2)
        self.classify = nn.Linear(16 * 5 * 5, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (N, classes)."""
        joined = torch.cat([stream(inputs) for stream in self.streams], dim=1)
        logits: Tensor = self.classify(self.pool(joined).flatten(1))
        return logits


def plain_loop(work: Work) -> None:
    """Train fold after fold as one does without a library, and predict the clips left out."""
    inputs, labels = 255 * torch.rand(work.clips, 3, SIDE, SIDE), torch.arange(work.clips) % CLASSES
    left_out = work.clips // SUBJECTS
    for fold in range(work.folds):
        test = torch.arange(fold * left_out, (fold + 1) * left_out)
        rows = torch.tensor(sorted(set(range(work.clips)) - set(test.tolist())))
        train_inputs, train_labels = inputs[rows], labels[rows]
        network = PublishedSTSTNet()
        optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
        for _ in range(work.epochs):
            network.train()
            for batch in torch.split(torch.randperm(len(rows)), BATCH):
                optimizer.zero_grad()
                loss = F.cross_entropy(network(train_inputs[batch]), train_labels[batch])
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        network.eval()
        with torch.no_grad():
            network(inputs[test]).softmax(dim=1)


def merlab_engine(work: Work) -> None:
    """Train the first folds of a leave-one-subject-out evaluation with merlab's own engine, one process per core."""
    with tempfile.TemporaryDirectory() as folder:
        root = write_clips(Path(folder) / "flow", work.clips)
        study = Study.of(
            load("ststnet-flow", root),
            ["ststnet"],
            scheme="megc2019",
            protocol="loso",
            seeds=1,
            preset="paper",
            training={"epochs": work.epochs},
        )
        fits = [Fit(0, fold, 0, "benchmark") for fold in range(work.folds)]
        done = LocalEngine().work(study.plan(), Path(folder) / "cache", fits, lambda *_: None)
        assert len(list(done)) == work.folds


def write_clips(root: Path, clips: int) -> Path:
    """Images of random flow in the layout of the released flow, of 68 subjects."""
    random = np.random.default_rng(0)
    for clip in range(clips):
        subject = f"sub{clip % SUBJECTS + 1:02d}"
        path = root / subject / "u_test" / str(clip % CLASSES) / f"{subject}_{subject}_c{clip} .png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), random.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
    return root


def plain_seconds(work: Work) -> tuple[float, float]:
    """Seconds and CPU seconds of the plain loop, with the start of its process."""
    return _seconds(plain_loop, work)


def merlab_seconds(work: Work) -> tuple[float, float]:
    """Seconds and CPU seconds of merlab, with the start of its processes and the reading of the clips."""
    return _seconds(merlab_engine, work)


def _seconds(run: Callable[[Work], None], work: Work) -> tuple[float, float]:
    """In a new process, so that one way does not inherit the memory and the settings of the other."""
    before, begin = _cpu_of_children(), time.perf_counter()
    process = multiprocessing.get_context("spawn").Process(target=run, args=(work,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return time.perf_counter() - begin, _cpu_of_children() - before


def _cpu_of_children() -> float:
    """CPU seconds of all processes that this one has started and that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def projected(whole: Work, few: Work, more: Work, seconds: float, seconds_of_more: float) -> float:
    """Seconds of the whole work: what does not depend on epochs once, and the measured rate for all epochs."""
    rate = (seconds_of_more - seconds) / (more.folds * more.epochs - few.folds * few.epochs)
    return seconds + rate * (whole.folds * whole.epochs - few.folds * few.epochs)
