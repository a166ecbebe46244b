"""The whole heads of a database become a tree of aligned faces in the cropped layout of the same database."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from merlab.alignment_record import MANIFEST
from merlab.clips import Clip, ClipTable, Finding
from merlab.databases import Database, all_databases, find_database
from merlab.errors import MerlabError
from merlab.given import as_jobs, as_path, require_instance, require_yes_or_no
from merlab.json_files import read_json, read_json_object
from merlab.json_models import sealed, write_model
from merlab.preparation.overview import write_overview
from merlab.preparation.record import (
    AlignmentRecord,
    DatabaseManifest,
    DatabaseRequest,
    PreparedClip,
    claimed,
    read_record,
)
from merlab.preparation.settings import Settings, as_preparation_settings
from merlab.preparation.shared_frames import SharedFrames, align_source
from merlab.preparation.unfinished_clip import STATE, WORKING
from merlab.processes.pool import each_in_processes
from merlab.progress import Progress, shown_progress, silent
from merlab.spelling import counted
from merlab.storage import ignores_case, whole_file

SHEETS = "sheets"
# Every file of a tree beside the tables of its database, by its path in the folder.
WRITTEN = re.compile(
    rf".+/(alignment\.json|transforms\.csv|reg_[^/]+\.(jpg|png))|sheets/[^/]+\.png|"
    rf"{re.escape(WORKING)}/.+/{re.escape(STATE)}"
)


@dataclass(frozen=True)
class Prepared:
    """The content of a prepared tree: its clips, the faults of clips that are missing, and warnings by clip."""

    clips: tuple[Clip, ...]
    faults: tuple[Finding, ...]
    warnings: dict[str, tuple[str, ...]]
    stamps: tuple[str, ...]

    def __repr__(self) -> str:
        stamps = "".join(f" [{stamp}]" for stamp in self.stamps)
        clips, faults = counted(len(self.clips), "clip"), counted(len(self.faults), "fault")
        return f"Prepared: {clips}, {faults}, warnings of {counted(len(self.warnings), 'clip')}{stamps}"


def prepare(
    database: str | Database,
    root: Path | str,
    out: Path | str,
    settings: Settings | None = None,
    *,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress | bool = True,
) -> Prepared:
    """Align every clip of a database into ``out``, and report the clips that could not be aligned.

    ``out`` gets the frames from onset to offset in the cropped layout of the database, its tables, a sheet per clip
    with an overview, and a manifest. Interrupted work is resumed; the bytes depend neither on interruptions nor on
    ``jobs``. Clips that share a folder of frames share the transform of the earliest onset.

    Args:
        database: a database of whole heads, or its name; for any other, the error lists the valid names.
        root: the folder that holds it.
        out: a new folder, or one that an earlier call with the same settings began.
        settings: how faces are found, how the head's movement is treated, and the format of the frames: a
            ``merlab.preparation.settings.Settings``.
        again: replace what ``out`` holds, when the new faces are complete.
        jobs: worker processes; None: one per core.
        progress: True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: if nothing can be prepared, and if ``out`` cannot be written, is written by another process, or
            holds anything else.

    """
    root, out = as_path(root, "root"), as_path(out, "out")
    require_yes_or_no(again=again)
    as_jobs(jobs)
    settings = as_preparation_settings(settings)
    # A missing model file is reported before anything is written.
    settings.finding.open()
    database = _of_whole_heads(database)
    examination = database.examined("examine_heads", root, False, silent)
    if not examination.clips:
        raise MerlabError(f"{root} has no usable clip; run `{database.doctor_command(root)}` for the reasons")
    tables = [table.name for table in examination.tables]
    request = DatabaseRequest(
        database=database.name, root=str(root.resolve()), table=tables, **dict(settings.how_made())
    )
    stamps = (*examination.clips.stamps, *settings.finding.stamps)
    ours = {*tables, *_tables_in(out)}
    with claimed(
        root, out, request, again, _is_concluded, lambda name: name in ours or WRITTEN.fullmatch(name)
    ) as folder:
        sources = _sources(examination.clips, database, folder, settings, stamps)
        if ignores_case(folder / MANIFEST):
            _require_own_folders(sources, out)
        for table in examination.tables:
            with whole_file(folder / table.name) as aside:
                aside.write_bytes(table.read_bytes())
        with shown_progress(progress) as show:
            faults = [*examination.of("unusable"), *_align_all(sources, jobs, show)]
        return _conclude(folder, request, sources, faults, stamps)


def _of_whole_heads(given: str | Database) -> Database:
    """The database; raises MerlabError for anything else, and for one without frames of whole heads."""
    database = find_database(given) if isinstance(given, str) else given
    require_instance(database, Database, "database", "or the name of one")
    if database.examine_heads is None or database.cropped is None:
        others = ", ".join(name for name, each in all_databases().items() if each.examine_heads and each.cropped)
        raise MerlabError(
            f"{database.name} does not contain frames of whole heads, so there is nothing to prepare; "
            f"databases of whole heads are {others}"
        )
    return database


def _tables_in(folder: Path) -> list[str]:
    """The names of the tables that an earlier call copied into a tree."""
    manifest = folder / MANIFEST
    names = read_json_object(manifest).get("table") if manifest.is_file() else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _is_concluded(folder: Path) -> bool:
    """Whether every clip of a tree was tried, so that its manifest lists them."""
    return "clips" in read_json_object(folder / MANIFEST)


def _sources(
    clips: ClipTable, database: Database, out: Path, settings: Settings, stamps: tuple[str, ...]
) -> list[SharedFrames]:
    by_folder: dict[Path, list[Clip]] = {}
    for clip in clips:
        by_folder.setdefault(database.ask("cropped", Path, out, clip), []).append(clip)
    return [
        SharedFrames(
            tuple(sorted(sharing, key=lambda clip: clip.onset or 0)),
            folder,
            out / WORKING / folder.relative_to(out),
            out / SHEETS / f"{'-'.join(folder.relative_to(out).parts[1:])}.png",
            stamps,
            settings,
        )
        for folder, sharing in by_folder.items()
    ]


def _require_own_folders(sources: Sequence[SharedFrames], out: Path) -> None:
    """Raises MerlabError where two folders of clips are one on a disk that ignores case, as those of A and a."""
    by_name: dict[str, SharedFrames] = {}
    for source in sources:
        other = by_name.setdefault(str(source.folder).casefold(), source)
        if other is not source:
            raise MerlabError(
                f"{other.title} and {source.title} would share one folder, as the disk of {out} takes capital and "
                "small letters in names for the same; choose a folder on another disk, or rename one of the clips"
            )


def _align_all(sources: Sequence[SharedFrames], jobs: int | None, progress: Progress) -> list[Finding]:
    """The faults of the clips that could not be aligned, in the order of the sources; ``progress`` counts sources."""
    waiting = [source for source in sources if not source.done]
    done = len(sources) - len(waiting)
    progress(done, len(sources), f"{done} of {len(sources)} already finished" if done else "finding faces")
    by_title: dict[str, list[Finding]] = {}
    for title, faults in each_in_processes(align_source, waiting, jobs):
        done += 1
        by_title[title] = faults
        progress(done, len(sources), title)
    return [fault for source in waiting for fault in by_title[source.title]]


def _conclude(
    out: Path,
    request: DatabaseRequest,
    sources: Sequence[SharedFrames],
    faults: Sequence[Finding],
    stamps: tuple[str, ...],
) -> Prepared:
    """Write the overview, then the manifest, which lists all clips and faults of the finished tree."""
    done = [source for source in sources if source.done]
    # Of a clip that could not be read to its end, as from a disk that does not answer, the same command continues.
    if len(done) == len(sources) or not any((out / WORKING).rglob(STATE)):
        shutil.rmtree(out / WORKING, ignore_errors=True)
    records = {source.folder: read_record(source.folder) for source in done}
    write_overview(out / SHEETS / "overview.png", list(records), [fault.where for fault in faults], stamps)
    manifest = DatabaseManifest(
        **dict(request),
        stamps=stamps,
        clips=tuple(_prepared_clip(folder.relative_to(out).as_posix(), record) for folder, record in records.items()),
        faults=tuple(faults),
    )
    if read_json(out / MANIFEST) != sealed(manifest.model_dump(mode="json")):
        write_model(out / MANIFEST, manifest)
    warnings = {record.clip: record.warnings for record in records.values() if record.warnings}
    return Prepared(tuple(clip for source in done for clip in source.clips), tuple(faults), warnings, stamps)


def _prepared_clip(folder: str, record: AlignmentRecord) -> PreparedClip:
    return PreparedClip(
        folder=folder,
        clip=record.clip,
        frames=record.frames,
        face=record.face,
        landmark_source=record.landmark_source,
        quality=record.quality,
        warnings=record.warnings,
    )
