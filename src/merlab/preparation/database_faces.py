"""A database's whole heads become a tree of aligned faces in the same database's cropped layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merlab.clips import Clip, ClipTable, Finding
from merlab.databases.database import Database
from merlab.databases.frame_checks import check_clip
from merlab.errors import MerlabError
from merlab.frames import ClipError, Frames, ImageFolder, open_frames, write_image
from merlab.preparation.aligned_clip import ClipWriter, Job
from merlab.preparation.overview import write_overview
from merlab.preparation.record import MANIFEST, RECORD, claim, read_record
from merlab.preparation.settings import Settings
from merlab.processes import each_in_processes
from merlab.progress import Progress, silent
from merlab.storage import WriteError, read_json, whole_file, whole_folder, write_json

SHEETS = "sheets"
REMEDY = "mend or remove the clip, then run the same command again; it goes on with what is missing"


@dataclass(frozen=True)
class Prepared:
    """What a tree holds now: clips prepared, the faults of those that could not be, and warnings by clip."""

    clips: tuple[Clip, ...]
    faults: tuple[Finding, ...]
    warnings: dict[str, list[str]]
    stamps: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Clips whose frames lie in one folder or video, and where their aligned frames and sheet belong."""

    clips: tuple[Clip, ...]
    folder: Path
    sheet: Path
    stamps: tuple[str, ...]
    settings: Settings

    @property
    def title(self) -> str:
        """``sub01 EP02_01f``."""
        return ", ".join(f"{clip.subject} {clip.name}" for clip in self.clips)

    @property
    def done(self) -> bool:
        """Whether all of it is written; each part appears whole or not at all."""
        return (self.folder / RECORD).is_file() and self.sheet.is_file()


def prepare(
    database: Database,
    root: Path,
    out: Path,
    settings: Settings | None = None,
    *,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Prepared:
    """Align every clip of a database below ``root`` into ``out``, and say what could not be.

    ``out`` gets the frames from onset to offset in the database's cropped layout, its tables, a sheet a clip with an
    overview, and a manifest. Run again it goes on where it stopped; the bytes depend on neither that nor ``jobs``.
    Clips that share a folder of frames share the transform of the earliest onset. ``progress`` counts folders.

    Raises MerlabError where nothing can be prepared, ``out`` cannot be written, or holds anything else.
    """
    settled = (settings or Settings()).settled()
    if database.examine_heads is None or database.cropped is None:
        raise MerlabError(f"{database.name} does not come as frames of whole heads, so there is nothing to prepare")
    examination = database.examine_heads(root, False, silent)
    if not examination.clips:
        raise MerlabError(f"{root} yields no usable clip; `merlab doctor {database.name} {root}` says why")
    described = {"database": database.name, "root": str(root.resolve()), **settled.described()}
    claim(root, out, described)
    for table in examination.tables:
        with whole_file(out / table.name) as aside:
            aside.write_bytes(table.read_bytes())
    sources = _sources(examination.clips, database, out, settled)
    faults = [*examination.of("unusable"), *_align_all(sources, jobs, progress)]
    return _conclude(out, described, sources, faults, examination.clips.stamps)


def _sources(clips: ClipTable, database: Database, out: Path, settings: Settings) -> list[Source]:
    assert database.cropped is not None
    by_folder: dict[Path, list[Clip]] = {}
    for clip in clips:
        by_folder.setdefault(database.cropped(out, clip), []).append(clip)
    return [
        Source(
            tuple(sorted(sharing, key=lambda clip: clip.onset or 0)),
            folder,
            out / SHEETS / f"{sharing[0].subject}-{folder.name}.png",
            clips.stamps,
            settings,
        )
        for folder, sharing in by_folder.items()
    ]


def _align_all(sources: Sequence[Source], jobs: int | None, progress: Progress) -> list[Finding]:
    """The faults of what could not be aligned, in the order of the sources."""
    waiting = [source for source in sources if not source.done]
    done = len(sources) - len(waiting)
    progress(done, len(sources), f"{done} of {len(sources)} found done" if done else "finding faces")
    by_title: dict[str, list[Finding]] = {}
    for title, faults in each_in_processes(align_source, waiting, jobs):
        done += 1
        by_title[title] = faults
        progress(done, len(sources), title)
    return [fault for source in waiting for fault in by_title[source.title]]


def align_source(source: Source) -> tuple[str, list[Finding]]:
    """Align the clips of one source; gives its title and what forbade it. Raises WriteError where no file can be."""
    try:
        with whole_folder(source.folder) as aside:
            frames = open_frames(source.clips[0].source)
            writer = ClipWriter(aside, _job(source, frames), frames, source.settings)
            for number in writer.job.numbers:
                writer.write(number)
            write_image(source.sheet, writer.finish())
    except WriteError:
        raise
    except ClipError as error:
        return source.title, _damage(source, error)
    except MerlabError as error:
        return source.title, [Finding("unusable", source.title, "a face to align", str(error), REMEDY)]
    return source.title, []


def _job(source: Source, frames: Frames) -> Job:
    onsets = [clip.onset for clip in source.clips if clip.onset is not None]
    offset = max(clip.offset or 0 for clip in source.clips)
    numbers: Sequence[int] = range(min(onsets), offset + 1)
    if isinstance(frames, ImageFolder):
        numbers = [number for number in numbers if number in frames.files]
    first = source.clips[0]
    assert first.onset is not None
    assert first.offset is not None
    shown = (first.onset, first.apex or (first.onset + first.offset) // 2, first.offset)
    return Job(source.title, numbers, onsets, shown, first.fps, stamps=source.stamps)


def _damage(source: Source, error: ClipError) -> list[Finding]:
    """Every damaged frame of a source, not only the first that was met."""
    if not source.clips[0].source.is_dir():
        return [Finding("unusable", source.title, "a video that decodes", str(error), f"copy it again; {REMEDY}")]
    found = [finding for clip in source.clips if (finding := check_clip(clip)) is not None]
    return found or [Finding("unusable", source.title, "frames that decode", str(error), REMEDY)]


def _conclude(
    out: Path, described: dict[str, Any], sources: Sequence[Source], faults: Sequence[Finding], stamps: tuple[str, ...]
) -> Prepared:
    """Write the overview, and the manifest last, which declares the tree complete as far as it can be."""
    done = [source for source in sources if source.done]
    records = {source.folder: read_record(source.folder) for source in done}
    write_overview(out / SHEETS / "overview.png", list(records), [fault.where for fault in faults], stamps)
    listed = [
        {"folder": folder.relative_to(out).as_posix()}
        | {key: record[key] for key in ("clip", "frames", "face", "landmark_source", "quality", "warnings")}
        for folder, record in records.items()
    ]
    content = described | {"stamps": list(stamps), "clips": listed, "faults": [vars(fault) for fault in faults]}
    if read_json(out / MANIFEST) != content:
        write_json(out / MANIFEST, content)
    warnings = {record["clip"]: record["warnings"] for record in records.values() if record["warnings"]}
    return Prepared(tuple(clip for source in done for clip in source.clips), tuple(faults), warnings, stamps)
