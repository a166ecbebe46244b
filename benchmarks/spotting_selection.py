"""F1 of LGSNet's released detections on CAS(ME)^2 by every rule of choosing, for several ways to count.

    python benchmarks/spotting_selection.py lgsnet/casme2_annotation_357.csv "lgsnet/cas(me)^2_new"

One row per way to count, and one column per rule of ``merlab spotting-selection``, which counts as in the first row.
The last row follows LGSNet's own script, F1_score_last.py. It takes a minute on one core.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.given import require_folder
from merlab.spotting.scoring.detections import read_detections
from merlab.spotting.scoring.matching import LEAST_IOU, Overlaps, iou, match_overlaps
from merlab.spotting.scoring.read_intervals import OFFSET, ONSET, VIDEO, read_events
from merlab.spotting.scoring.selection import Tried, scores_of_rules
from plain_errors import run_benchmark

Fold = tuple[str, int]


@dataclass(frozen=True)
class Reading:
    """A way to count: which detections are spotted, which thresholds and epochs are tried, and what a hit is."""

    name: str
    thresholds: tuple[float, float, float] = (0, 1, 0.01)
    first_epoch: int = 0
    whole_frames: bool = False
    last_frame: bool = True
    with_extent: bool = False
    most: int | None = None
    at_least: bool = False
    shared: bool = False
    three_decimals: bool = False

    def intervals(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Onsets and offsets (n, 2) in frames."""
        frames = table[[ONSET, OFFSET]].to_numpy(float)
        return (np.trunc(frames) if self.whole_frames else frames) - [0, 0 if self.last_frame else 1]

    def spotted(self, table: pd.DataFrame) -> pd.DataFrame:
        """The detections that count, at a low enough threshold."""
        if self.with_extent:
            table = table[table[OFFSET] > table[ONSET]]
        if self.most:
            table = table.groupby(VIDEO, sort=False).head(self.most)
        score = np.floor(table["score"] * 1000 + 1e-6) / 1000 if self.three_decimals else table["score"]
        return table.assign(score=score + (0.00005 if self.at_least else 0))

    def hits(self, overlaps: NDArray[np.float64]) -> int:
        """The right ones among true events and detections with these overlaps."""
        if self.shared:
            return int((overlaps >= LEAST_IOU).any(axis=1).sum())
        rows, columns = np.nonzero(overlaps)
        return len(match_overlaps(Overlaps(rows, columns, overlaps[rows, columns]), LEAST_IOU))


READINGS = (
    Reading("as the command"),
    Reading("thresholds in steps of .001", (0, 1, 0.001)),
    Reading("of .005", (0, 1, 0.005)),
    Reading("of .02", (0, 1, 0.02)),
    Reading("of .05", (0, 1, 0.05)),
    Reading("from .30 to .60", (0.3, 0.6, 0.01)),
    Reading("a score at the threshold counts", at_least=True),
    Reading("the same, steps of .02", (0, 1, 0.02), at_least=True),
    Reading("without detections of zero length", with_extent=True),
    Reading("the same, from .31 to .55", (0.31, 0.55, 0.01), with_extent=True),
    Reading("from epoch 5 on", first_epoch=5),
    Reading("at most 14 detections per video", most=14),
    Reading("at most 10", most=10),
    Reading("frames cut to whole ones", whole_frames=True),
    Reading("the last frame does not count", last_frame=False),
    Reading("one detection may hit several events", shared=True),
    Reading(
        "LGSNet's script",
        (0.3, 0.499, 0.001),
        first_epoch=5,
        whole_frames=True,
        most=14,
        shared=True,
        three_decimals=True,
    ),
)


def tried(reading: Reading, truth: pd.DataFrame, found: Mapping[Fold, pd.DataFrame]) -> Tried:
    """The grid of right and spotted intervals of every subject, epoch and threshold."""
    subjects = sorted({subject for subject, _ in found})
    epochs = sorted({epoch for _, epoch in found if epoch >= reading.first_epoch})
    first, last, step = reading.thresholds
    thresholds = np.round(np.arange(first, last + step / 2, step), 6)
    true = {subject: truth[truth[VIDEO].str.startswith(f"{subject}_")] for subject in subjects}
    counts = [[_counts(reading, true[each], found[each, epoch], thresholds) for epoch in epochs] for each in subjects]
    right, spotted = np.moveaxis(np.array(counts, np.int64), 2, 0)
    whole = np.array([len(true[subject]) for subject in subjects], np.int64)
    return Tried(tuple(subjects), tuple(epochs), thresholds, right, spotted, whole)


def _counts(
    reading: Reading, true: pd.DataFrame, detections: pd.DataFrame, thresholds: NDArray[np.float64]
) -> tuple[list[int], list[int]]:
    """Right and spotted intervals above each threshold."""
    table = reading.spotted(detections)
    same = true[VIDEO].to_numpy()[:, None] == table[VIDEO].to_numpy()
    overlaps = np.where(same, iou(reading.intervals(true), reading.intervals(table)), 0)
    scores = table["score"].to_numpy(float)
    can_hit = (overlaps >= LEAST_IOU).any(axis=0)
    known: dict[int, int] = {}
    right = []
    for threshold in thresholds:
        above = can_hit & (scores > threshold)
        number = int(above.sum())
        if number not in known:
            known[number] = reading.hits(overlaps[:, above])
        right.append(known[number])
    return right, [int((scores > threshold).sum()) for threshold in thresholds]


def detections_in(folder: Path) -> dict[Fold, pd.DataFrame]:
    """The detections of each subject and epoch, from files such as subject_s15/test_detection/test_00.txt."""
    require_folder(folder, "give the folder that has one folder of detections per subject")
    found: dict[Fold, pd.DataFrame] = {}
    for path in sorted(folder.glob("subject_s*/test_detection/test_*.txt")):
        subject = path.parts[-3].removeprefix("subject_s")
        cells = read_detections(path).cells
        numbers = {name: cells[name].astype(float) for name in (ONSET, OFFSET, "score")}
        found[subject, int(re.sub(r"\D", "", path.stem))] = cells.assign(**numbers)
    if not found:
        raise MerlabError(
            f"{folder} does not have files such as subject_s15/test_detection/test_00.txt; copy the detections again"
        )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path, help="LGSNet's table of intervals")
    parser.add_argument("folder", type=Path, help="LGSNet's detections, one folder per subject")
    given = parser.parse_args()
    truth, found = read_events(given.truth), detections_in(given.folder)
    rows = []
    for reading in READINGS:
        scores = scores_of_rules(tried(reading, truth, found))
        rows.append({"reading": reading.name, **{each.rule: f"{each.f1:.4f}" for each in scores}})
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    run_benchmark(main)
