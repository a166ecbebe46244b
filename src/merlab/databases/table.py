"""Any clips, listed in a table file: one row per clip, in CSV, TSV, XLSX, ODS or Parquet.

Columns: subject, clip and frames (a folder of images, a video, or one stored optical-flow image); optional are
database, onset, apex, offset, fps, label, action_units, aligned (yes or no) and objective_class. Case, blanks,
underscores and hyphens in the name of a column do not matter. Paths are relative to the file. Inputs expect aligned
faces; if a row does not state it, the proportions of its frames decide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from merlab.alignment_record import preparation_fact, preparation_of, recorded_stamps
from merlab.clips import Clip, ClipTable, Finding
from merlab.databases.coded.published_counts import describe_counts
from merlab.databases.database import Database, Examination
from merlab.databases.frame_checks import check_frames, usable_of
from merlab.databases.listed.remarks import remarks, video_notes
from merlab.databases.listed.row_clip import Footage, Read, read_listed_clip
from merlab.databases.listed.table_rows import (
    OPTIONAL,
    REQUIRED,
    SheetColumns,
    SoundRow,
    choose_sheet,
    misspelled,
    read_rows,
)
from merlab.errors import MerlabError, cannot_read
from merlab.frames import IMAGE_SUFFIXES, ClipError, require_utf8
from merlab.progress import Progress
from merlab.table_files.reading import SUFFIXES, read_lines, require_table_file
from merlab.table_files.sheet_checks import check_sheet
from merlab.table_files.sheets import TableFile

# What a shell replaces in a path: ~, $HOME, ${HOME}, %USERPROFILE%.
OF_A_SHELL = re.compile(r"^~|\$[\w{]|%\w+%")


def _examine(root: Path, deep: bool, progress: Progress) -> Examination:
    file = read_table_file(root)
    sheet, columns = choose_sheet(root, file.sheets)
    of_sheet = tuple(check_sheet(root, sheet.name, sheet.filled[0].number))
    records, findings = read_rows(root, sheet, columns)
    read, faults = _read_clips(records, root.absolute().parent, progress)
    damaged = check_frames([row.clip for row in read], progress, gaps=True) if deep else {}
    clips = usable_of([row.clip for row in read], damaged)
    found = (
        *file.findings,
        *of_sheet,
        *misspelled(root, columns),
        *findings,
        *faults,
        *remarks(root.name, read),
        *(video_notes(read) if deep else ()),
        *damaged.values(),
    )
    facts = {
        "table": str(root.absolute()),
        "format": file.title + (f", sheet {sheet.title}" if len(file.sheets) > 1 else ""),
        "rows": str(len(sheet.lines)),
        **_facts(clips, columns),
        **preparation_fact(preparation_of(clip.source) for clip in clips if clip.source.is_dir()),
        "usable clips": str(len(clips)),
    }
    return Examination(ClipTable(clips, recorded_stamps(clips)), found, facts, tables=(root,))


def read_table_file(path: Path) -> TableFile:
    """Read a table of clips, whose first line has the column names.

    Raises MerlabError for a folder, a missing or damaged file, a name that is not UTF-8, an unknown suffix, and a file
    without rows.
    """
    require_utf8(path)
    require_table_file(
        path, "give the table file in it that lists your clips", "give the table file that lists your clips"
    )
    table = read_lines(path)
    if not any(sheet.lines for sheet in table.sheets):
        raise MerlabError(
            f"{path} holds no rows; write the column names into its first line, and one line per clip below"
        )
    return table


def _read_clips(records: Sequence[SoundRow], folder: Path, progress: Progress) -> tuple[list[Read], list[Finding]]:
    """The rows that become clips, and the findings about the others; each source is looked at once.

    ``folder`` is that of the table.
    """
    read: list[Read] = []
    faults: list[Finding] = []
    look_at = lru_cache(maxsize=None)(_look_at)
    for done, record in enumerate(records, start=1):
        try:
            footage = look_at(record.source)
            clip = read_listed_clip(record, footage)
        except MerlabError as error:
            expected = "a folder of images, a video, or an optical-flow image in column frames"
            remedy = (
                "check the permissions of what the path names"
                if isinstance(error.__cause__, PermissionError)
                else _remedy_for(record.source, folder)
            )
            clip = Finding("unusable", record.where, expected, str(error), remedy)
        if isinstance(clip, Finding):
            faults.append(clip)
        else:
            read.append(Read(record, clip, footage))
        progress(done, len(records), record.where)
    return read, faults


def _remedy_for(source: Path, folder: Path) -> str:
    """What to do about a path in a table in ``folder`` at which nothing is that can be read."""
    written = source.parts[len(folder.parts) :] if source.is_relative_to(folder) else source.parts
    if any(map(OF_A_SHELL.search, written)):
        return "write the whole path: in a table, ~ and variables such as $HOME are not replaced"
    return "correct the path, which is relative to the folder of the table, or copy the frames again"


def _look_at(source: Path) -> Footage | None:
    """What a source holds; None for one image, a stored optical flow. Raises MerlabError for what cannot be read."""
    try:
        return None if S_ISREG(_mode(source)) and source.suffix.lower() in IMAGE_SUFFIXES else Footage(source)
    except OSError as error:
        raise ClipError(cannot_read(source, error, "check the path")) from error


def _mode(source: Path) -> int:
    """The mode of what is at a path: from Python 3.14 on, ``exists`` hides why a path cannot be looked up."""
    try:
        return source.stat().st_mode
    # A path that has a character which no path has, such as NUL, is a ValueError.
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise ClipError(f"nothing at {source}") from error


def _facts(clips: Sequence[Clip], columns: SheetColumns) -> dict[str, str]:
    kinds = Counter(
        "optical-flow images" if clip.holds_flow else "videos" if clip.source.is_file() else "folders of images"
        for clip in clips
    )
    facts = {
        "databases": describe_counts(Counter(clip.database for clip in clips)) or "none",
        "subjects": str(len({clip.group for clip in clips})),
        "labels": describe_counts(Counter(clip.emotion for clip in clips)) or "none",
        "frames": describe_counts(kinds) or "none",
    }
    without_apex = sum(clip.apex is None and not clip.holds_flow for clip in clips)
    if without_apex:
        rule = "the input's recipe chooses one (no-apex=spotted or middle)"
        facts["apex"] = f"unknown for {without_apex} of {len(clips)} clips: {rule}"
    if columns.unread:
        facts["columns not read"] = f"{', '.join(columns.unread)}; known are {', '.join((*REQUIRED, *OPTIONAL))}"
    return facts


TABLE = Database(
    name="table",
    title=f"any clips, listed in a table file ({', '.join(SUFFIXES)}), one row per clip",
    access="make it of your own clips: columns subject, clip, frames, and others as far as known; the file is the root",
    examine=_examine,
)
