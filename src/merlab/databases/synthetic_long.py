"""The events of long SYNTHETIC recordings as clips, to test recognition on the events that spotting should find."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from merlab.clips import Clip, ClipTable, Finding
from merlab.databases.database import MADE_WITH, Database, Examination
from merlab.databases.frame_checks import check_frames, usable_of
from merlab.databases.long_video import LongEvent, LongVideo, LongVideos
from merlab.errors import MerlabError
from merlab.json_files import read_json_object
from merlab.json_models import first_fault
from merlab.progress import Progress
from merlab.spelling import as_typed
from merlab.stamps import SYNTHETIC
from merlab.synthesis.folder import MANIFEST
from merlab.synthesis.manifest import DescribedRecording, RecordingManifest

NAME = "synthetic-long"


def _examine(root: Path, deep: bool, progress: Progress) -> Examination:
    manifest = _read_manifest(root)
    recordings = manifest.recordings
    missing = {each.subject: _missing(each) for each in recordings if not (root / each.video).exists()}
    clips = [clip for each in recordings if each.subject not in missing for clip in _clips(root, each)]
    damaged = check_frames(clips, progress) if deep else {}
    usable = usable_of(clips, damaged)
    made_with = f"preset {manifest.settings.preset}, seed {manifest.settings.seed}"
    facts = {"recordings": str(len(recordings)), "events": str(len(clips)), MADE_WITH: made_with}
    return Examination(ClipTable(usable, (SYNTHETIC,)), (*missing.values(), *damaged.values()), facts)


def _read_manifest(root: Path) -> RecordingManifest:
    path = root / MANIFEST
    content = read_json_object(path) if path.is_file() else {}
    if "recordings" not in content:
        raise MerlabError(
            f"{root} does not hold a complete set of long SYNTHETIC recordings; "
            f"`merlab make-videos {as_typed(str(root))}` writes one, or resumes an incomplete one"
        )
    try:
        return RecordingManifest.model_validate(content)
    except ValidationError as error:
        raise MerlabError(
            f"{path} is not a manifest of recordings ({first_fault(error)}); remove it and run the same "
            "`merlab make-videos` command again, which writes it"
        ) from error


def _missing(recording: DescribedRecording) -> Finding:
    remedy = "run the same `merlab make-videos` command again, which writes missing recordings"
    return Finding("unusable", recording.subject, recording.video, "nothing", remedy)


def _clips(root: Path, recording: DescribedRecording) -> list[Clip]:
    """One clip per micro-expression; the source of each clip is the whole recording."""
    micro = [event for event in recording.events if event.kind == "micro"]
    return [
        Clip(
            database=NAME,
            subject=recording.subject,
            name=f"event{number:03d}",
            fps=recording.fps,
            onset=event.onset,
            apex=event.apex,
            offset=event.offset,
            action_units="+".join(unit.code for unit in event.action_units),
            emotion=event.emotion,
            source=root / recording.video,
            aligned=True,
        )
        for number, event in enumerate(micro, start=1)
    ]


def _videos(root: Path) -> LongVideos:
    recordings = _read_manifest(root).recordings
    missing = tuple(_missing(each) for each in recordings if not (root / each.video).exists())
    there = tuple(_video(root, each) for each in recordings if (root / each.video).exists())
    return LongVideos(there, missing, (SYNTHETIC,))


def _video(root: Path, recording: DescribedRecording) -> LongVideo:
    """One recording; its name is that in the table of its events."""
    events = tuple(
        LongEvent(
            event.onset,
            event.apex,
            event.offset,
            event.kind,
            event.emotion,
            "+".join(unit.code for unit in event.action_units),
        )
        for event in recording.events
    )
    name, source = Path(recording.video).name, root / recording.video
    return LongVideo(NAME, recording.subject, name, source, recording.fps, recording.frames, events)


SYNTHETIC_LONG = Database(
    name=NAME,
    title="events of long SYNTHETIC recordings made by merlab",
    access="write it with `merlab make-videos FOLDER`; it shows no real person, and nobody else has rights to it",
    examine=_examine,
    videos=_videos,
)
