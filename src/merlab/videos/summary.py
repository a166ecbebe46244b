"""summary.csv: what a folder of recognized videos shows, one row per video, and why a video failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from merlab.errors import MerlabError
from merlab.progress import one_line
from merlab.sinks import CsvSink
from merlab.spotting.event import MovementKind
from merlab.spotting.motion_score import PARTS
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.videos.frame_table import part_word
from merlab.videos.moved import units_of
from merlab.videos.result import VideoResult
from merlab.videos.rows import Event

SUMMARY = "summary.csv"
KINDS: tuple[MovementKind, ...] = get_args(MovementKind)
WARNINGS_APART = " | "

ResultsByVideo = Mapping[Path, VideoResult | MerlabError]


def write_summary(out: Path, results: ResultsByVideo, skipped: Mapping[Path, str]) -> Path:
    """Write summary.csv into ``out``; ``skipped`` are files beside the videos, and why each was not read."""
    made = [result for result in results.values() if not isinstance(result, MerlabError)]
    classes = list(dict.fromkeys(name for result in made for name in result.metadata.model.classes))
    names = [*_counts((), classes)]
    blank = ("",) * (len(names) + 3)
    columns = ("video", "status", "minutes", "faces", "events", *names, "warnings", "reason")
    with CsvSink(out / SUMMARY, columns) as sink:
        for video, result in results.items():
            if isinstance(result, MerlabError):
                sink.write((video.name, "failed", *blank, "", one_line(str(result))))
            else:
                minutes = f"{result.metadata.video.seconds / 60:.3f}"
                counts = _counts(result.rows, classes).values()
                facts = (minutes, len(result.metadata.faces), len(result.rows), *counts)
                warnings = WARNINGS_APART.join(map(one_line, result.warnings))
                sink.write((video.name, "done", *facts, warnings, ""))
        for path, reason in skipped.items():
            sink.write((path.name, "skipped", *blank, "", reason))
    return out / SUMMARY


def _counts(rows: Sequence[Event], classes: list[str]) -> dict[str, int]:
    """How many events there are of each kind, part, action unit and class, by the name of the column."""
    kinds, parts = Counter(row.kind for row in rows), Counter(row.part for row in rows)
    labels = Counter(row.label for row in rows)
    units = Counter(number for row in rows for number in {unit.number for unit in units_of(row.action_units)})
    return {
        **{kind: kinds[kind] for kind in KINDS},
        **{part_word(part): parts[part] for part in PARTS},
        **{f"AU{number:02d}": units[number] for number in ACTION_UNITS},
        **{f"class_{name}": labels[name] for name in classes},
        "no_class": labels[""],
    }
