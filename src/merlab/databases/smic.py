"""SMIC: 164 micro-expressions of 16 subjects at 100 frames per second (HS); VIS and NIR: 71 of 8 subjects at 25.

The camera is recognized by the name of a folder (HS, VIS, NIR). Only one camera is read: HS if it is there; to read
another camera, give its folder as the root. There are two forms of the release:

* single clips, ``HS/s01/micro/negative/s01_ne_01/reg_image559740.bmp``: a folder contains a clip from onset to offset,
  and the name of its parent is the emotion, so no table is needed; if there is a ``SMIC-HS-E_annotation.xlsx``, it is
  compared with the folders;
* long videos, ``SMIC_HS_E/s01/s1_ne_01/image559740.jpg``: onset and offset come from the table's sheet of the camera.

Numbers in clip names are padded to two digits (``s1_ne_01`` becomes ``s01_ne_01``). SMIC has no apex and no action
units.

Citation: Li et al., A Spontaneous Micro-expression Database: Inducement, Collection and Baseline, IEEE FG 2013.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from merlab.alignment_record import preparation_fact, preparation_of
from merlab.clips import Clip, Finding
from merlab.databases.coded.coding_table import CodingTable, read_coding_table
from merlab.databases.coded.examine import (
    layout_facts,
    layouts_to_read,
    make_examination,
    read_layout,
    repeated_sources,
    require_root,
)
from merlab.databases.coded.layout import Layout, by_preference, layouts_below, misnamed_subjects
from merlab.databases.coded.long_videos import read_videos
from merlab.databases.coded.missing_folders import missing_sources, renames, unlistable_folders
from merlab.databases.coded.published_counts import KEEP_COUNTS, compare_subjects, describe_counts
from merlab.databases.coded.release import LayoutFormat
from merlab.databases.coded.table_only import table_alone
from merlab.databases.coded.table_search import read_chosen_table, table_paths, walk_folders
from merlab.databases.database import Database, Examination
from merlab.databases.long_video import LongVideos
from merlab.databases.smic_facts import CAMERAS, Camera
from merlab.databases.smic_release import LONG, LOOKED_FOR, SINGLE, camera_of, emotion_of, release_of
from merlab.databases.smic_single_clips import clips_elsewhere, unlistable_emotions, with_folders
from merlab.errors import MerlabError
from merlab.progress import Progress
from merlab.spelling import counted
from merlab.table_files.reading import SUFFIXES, TEXT_SUFFIXES, read_lines

# Seconds; a micro-expression of SMIC lasts at most half a second, and so does the middle one of all clips.
LONGEST_MIDDLE = 0.6


def _examine(
    root: Path, deep: bool, progress: Progress, *, heads: bool = False, table_file: Path | None = None
) -> Examination:
    require_root(root)
    layout, others = _choose_layout(root, heads=heads)
    name, reason = camera_of(layout.folders[0], root)
    camera = CAMERAS[name]
    table = _find_table(root, layout, camera, table_file)
    findings = [*table.findings, *unlistable_folders(root, layout.release)]
    if layout.release.layout is SINGLE:
        table, contradictions = with_folders(table, layout)
        findings += [*contradictions, *_compare_counts(layout, camera), *unlistable_emotions(layout)]
        findings += clips_elsewhere(layout)
    clips, faults = read_layout(table, layout, "smic", progress)
    doubt = _too_long(clips, camera, layout)
    findings += doubt
    facts = {
        "camera": f"{name}, {camera.fps:g} frames per second ({reason}{'; but ' + doubt[0].found if doubt else ''})",
        **table.facts,
        **layout_facts([layout]),
        "apex": "SMIC has no apex: the recipe of the input chooses one (no-apex=spotted or middle)",
    }
    if others:
        named = ", ".join(str(other.folder) for other in others)
        facts["not read"] = f"{named} (HS and single clips are preferred; to choose a folder, give it as the root)"
    prepared = preparation_of(layout.folder) if layout.kind.cropped else None
    facts.update(preparation_fact([prepared] * len(clips)))
    stamps = prepared.stamps if prepared else ()
    examination = make_examination(clips, [*findings, *faults], facts, stamps=stamps, deep=deep, progress=progress)
    return replace(examination, tables=(table.path,) if table.path.is_file() else ())


def _videos(root: Path, *, table_file: Path | None = None) -> LongVideos:
    """The long videos of one camera, with the further movements that some of them have."""
    require_root(root)
    found = _layouts(root, (LONG,))
    if not found:
        raise MerlabError(
            f"{root} has no long videos of SMIC: searched for folders such as SMIC_HS_E/s01/s1_ne_01; single clips "
            "have no frames before the onset and after the offset, so that nothing can be spotted in them"
        )
    (camera, _), (layout, _) = found[0], _first(root, found)
    table = _find_table(root, layout, camera, table_file)
    videos, faults = read_videos(table, layout)
    absent = missing_sources(table, layout)
    return LongVideos(tuple(videos), (*table.findings, *absent, *repeated_sources(layout), *faults))


def _examine_table(root: Path, *, table_file: Path | None = None) -> Examination:
    """The annotation table alone, of one camera; ``root`` is its folder or the file."""
    chosen = root if table_file is None and root.is_file() else table_file
    if chosen is None:
        require_root(root)
        paths = table_paths(root, release_of(CAMERAS["HS"], LONG))
        if len(paths) != 1:
            found = ", ".join(map(str, paths)) or "none"
            raise MerlabError(f"{root} has not one annotation table of SMIC but {found}; choose it with --table FILE")
        chosen = paths[0]
    camera = _camera_of_table(chosen)
    release = release_of(camera, LONG)
    examination = table_alone(read_chosen_table(chosen, release, camera.sheet), release)
    fact = {"camera": f"{camera.name}, {camera.fps:g} frames per second"}
    return replace(examination, facts={**fact, **examination.facts})


def _camera_of_table(path: Path) -> Camera:
    """The camera of a table: by its name for a text, or the first one with rows on its sheet; otherwise HS."""
    suffix = path.suffix.lower()
    cameras = [camera for camera in CAMERAS.values() if _may_have(path, camera)]
    if not cameras:
        raise MerlabError(f"{path}: no annotation table of the camera NIR is known; its clips need none")
    if suffix in SUFFIXES and suffix not in TEXT_SUFFIXES and path.is_file():
        filled = {sheet.name.strip().upper() for sheet in read_lines(path).sheets if sheet.filled}
        cameras = [camera for camera in cameras if camera.sheet in filled]
    return next(iter(cameras), CAMERAS["HS"])


def _cropped_folder(root: Path, clip: Clip) -> Path:
    """``HS/s01/micro/negative/s01_ne_01`` below a root; cropped clips always have the form of single clips."""
    other = camera_of(clip.source.parent, Path(clip.source.anchor))[0]
    return root / ("HS" if clip.fps == CAMERAS["HS"].fps else other) / clip.subject / "micro" / clip.emotion / clip.name


def _choose_layout(root: Path, *, heads: bool) -> tuple[Layout, list[Layout]]:
    """The layout to read, and the other layouts. HS is preferred to VIS, VIS to NIR, and single clips to long videos.

    With ``heads``, only layouts that show whole heads are considered.
    """
    found = _layouts(root, (SINGLE, LONG))
    to_read = layouts_to_read([layout for _, layout in found], root, heads=heads)
    found = [(camera, layout) for camera, layout in found if layout in to_read]
    if not found:
        hint = _renames(root) or "give the folder that holds them"
        raise MerlabError(f"{root} has no frames of SMIC: searched for folders {LOOKED_FOR}; {hint}")
    return _first(root, found)


def _layouts(root: Path, forms: Sequence[LayoutFormat]) -> list[tuple[Camera, Layout]]:
    """The layouts of these forms below ``root``, each with its camera; the preferred ones first."""
    return [
        (camera, layout)
        for camera in CAMERAS.values()
        for form in forms
        for layout in layouts_below(root, release_of(camera, form))
        if camera_of(layout.folder, root)[0] == camera.name
    ]


def _first(root: Path, found: Sequence[tuple[Camera, Layout]]) -> tuple[Layout, list[Layout]]:
    """The layout of the first camera and form, of all folders in which it lies, and the other layouts."""
    camera, layout = found[0]
    alike = [each for of, each in found if of is camera and each.release.layout is layout.release.layout]
    chosen, *others = by_preference(root, alike)
    return chosen, [*others, *(each for _, each in found if each not in alike)]


def _renames(root: Path) -> str | None:
    """The remedy for folders of subjects whose names are nearly right; None if there are none."""
    for form in (SINGLE, LONG):
        release = release_of(CAMERAS["HS"], form)
        for folder, _, _ in walk_folders(root, release):
            if misnamed := misnamed_subjects(folder, release):
                return f"in {folder}, {renames(misnamed)}"
    return None


def _find_table(root: Path, layout: Layout, camera: Camera, chosen: Path | None) -> CodingTable:
    """The annotation table, ``chosen`` or found; an empty table if there is none and the folders are sufficient."""
    if chosen is not None and camera.sheet is None:
        raise MerlabError(
            f"no annotation table of the camera {camera.name} is known; leave --table out, because its clips need none"
        )
    if chosen is not None:
        return read_chosen_table(chosen, layout.release, camera.sheet)
    paths = [path for path in table_paths(root, layout.release) if _may_have(path, camera)]
    if len(paths) > 1:
        named = ", ".join(map(str, paths))
        raise MerlabError(f"{root} has several annotation tables: {named}; choose one with --table FILE")
    if paths:
        try:
            return read_coding_table(paths[0], layout.release, camera.sheet)
        except MerlabError as error:
            if layout.release.layout is LONG:
                raise
            remedy = "the clips are read from their folders alone, which state onset, offset and emotion"
            unread = Finding("differs", paths[0].name, f"a table of the clips of {camera.name}", str(error), remedy)
            return _no_table(root, layout, [unread])
    if layout.release.layout is LONG:
        raise MerlabError(
            f"{layout.folder} holds long videos of SMIC, which need onset and offset from the annotation table "
            f"{layout.release.table.looked_for}, from the sheet of the camera; no table was found at, below or above "
            f"{root}; copy it there, or give it with --table FILE"
        )
    return _no_table(root, layout)


def _no_table(root: Path, layout: Layout, findings: Sequence[Finding] = ()) -> CodingTable:
    """An empty table that lists all folders."""
    facts = {"coding table": "none; it is not needed"}
    return CodingTable(root, "", (), tuple(findings), frozenset(layout.clips), facts)


def _may_have(path: Path, camera: Camera) -> bool:
    """Whether a table file may have the rows of a camera; a text has those of HS, unless its name has another one."""
    if camera.sheet is None:
        return False
    if path.suffix.lower() in TEXT_SUFFIXES:
        others = [name for name in ("VIS", "NIR") if name in path.stem.upper()]
        return camera.name == (others or ["HS"])[0]
    return True


def _too_long(clips: Sequence[Clip], camera: Camera, layout: Layout) -> list[Finding]:
    """A finding if the clips last longer than micro-expressions at the rate of the camera: it may be another camera."""
    frames = [clip.offset - clip.onset + 1 for clip in clips if clip.onset and clip.offset]
    seconds = median(frames) / camera.fps if frames else 0.0
    if seconds <= LONGEST_MIDDLE:
        return []
    expected = f"clips of {camera.name} that last up to half a second"
    found = f"the middle one of all clips lasts {seconds:.1f} s at {camera.fps:g} frames per second"
    remedy = "check which camera the frames are of, and put its name (HS, VIS or NIR) on the folder of the subjects"
    return [Finding("differs", str(layout.folder), expected, found, remedy)]


def _compare_counts(layout: Layout, camera: Camera) -> Iterator[Finding]:
    """Findings if the number of clips of an emotion or a subject differs from the published number."""
    emotions = Counter(emotion_of(source) for source in layout.clips.values())
    if camera.emotions is None and emotions.total() != camera.clips:
        expected, found = counted(camera.clips, "clip"), counted(emotions.total(), "clip")
        yield Finding("differs", camera.name, expected, found, KEEP_COUNTS)
    if camera.emotions is not None and emotions != camera.emotions:
        expected = f"clips {describe_counts(camera.emotions)}"
        yield Finding("differs", camera.name, expected, describe_counts(emotions), KEEP_COUNTS)
    yield from compare_subjects(
        camera.name, Counter(subject for subject, _ in layout.clips), camera.clips_per_subject, "clip"
    )


def _database(table: Path | None = None) -> Database:
    """The registry entry of SMIC; ``table`` is the file of its annotation table if it was chosen."""
    examine = partial(_examine, table_file=table)
    return Database(
        name="smic",
        title="SMIC, 164 micro-expressions of 16 subjects, 100 frames per second (VIS, NIR: 71 of 8 subjects, 25)",
        access="free for research after signing a license agreement with its authors at the University of Oulu",
        examine=examine,
        examine_heads=partial(examine, heads=True),
        cropped=_cropped_folder,
        with_table=_database,
        options=() if table is None else ("--table", str(table)),
        examine_table=partial(_examine_table, table_file=table),
        videos=partial(_videos, table_file=table),
    )


SMIC = _database()
