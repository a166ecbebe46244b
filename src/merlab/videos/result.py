"""What ``merlab recognize`` leaves of one video: the files of its folder, and how to read them again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from merlab.errors import MerlabError
from merlab.storage import read_json

FRAMES, EVENTS, METADATA = "frames.csv", "events.csv", "metadata.json"
REPORT, OVERLAY, ELAN = "report.html", "overlay.mp4", "events.eaf"
# One folder an event under EVIDENCE, named as its row's ``event``: the two faces, the movement between them as a color
# picture, and maps.json, which names each map picture of the recognizer beside it.
EVIDENCE = "events"
ONSET_PICTURE, APEX_PICTURE, FLOW_PICTURE, MAPS = "onset.png", "apex.png", "flow.png", "maps.json"

# A row a frame and a face; a frame without any face has one row, its face_id empty and success 0. The box is in pixels
# of the video, the score and its threshold in units of noise (see ``spotting``).
FRAME_COLUMNS = (
    "frame",
    "time_s",
    "face_id",
    "confidence",
    "success",
    "x",
    "y",
    "width",
    "height",
    "score",
    "lids_px",
    "threshold",
)
# A row an event, in the order of onsets. ``class`` is empty where the recognizer abstains; then come a column
# ``p_CLASS`` a class; ``probability`` is the largest of them. ``regions`` and ``action_units`` read "mouth, left 1.92
# px up and outwards; cheeks, left 0.81 px up", "AU12 left 1.90; AU6 0.72".
EVENT_COLUMNS = (
    "event",
    "video",
    "face_id",
    "onset",
    "apex",
    "offset",
    "onset_s",
    "apex_s",
    "offset_s",
    "duration_s",
    "score",
    "part",
    "class",
    "probability",
    "regions",
    "action_units",
)

SECONDS_AND_SCORES = ("onset_s", "apex_s", "offset_s", "duration_s", "score", "probability")

# What the report reads from METADATA; more may stand there.
#   video     name, fps (true), frames, seconds, width, height
#   faces     a list of face_id, first and last (frame), frames (in how many it was seen)
#   model     method, preset, digest (SHA-256 of the weights' file), classes, temperature, runtime, stamps, trained_on
#   settings  unsure_below (the probability under which no class is given), and what else was chosen
#   versions  merlab and its main dependencies
#   dropped   movements left out because they were too long or too short
#   warnings  what limits the result, in sentences
#   made      at (ISO 8601, UTC)


@dataclass(frozen=True)
class VideoResult:
    """The result of one video, read from ``folder``.

    ``frames`` and ``events`` have FRAME_COLUMNS and EVENT_COLUMNS (with the ``p_CLASS`` columns behind); ``metadata``
    says what was read, by which model, versions and settings, and what limits the result.
    """

    folder: Path
    frames: pd.DataFrame
    events: pd.DataFrame
    metadata: dict[str, Any]

    @property
    def warnings(self) -> list[str]:
        """What limits the result, in sentences."""
        return list(self.metadata["warnings"])

    def evidence(self, event: str) -> Path:
        """The folder of an event's pictures."""
        return self.folder / EVIDENCE / event


def read_video_result(folder: Path) -> VideoResult:
    """The result in a folder; raises MerlabError where it holds no finished one."""
    if not (folder / METADATA).is_file():
        raise MerlabError(f"{folder} holds no finished result of `merlab recognize`")
    return read_tables(folder, read_json(folder / METADATA))


def read_tables(folder: Path, metadata: dict[str, Any]) -> VideoResult:
    """The tables of a folder whose metadata is not written yet."""
    types: dict[Hashable, Any] = dict.fromkeys(("event", "video", "part", "class", "regions", "action_units"), str)
    types.update(dict.fromkeys(("onset", "apex", "offset"), "int64"), face_id="Int64")
    types.update(dict.fromkeys(SECONDS_AND_SCORES, "float64"))
    frames = pd.read_csv(folder / FRAMES, dtype={"face_id": "Int64"})
    events = pd.read_csv(folder / EVENTS, dtype=types, keep_default_na=False, na_values={"face_id": [""]})
    return VideoResult(folder, frames, events, metadata)
