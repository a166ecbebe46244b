"""What choosing the epoch and the threshold on the test set adds to F1, from detections of every subject and epoch.

The rules are applied to one grid: for each held-out subject, each epoch of its training, and each threshold, the right
and the spotted intervals. A rule chooses an epoch and a threshold for each subject; the counts are then pooled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.evaluation.metrics import Float64Array, IntArray
from merlab.frames import require_rate
from merlab.given import require_folder
from merlab.spotting.scoring.detections import SUFFIX, read_detections
from merlab.spotting.scoring.kinds import KIND, LONGEST_MICRO, MICRO
from merlab.spotting.scoring.matching import LEAST_IOU, overlapping
from merlab.spotting.scoring.read_intervals import OFFSET, ONSET, VIDEO, Events, read_events

STEP, LEAST_STEP = 0.01, 0.0001
EPOCH = re.compile(r"(\d+)$")


@dataclass(frozen=True)
class Tried:
    """The grid: ``right`` and ``spotted`` intervals (subjects, epochs, thresholds), and ``true`` ones (subjects)."""

    subjects: tuple[str, ...]
    epochs: tuple[int, ...]
    thresholds: Float64Array
    right: IntArray
    spotted: IntArray
    true: IntArray

    def f1(self, subjects: NDArray[np.bool_]) -> Float64Array:
        """F1 of these subjects pooled, (epochs, thresholds); 0 where nothing is true or spotted."""
        whole = self.spotted[subjects].sum(axis=0) + self.true[subjects].sum()
        return np.asarray(2 * self.right[subjects].sum(axis=0) / np.maximum(whole, 1))

    def pooled(self, chosen: Sequence[tuple[int, int]]) -> float:
        """F1 of all subjects pooled, each at its position (epoch, threshold) of the grid."""
        right = sum(int(self.right[index][place]) for index, place in enumerate(chosen))
        spotted = sum(int(self.spotted[index][place]) for index, place in enumerate(chosen))
        whole = spotted + int(self.true.sum())
        return 2 * right / whole if whole else 0.0


@dataclass(frozen=True)
class RuleScore:
    """F1 by one rule of choosing; epoch and threshold where they are the same for all subjects."""

    rule: str
    uses_test_subject: bool
    f1: float
    epoch: int | None = None
    threshold: float | None = None


def selection_scores(truth: Events, folder: Path, fps: float, step: float = STEP) -> list[RuleScore]:
    """The scores of all rules for detections in ``folder``, one folder per held-out subject, one file per epoch.

    Thresholds are 0, ``step``, ... 1; an interval counts if its score is above. Of equal F1, the first epoch and the
    lowest threshold are taken, or for one subject those with the fewest spotted intervals. Micro-expressions alone are
    the true ones of this kind, and spotted intervals of up to half a second.

    Raises MerlabError for a folder without such files, two files of one subject and epoch, detections of another
    subject or with a score above 1, true events of a subject without a folder, and an impossible step or rate.
    """
    if not LEAST_STEP <= step <= 1:
        raise MerlabError(f"the step of the threshold must be from {LEAST_STEP:g} to 1, got {step:g}")
    require_rate(fps)
    thresholds = np.round(np.arange(0, 1 + step / 2, step), 6)
    events, files = read_events(truth), _files(folder)
    all_kinds = _Grid(events, np.inf, files, thresholds)
    micro_alone = (
        _Grid(events[events[KIND] == MICRO], LONGEST_MICRO * fps, files, thresholds) if KIND in events else None
    )
    _fill(filter(None, [all_kinds, micro_alone]), files)
    both = all_kinds.tried()
    if micro_alone is None:
        return scores_of_rules(both)
    micro = micro_alone.tried()
    return [
        *scores_of_rules(both),
        _same_for_all(micro, "micro alone, by the choice of the first row", _best_for_all(both)),
        _same_for_all(micro, "micro alone, best on the test set", _best_for_all(micro)),
    ]


def scores_of_rules(tried: Tried) -> list[RuleScore]:
    """F1 by the four rules that choose an epoch and a threshold from the same grid."""
    on_others, on_others_last = _on_the_others(tried), _on_the_others(tried, last=True)
    return [
        _same_for_all(tried, "best on the test set", _best_for_all(tried)),
        RuleScore("chosen on the other subjects", False, tried.pooled(on_others)),
        RuleScore("last epoch, threshold chosen on the others", False, tried.pooled(on_others_last)),
        RuleScore("best of each subject", True, tried.pooled(_of_each_subject(tried))),
    ]


def _best_for_all(tried: Tried) -> tuple[int, int]:
    return _best(tried.f1(np.ones(len(tried.subjects), bool)))


def _same_for_all(tried: Tried, rule: str, place: tuple[int, int]) -> RuleScore:
    epoch, threshold = tried.epochs[place[0]], float(tried.thresholds[place[1]])
    return RuleScore(rule, True, tried.pooled([place] * len(tried.subjects)), epoch, threshold)


def _best(f1: Float64Array) -> tuple[int, int]:
    epoch, threshold = np.unravel_index(int(f1.argmax()), f1.shape)
    return int(epoch), int(threshold)


def _on_the_others(tried: Tried, *, last: bool = False) -> list[tuple[int, int]]:
    """For each subject the place that is best for all others together; with ``last`` in the last epoch alone."""
    chosen = []
    for index in range(len(tried.subjects)):
        f1 = tried.f1(np.arange(len(tried.subjects)) != index)
        epoch, threshold = _best(f1[-1:] if last else f1)
        chosen.append((len(tried.epochs) - 1 if last else epoch, threshold))
    return chosen


def _of_each_subject(tried: Tried) -> list[tuple[int, int]]:
    """For each subject the place that is best for it, with the fewest spotted intervals among equal ones."""
    chosen = []
    for index in range(len(tried.subjects)):
        f1 = tried.f1(np.arange(len(tried.subjects)) == index)
        fewest = np.where(f1 == f1.max(), -tried.spotted[index], np.iinfo(np.int64).min)
        chosen.append(_best(fewest.astype(float)))
    return chosen


def _files(folder: Path) -> dict[str, dict[int, Path]]:
    """Subject -> epoch -> file; the subject is the number at the end of the name of the folder, such as subject_s15."""
    require_folder(folder, "give the folder that has one folder of detections per subject")
    found: dict[str, dict[int, Path]] = {}
    for subject in sorted(path for path in folder.iterdir() if path.is_dir() and EPOCH.search(path.name)):
        epochs = found.setdefault(_number(subject.name), {})
        for path in sorted(subject.rglob(f"*{SUFFIX}")):
            if match := EPOCH.search(path.stem):
                other = epochs.setdefault(int(match[1]), path)
                if other != path:
                    raise MerlabError(f"{other} and {path} are of one subject and epoch; remove one of them")
    found = {subject: dict(sorted(epochs.items())) for subject, epochs in found.items() if epochs}
    if not found:
        raise MerlabError(
            f"{folder} does not have folders such as subject_s15 with test_00.txt; copy the detections again"
        )
    _require_same_epochs(folder, found)
    return found


def _require_same_epochs(folder: Path, found: Mapping[str, Mapping[int, Path]]) -> None:
    first, *others = found
    for subject in others:
        if differing := sorted(set(found[first]) ^ set(found[subject])):
            with_it, without = (first, subject) if differing[0] in found[first] else (subject, first)
            raise MerlabError(
                f"{folder} does not have the same epochs for every subject: subject {with_it} has epoch "
                f"{differing[0]}, subject {without} has not; copy the detections again"
            )


def _number(name: str) -> str:
    """The number at the end of a subject's folder, ``15`` of ``subject_s15``, as a whole number."""
    match = EPOCH.search(name)
    return str(int(match[1])) if match else name


