"""What prepared faces say about themselves: ``prepared.json`` of the folder, ``alignment.json`` of each clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.faces.geometry import Points
from merlab.faces.regions import REGIONS, Region, regions_from_landmarks
from merlab.storage import claim_folder, read_json

RECORD = "alignment.json"
MANIFEST = "prepared.json"
TEMPLATE_SOURCE = "five-points"


def claim(root: Path, out: Path, described: dict[str, Any]) -> None:
    """Make ``out`` the folder of faces prepared so from ``root``, or see that it is.

    Raises MerlabError where it holds anything else, or one of the two lies in the other.
    """
    inner, outer = out.resolve(), root.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise MerlabError(f"{out} and {root} lie in each other; choose a folder outside of the original frames")
    claim_folder(out, MANIFEST, described, "prepared faces")


def read_record(folder: Path) -> dict[str, Any]:
    """The record in a folder of aligned frames; raises MerlabError where there is none, or a damaged one."""
    if not (folder / RECORD).is_file():
        raise MerlabError(
            f"{folder} has no {RECORD}, so its faces were not aligned by merlab and no landmarks are known; "
            "prepare the database's raw frames by `merlab prepare`, or use the template's outlines"
        )
    record: dict[str, Any] = read_json(folder / RECORD)
    return record


def landmarks_of(clip: Clip) -> Points:
    """The face mesh of a clip at its onset, (468, 2) pixels of the layout.

    Raises MerlabError, naming the clip, where its folder has no landmarks at that frame or only five points.
    """
    record = read_record(clip.source)
    where = f"{clip.subject} {clip.name} ({clip.database})"
    points = record["landmarks"].get(str(clip.onset))
    if points is None:
        known = ", ".join(record["landmarks"])
        raise MerlabError(f"{where}: {RECORD} has landmarks at frame {known}, not at the onset {clip.onset}")
    if record["landmark_source"] == TEMPLATE_SOURCE:
        raise MerlabError(
            f"{where} was aligned by five points, through which no outlines can be drawn; `merlab models get` gets the "
            "face mesh, then prepare it again into a new folder, or use the template's outlines"
        )
    return np.asarray(points, np.float64)


def regions_of_record(record: dict[str, Any]) -> dict[str, Region]:
    """The five regions of an aligned clip at its first onset; the template where there are only five points."""
    if record["landmark_source"] == TEMPLATE_SOURCE:
        return dict(REGIONS)
    return regions_from_landmarks(next(iter(record["landmarks"].values())))
