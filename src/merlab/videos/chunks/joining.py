"""The parts of a video put together again: faces keep their number from part to part, events are told once."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from merlab.faces.detection import Face
from merlab.storage import read_json
from merlab.videos.chunks.chunk import CHUNK
from merlab.videos.result import FRAMES

# Boxes of one face in two parts, mean over the frames that both have seen.
LEAST_OVERLAP = 0.3

Row = dict[str, str]


@dataclass(frozen=True)
class JoinedChunk:
    """A part with the video's own numbers of faces.

    Attributes:
        folder: where it lies.
        about: what it says of itself.
        rows: of FRAMES, only of the frames that the part answers for.
        events: those that the part before does not tell of.
        qualities: what was measured of each track.

    """

    folder: Path
    about: dict[str, Any]
    rows: list[Row]
    events: list[dict[str, Any]]
    qualities: list[dict[str, Any]]


@dataclass
class Joiner:
    """Goes through the parts in their order, and holds one at a time."""

    faces: int = 0
    _known: dict[tuple[int, int], Face] = field(default_factory=dict)
    _last_events: list[dict[str, Any]] = field(default_factory=list)

    def join(self, folders: list[Path]) -> Iterator[JoinedChunk]:
        """Each part in turn."""
        for folder in folders:
            about = read_json(folder / CHUNK)
            with (folder / FRAMES).open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            first, stop = about["owned"]
            owned = [row for row in rows if first <= int(row["frame"]) < stop]
            names = self._names(rows, {int(row["face_id"]) for row in owned if row["face_id"]})
            rows = [row for row in rows if not row["face_id"] or int(row["face_id"]) in names]
            for row in rows:
                row["face_id"] = str(names[int(row["face_id"])]) if row["face_id"] else ""
            self._known = {
                (int(row["frame"]), int(row["face_id"])): box_of(row) for row in rows if row["success"] == "1"
            }
            events, qualities = (
                [entry | {"face_id": names[entry["face_id"]]} for entry in about[kind] if entry["face_id"] in names]
                for kind in ("events", "quality")
            )
            events = [event for event in events if not any(_same(event, before) for before in self._last_events)]
            self._last_events = events
            yield JoinedChunk(folder, about, owned, events, qualities)

    def _names(self, rows: list[Row], own: set[int]) -> dict[int, int]:
        """The part's ``own`` numbers of faces -> the video's: that of the face that lay there in the part before."""
        overlaps: dict[tuple[int, int], list[float]] = defaultdict(list)
        known = {face for _, face in self._known}
        for row in rows:
            if row["success"] == "1" and int(row["face_id"]) in own:
                box = box_of(row)
                for face in known:
                    other = self._known.get((int(row["frame"]), face))
                    if other is not None:
                        overlaps[int(row["face_id"]), face].append(box.overlap(other))
        names: dict[int, int] = {}
        for negative, (face, before) in sorted((-float(np.mean(values)), pair) for pair, values in overlaps.items()):
            if -negative >= LEAST_OVERLAP and face not in names and before not in names.values():
                names[face] = before
        for face in sorted(own - names.keys()):
            names[face] = self.faces
            self.faces += 1
        return names


def box_of(row: Row) -> Face:
    """The box of a row of FRAMES."""
    left, top, width, height = (float(row[side]) for side in ("x", "y", "width", "height"))
    return Face(left, top, left + width, top + height, float(row["confidence"]))


def _same(event: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether two parts tell of one movement, on their border."""
    overlap = event["onset"] <= before["offset"] and before["onset"] <= event["offset"]
    return overlap and bool(event["face_id"] == before["face_id"])