def _subject_of(video: str) -> str:
    """The subject of a video: the number before the first underscore of its name."""
    return _number(video.partition("_")[0])


@dataclass(frozen=True)
class _Intervals:
    """Detections or true events of one video: their positions in their table, and (onset, offset), (n, 2)."""

    positions: IntArray
    moments: Float64Array


@dataclass(frozen=True)
class _Detections:
    """The detections of a file: the ``scores`` of all, and the intervals of each video."""

    scores: Float64Array
    of_video: Mapping[str, _Intervals]


def _by_video(table: pd.DataFrame) -> dict[str, _Intervals]:
    positions, moments = table.index.to_numpy(), table[[ONSET, OFFSET]].to_numpy(float)
    groups = table.groupby(VIDEO, sort=False).indices
    return {str(video): _Intervals(positions[rows], moments[rows]) for video, rows in groups.items()}


class _Grid:
    """The counts for true events and for detections that last up to ``longest`` frames, filled file by file."""

    def __init__(
        self,
        truth: pd.DataFrame,
        longest: float,
        files: Mapping[str, Mapping[int, Path]],
        thresholds: Float64Array,
    ) -> None:
        self._subjects, self._epochs = tuple(files), tuple(next(iter(files.values())))
        owners = truth[VIDEO].map(_subject_of)
        if lost := sorted(set(owners) - set(self._subjects)):
            raise MerlabError(f"there are true events of subjects without detections: {', '.join(lost[:3])}")
        self._true = [_by_video(truth[owners == subject]) for subject in self._subjects]
        self._counts = np.array([int((owners == subject).sum()) for subject in self._subjects], np.int64)
        self._thresholds, self._longest = thresholds, longest
        shape = (len(self._subjects), len(self._epochs), len(thresholds))
        self._right, self._spotted = np.zeros(shape, np.int64), np.zeros(shape, np.int64)

    def add(self, row: int, column: int, found: _Detections) -> None:
        """Add the detections of a subject and epoch, by their positions."""
        scores, pairs = _candidates(self._true[row], found, self._longest)
        above = np.searchsorted(np.sort(scores), self._thresholds, side="right")
        self._spotted[row, column] = len(scores) - above
        self._right[row, column] = _right(pairs, self._thresholds)

    def tried(self) -> Tried:
        """The grid, when all files were added."""
        return Tried(self._subjects, self._epochs, self._thresholds, self._right, self._spotted, self._counts)


