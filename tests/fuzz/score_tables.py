"""Tables of predictions for ``score`` and of events for ``score-spotting``."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from merlab.evaluation.predictions_score import score
from merlab.spotting.scoring import score_spotting
from tests.evaluation.invented_predictions import predictions
from tests.fuzz.damage import Grid
from tests.fuzz.grids import TableInput, Texts
from tests.fuzz.kind import Reading, require
from tests.fuzz.table_kind import TableKind, one_letter_differs


class _ScoredTable(TableKind):
    """A table whose cells are counted.

    Silent too: without a note, another number than that of the cells as they are in the file, rows that are not
    counted, and a class, database or video that the sound table does not have.
    """

    def compare(self, value: Any, header: list[str], lines: Texts) -> None:
        """Counts the rows."""
        require(all(len(line) == len(header) for line in lines), "rows of different lengths")
        self.count(value, [dict(zip(header, line, strict=True)) for line in lines])

    @abstractmethod
    def count(self, value: Any, rows: list[dict[str, str]]) -> None:
        """Raises SilentChangeError unless the value is that of these rows."""


class Predictions(_ScoredTable):
    """A table of predictions with all columns that ``score`` reads."""

    name = "table of predictions"
    grid: ClassVar[Grid] = [
        ["database", "subject", "clip", "seed", "truth", "prediction"],
        *predictions(seeds=2, subjects=4)[["database", "subject", "clip", "seed", "truth", "prediction"]]
        .to_numpy()
        .tolist(),
    ]

    def read(self) -> Reading:
        """The score."""
        result = score(self.path)
        absent = tuple(f"no row has the truth {label}" for label in result.absent_classes)
        return Reading(result.model_dump(exclude={"notes"}), (*result.notes, *absent))

    def count(self, value: Any, rows: list[dict[str, str]]) -> None:
        """Counts every row as it is written."""
        counts = Counter((row["truth"], row["prediction"]) for row in rows)
        classes = sorted({label for pair in counts for label in pair})
        require(value["n"] == len(rows), f"{value['n']} of {len(rows)} rows are counted")
        require(list(value["classes"]) == classes, f"classes {value['classes']} of {classes}")
        confusion = tuple(tuple(counts[truth, found] for found in classes) for truth in classes)
        require(value["confusion"] == confusion, f"confusion {value['confusion']} of {confusion}")
        new = set(classes) - set(self.sound.value["classes"])
        require(not new, f"new class {new}")
        databases = {row["database"] for row in rows} if rows and "database" in rows[0] else set()
        require(set(value["by_database"]) == databases, f"databases {set(value['by_database'])} of {databases}")
        known = set(self.sound.value["by_database"])
        near = {name for name in databases - known if any(one_letter_differs(name, each) for each in known)}
        require(not {name for name in near if not name.startswith("casme")}, f"new database {near}")


class ShortPredictions(Predictions):
    """Truth and prediction alone, so that nothing but the labels says whether a row is right."""

    name = "table of truth and prediction"
    grid: ClassVar[Grid] = [
        ["truth", "prediction"],
        *predictions(seeds=1, subjects=5)[["truth", "prediction"]].to_numpy().tolist(),
    ]


EVENTS: Grid = [
    ["video", "onset", "apex", "offset", "emotion", "action_units"],
    *[
        [
            f"s{video:02d}_film",
            start,
            start + 9,
            start + 22,
            ("negative", "positive", "surprise")[(video + start) % 3],
            "4",
        ]
        for video in range(1, 7)
        for start in range(40, 400, 83)
    ],
]
SPOTTED: Grid = [
    ["video", "onset", "apex", "offset", "class", "action_units"],
    *[
        [video, onset + shift, apex + shift, offset + shift, ("negative", emotion)[row % 4 > 0], "AU4 1.20"]
        for row, (video, onset, apex, offset, emotion, _) in enumerate(EVENTS[1:])
        for shift in [(0, 3, 16, -2, 1)[row % 5]]
        if row % 7
    ],
]


class SpottedEvents(_ScoredTable):
    """The spotted events of ``score-spotting``; the true ones are sound."""

    name = "table of events"
    grid = SPOTTED

    def __init__(self, folder: Path) -> None:
        self.truth = folder / "truth.csv"
        self.truth.write_bytes(TableInput.encoded("csv", EVENTS))
        super().__init__(folder)

    def read(self) -> Reading:
        """All scores."""
        result = score_spotting(self.truth, self.path, fps=200)
        return Reading(result.model_dump(exclude={"notes"}), result.notes)

    def count(self, value: Any, rows: list[dict[str, str]]) -> None:
        """Matches the intervals again."""
        require(value["spotted_events"] == len(rows), f"{value['spotted_events']} of {len(rows)} events are counted")
        right = sum(_hits(video, rows) for video in {line[0] for line in EVENTS[1:]})
        require(value["tp"] == right, f"{value['tp']} hits, {right} by another count")
        new = {row.get("video") for row in rows} - {line[0] for line in EVENTS[1:]}
        require(not new, f"new video {new}")
        labels = {row["class"] for row in rows if "class" in row} - {line[4] for line in EVENTS[1:]}
        require(labels <= {"", "nan", "NaN", "inf", "-inf", "None", "#REF!"}, f"new class {labels}")


def _hits(video: Any, rows: list[dict[str, str]]) -> int:
    """Intervals of a video, in frames, that share at least half of their union with a true one; both used once."""
    true = [set(range(line[1], line[3] + 1)) for line in EVENTS[1:] if line[0] == video]
    own = [row for row in rows if row.get("video", "") == video]
    found = [(float(row["onset"]), float(row["offset"])) for row in own]
    hits = 0
    for frames in true:
        first, last = min(frames), max(frames)
        for interval in found:
            shared = min(last, interval[1]) - max(first, interval[0]) + 1
            whole = max(last, interval[1]) - min(first, interval[0]) + 1
            if shared / whole >= 0.5:
                found.remove(interval)
                hits += 1
                break
    return hits
