"""Methods that learn, fold by fold in worker processes: they take most of the time of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from merlab.databases.long_video import Kind
from merlab.processes.usable import usable_cores, usable_memory
from merlab.spotting.comparison import SPOTTERS, find_spotter
from merlab.spotting.comparison.folds import Fold, fold_result
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.results import FoldResult
from merlab.spotting.comparison.spotter import Spotter
from merlab.spotting.comparison.yours import YourSpotter

# What a network needs that learns macro-expressions from all of SAMM Long Videos: 120,000 images of 42 x 42 x 3 float16
# and their copy with mirror images.
BYTES_A_PROCESS = 4 * 2**30


@dataclass(frozen=True)
class LearnedFold:
    """A method in one fold, as ``named`` gives it; ``materials`` are the recordings, by their source."""

    method: str | YourSpotter
    fold: Fold
    kinds: Sequence[Kind]
    seed: int
    materials: Mapping[Path, MeasuredRecording]


def learned(work: LearnedFold) -> FoldResult:
    """Fit the method and spot."""
    spotter = find_spotter(work.method) if isinstance(work.method, str) else work.method
    return fold_result(spotter, work.fold, work.kinds, work.seed, lambda video: work.materials[video.source])


def in_processes(spotter: Spotter) -> bool:
    """Whether a method is worth processes of its own, and can travel to them."""
    return spotter.needs_training and (isinstance(spotter, YourSpotter) or SPOTTERS.get(spotter.name) is spotter)


def named(spotter: Spotter) -> str | YourSpotter:
    """A method of SPOTTERS by its name: its parts may be functions that do not travel to another process."""
    return spotter if isinstance(spotter, YourSpotter) else spotter.name


def processes(jobs: int | None) -> int:
    """How many processes learn: ``jobs``, or one per usable core as far as the usable memory suffices."""
    if jobs is not None:
        return jobs
    return max(1, min(usable_cores(), (usable_memory() or 0) // BYTES_A_PROCESS))