def _fill(grids: Iterable[_Grid], files: Mapping[str, Mapping[int, Path]]) -> None:
    """Read each file once, and add it to every grid; holds the detections of one file."""
    listed = list(grids)
    for row, (subject, of_epochs) in enumerate(files.items()):
        for column, path in enumerate(of_epochs.values()):
            table = _detections(path, subject)
            found = _Detections(table["score"].to_numpy(float), _by_video(table))
            for grid in listed:
                grid.add(row, column, found)


Pairing = tuple[float, float, int, int]


def _detections(path: Path, subject: str) -> pd.DataFrame:
    """The detections of a file, as numbers; raises MerlabError for one that cannot be of this subject.

    A start after the end stays: the released detections of LGSNet have some, which hit nothing.
    """
    table = read_detections(path)
    found = table.cells.assign(**{name: table.cells[name].astype(float) for name in (ONSET, OFFSET, "score")})
    table.refuse(found["score"] > 1, "the score is above 1", "thresholds are from 0 to 1; divide the scores")
    others = found[VIDEO].map(_subject_of) != subject
    table.refuse(others, f"the video is not of subject {subject}", "put the file into the folder of its subject")
    return found


def _candidates(
    true: Mapping[str, _Intervals], found: _Detections, longest: float
) -> tuple[Float64Array, list[Pairing]]:
    """The scores of all detections, and the pairs (overlap, score, detection, true event) that can hit, best first."""
    counts = np.zeros(len(found.scores), bool)
    pairs: list[Pairing] = []
    for video, spotted in found.of_video.items():
        brief = spotted.moments[:, 1] - spotted.moments[:, 0] + 1 <= longest
        positions = spotted.positions[brief]
        counts[positions] = True
        if video not in true:
            continue
        events = true[video]
        overlaps = overlapping(events.moments, spotted.moments[brief]).of(LEAST_IOU)
        for event, detection, overlap in zip(*(values.tolist() for values in overlaps), strict=True):
            at = int(positions[detection])
            pairs.append((overlap, float(found.scores[at]), at, int(events.positions[event])))
    return found.scores[counts], sorted(pairs, key=lambda pair: (-pair[0], pair[3], pair[2]))


def _right(pairs: Sequence[Pairing], thresholds: Float64Array) -> list[int]:
    """The number of one-to-one hits above each threshold, the best overlaps first."""
    found: dict[int, int] = {}
    counts = []
    for threshold in thresholds:
        above = [pair for pair in pairs if pair[1] > threshold]
        if len(above) not in found:
            found[len(above)] = _hits(above)
        counts.append(found[len(above)])
    return counts


def _hits(pairs: Sequence[Pairing]) -> int:
    detections: set[int] = set()
    events: set[int] = set()
    for _, _, detection, event in pairs:
        if detection not in detections and event not in events:
            detections.add(detection)
            events.add(event)
    return len(events)
