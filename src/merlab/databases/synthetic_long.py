"""The events of long SYNTHETIC recordings as a database of clips, to test recognition on what spotting should find."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from merlab.clips import Clip, ClipTable, Finding
from merlab.databases.database import Database, Examination
from merlab.databases.frame_checks import check_frames
from merlab.errors import MerlabError
from merlab.progress import Progress
from merlab.stamps import SYNTHETIC
from merlab.storage import read_json
from merlab.synthesis.folder import MANIFEST
from merlab.synthesis.sampling import ActiveUnit

NAME = "synthetic-long"


def _examine(root: Path, deep: bool, progress: Progress) -> Examination:
    manifest = read_json(root / MANIFEST) if (root / MANIFEST).is_file() else {}
    if "recordings" not in manifest:
        raise MerlabError(
            f"{root} holds no complete set of long SYNTHETIC recordings; "
            f"`merlab make-videos {root}` makes one or goes on with one that was stopped"
        )
    recordings = manifest["recordings"]
    lost = {entry["subject"]: _lost(entry) for entry in recordings if not (root / entry["video"]).exists()}
    clips = [clip for entry in recordings if entry["subject"] not in lost for clip in _clips(root, entry)]
    broken = check_frames(clips, progress) if deep else {}
    usable = tuple(clip for clip in clips if clip.key not in broken)
    facts = {"recordings": str(len(recordings)), "events": str(len(clips)), "preset": manifest["settings"]["preset"]}
    return Examination(ClipTable(usable, (SYNTHETIC,)), (*lost.values(), *broken.values()), facts)


def _lost(recording: Mapping[str, Any]) -> Finding:
    remedy = "run the `merlab make-videos` that made this folder again; it writes what is missing"
    return Finding("unusable", recording["subject"], recording["video"], "nothing", remedy)


def _clips(root: Path, recording: Mapping[str, Any]) -> list[Clip]:
    """Every event as a clip whose source is the whole recording."""
    return [
        Clip(
            database=NAME,
            subject=recording["subject"],
            name=f"event{number:03d}",
            fps=recording["fps"],
            onset=event["onset"],
            apex=event["apex"],
            offset=event["offset"],
            action_units="+".join(ActiveUnit(**unit).code for unit in event["action_units"]),
            emotion=event["emotion"],
            source=root / recording["video"],
        )
        for number, event in enumerate(recording["events"], start=1)
    ]


SYNTHETIC_LONG = Database(
    name=NAME,
    title="events of long SYNTHETIC recordings drawn by merlab",
    access="make it: `merlab make-videos FOLDER`; free of rights of others, of no real person",
    examine=_examine,
)
