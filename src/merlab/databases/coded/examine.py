"""Examine a copy of a release: compare its coding table with its folders, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from merlab.alignment_record import Preparation, preparation_fact, preparation_of
from merlab.clips import Clip, ClipTable, Finding
from merlab.databases.coded.clip import COPY_AGAIN, read_clip
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.labels_of_release import with_labels_of_release
from merlab.databases.coded.layout import Layout, by_preference, layouts_below
from merlab.databases.coded.long_videos import read_videos
from merlab.databases.coded.missing_folders import (
    missing_sources,
    no_layout,
    unknown_folders,
    unlistable_folders,
    unlisted_sources,
)
from merlab.databases.coded.objective_classes import with_objective_classes
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import Row, odd_name
from merlab.databases.coded.table_search import find_coding_table, read_chosen_table
from merlab.databases.database import Examination
from merlab.databases.frame_checks import check_frames, usable_of
from merlab.databases.long_video import LongVideos
from merlab.errors import MerlabError
from merlab.frames import ClipError
from merlab.given import require_folder
from merlab.progress import Progress
from merlab.stamps import SYNTHETIC


def examine_release(
    release: Release,
    root: Path,
    *,
    database: str,
    deep: bool,
    progress: Progress,
    heads: bool = False,
    table_file: Path | None = None,
) -> Examination:
    """Examine a folder that holds a release; ``database`` becomes the database of its clips.

    Reads the coding table (``table_file``, else the one below the folder) and lists the clip folders; ``deep`` also
    decodes every frame from onset to offset. With ``heads``, only frames that show whole heads are read; otherwise the
    preferred kind of frames. Clips of a synthetic tree get the stamp SYNTHETIC, and the tree is not compared with the
    published release. Raises MerlabError if there is no such folder, no coding table, or more than one coding table to
    choose from.
    """
    layouts = layouts_below(root, release)
    table = read_table(release, root, table_file, layouts)
    layouts = by_preference(root, layouts_to_read(layouts, root, heads=heads), table.listed)
    prepared = _preparation(layouts)
    if prepared:
        # Its frames are those of micro-expressions alone.
        table = replace(table, rows=tuple(row for row in table.rows if not row.is_macro))
    clips: list[Clip] = []
    if layouts:
        clips, findings = read_layout(table, layouts[0], database, progress)
        findings += _of_macro_expressions(table, layouts[0]) if release.long else ()
    else:
        findings = [no_layout(root, release)]
    findings += unlistable_folders(root, release)
    stamps = [SYNTHETIC] * table.synthetic + list(prepared.stamps if prepared else ())
    facts = {**table.facts, **layout_facts(layouts), **preparation_fact([prepared] * len(clips))}
    if layouts and release.long:
        facts["long videos"] = str(len(layouts[0].clips))
    all_findings = [*table.findings, *findings]
    gaps = release.frames_dropped
    examination = make_examination(clips, all_findings, facts, stamps=stamps, deep=deep, progress=progress, gaps=gaps)
    return replace(examination, tables=(table.path, *table.others))


def read_table(release: Release, root: Path, table_file: Path | None, layouts: Sequence[Layout] = ()) -> CodingTable:
    """The coding table of a copy, with its objective classes; raises MerlabError as ``examine_release`` does.

    Of several tables, those that list folders of ``layouts`` come first.
    """
    require_root(root)
    present = frozenset(key for layout in layouts for key in layout.sources)
    table = find_coding_table(root, release, present) if table_file is None else read_chosen_table(table_file, release)
    return with_labels_of_release(with_objective_classes(table, root, release), root, release)


def videos_of_release(release: Release, root: Path, table_file: Path | None) -> LongVideos:
    """All long videos below ``root``, with the movements of each; raises MerlabError if there are none."""
    layouts = layouts_below(root, release)
    table = read_table(release, root, table_file, layouts)
    layouts = by_preference(root, layouts, table.listed)
    if not layouts:
        raise MerlabError(
            f"{root} has no long videos of {release.title}: searched for folders {release.layout.looked_for}; "
            "unpack them next to the coding table, then give the folder that holds both"
        )
    if _preparation(layouts):
        raise MerlabError(
            f"{layouts[0].folder} holds aligned faces of `merlab prepare`, which are the frames of micro-expressions "
            "alone; give the folder of the long videos themselves"
        )
    videos, faults = read_videos(table, layouts[0])
    absent = [*missing_sources(table, layouts[0]), *repeated_sources(layouts[0])]
    unread = [*unknown_folders(table, layouts[0]), *unlistable_folders(root, release)]
    findings = (*table.findings, *absent, *unread, *faults)
    return LongVideos(tuple(videos), findings, (SYNTHETIC,) if table.synthetic else ())


def _preparation(layouts: Sequence[Layout]) -> Preparation | None:
    """How merlab aligned the faces of the layout that is read; None if it did not."""
    return preparation_of(layouts[0].folder) if layouts and layouts[0].kind.cropped else None


def _of_macro_expressions(table: CodingTable, layout: Layout) -> list[Finding]:
    """Findings about the frames of long videos, and about macro-expressions outside of them, which become no clips."""
    macro = tuple(row for row in table.rows if row.is_macro)
    return read_videos(replace(table, rows=macro), layout)[1]


def layouts_to_read(layouts: Sequence[Layout], root: Path, *, heads: bool) -> list[Layout]:
    """All layouts, or with ``heads`` those of whole heads; with ``heads``, raises MerlabError if all are cropped."""
    wanted = [layout for layout in layouts if not (heads and layout.kind.cropped)]
    if layouts and not wanted:
        raise MerlabError(
            f"{root} has no frames of whole heads, only registered faces ({layouts[0].folder}), which are already "
            "aligned; give the folder with the raw frames of the release"
        )
    return wanted


def require_root(root: Path) -> None:
    """Raises MerlabError if ``root`` is not a folder."""
    require_folder(root, "give the folder that holds the coding table and the frames")


def make_examination(
    clips: Sequence[Clip],
    findings: Sequence[Finding],
    facts: Mapping[str, str],
    *,
    stamps: Sequence[str] = (),
    deep: bool,
    progress: Progress,
    gaps: bool = False,
) -> Examination:
    """The result of an examination; with ``deep``, all frames are decoded and clips with damaged frames left out.

    With ``gaps``, folders may lack frames that were reported already.
    """
    damaged = check_frames(clips, progress, gaps=gaps) if deep else {}
    usable = usable_of(clips, damaged)
    all_facts = {**facts, "usable clips": str(len(usable))}
    return Examination(ClipTable(usable, tuple(dict.fromkeys(stamps))), (*findings, *damaged.values()), all_facts)


def layout_facts(layouts: Sequence[Layout]) -> dict[str, str]:
    """Facts for the report: which layout is read, and which layouts are not read."""
    if not layouts:
        return {"layout": "no frames found"}
    facts = {"layout": layouts[0].kind.title, "frames": ", ".join(map(str, layouts[0].folders))}
    if len(layouts) > 1:
        others = ", ".join(str(layout.folder) for layout in layouts[1:])
        order = ", ".join(kind.title.split(":")[0] for kind in layouts[0].release.layout.kinds)
        facts["not read"] = f"{others} (the order of preference is {order}; to choose a folder, give it as the root)"
    return facts


def read_layout(
    table: CodingTable, layout: Layout, database: str, progress: Progress
) -> tuple[list[Clip], list[Finding]]:
    """The usable clips of a layout in the order of the table, and all findings about rows and folders."""
    if table.synthetic:
        layout = replace(layout, release=replace(layout.release, quirks=()))
    release = layout.release
    findings = [*missing_sources(table, layout), *repeated_sources(layout)]
    findings += unknown_folders(table, layout) if release.long else unlisted_sources(table, layout)
    clips: list[Clip] = []
    rows = [row for row in table.rows if not row.is_macro]
    for done, row in enumerate(rows, start=1):
        source = layout.clips.get((row.subject, row.folder))
        findings += odd_name(row, release)
        if source is not None:
            findings += _other_emotion(row, source, release)
            clip, faults = _read_source(row, layout, database, source)
            clips += [] if clip is None else [replace(clip, aligned=_is_aligned(source, layout))]
            findings += faults
        progress(done, len(rows), f"{row.subject} {row.clip}")
    return clips, findings


def _read_source(row: Row, layout: Layout, database: str, source: Path) -> tuple[Clip | None, list[Finding]]:
    release = layout.release
    try:
        numbers = layout.frames_of(source).numbers
    except ClipError as error:
        return None, [Finding("unusable", row.where, "frames that can be listed", str(error), COPY_AGAIN)]
    try:
        return read_clip(row, release, database, source, numbers, row.quirks(release))
    except ClipError as error:
        remedy = "correct the row, or copy the table and the clip's folder again from the original"
        return None, [Finding("unusable", row.where, "a row that follows the rules of a clip", str(error), remedy)]


def _is_aligned(source: Path, layout: Layout) -> bool | None:
    """Whether the frames of a clip are registered faces by their names; None if their proportions decide."""
    registered = source.is_dir() and layout.frames_of(source).registered
    return True if registered else (False if layout.release.whole_heads else None)


def _other_emotion(row: Row, source: Path, release: Release) -> Iterator[Finding]:
    """A finding if the folder of a clip, or the folder above it, is named by another emotion than the table states."""
    stated = release.layout.emotion_of(source) if release.layout.emotion_of else row.emotion
    if stated != row.emotion:
        remedy = "the emotion of the table is used; compare both with the original"
        found = f"{stated}, by the folder {source.parent.name}/{source.name}"
        yield Finding("differs", row.where, f"{row.emotion or 'no emotion'}, as the table states", found, remedy)


def repeated_sources(layout: Layout) -> Iterator[Finding]:
    """Findings about clips with several folders or videos, so that it is not known which one is right."""
    for (subject, clip), paths in layout.repeated.items():
        found = " and ".join(str(path.relative_to(layout.folder)) for path in paths)
        remedy = "remove all but the right one, or rename those that are other clips"
        yield Finding("unusable", f"{subject} {clip}", "one folder or video per clip", found, remedy)
