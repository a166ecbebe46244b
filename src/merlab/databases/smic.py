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

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from merlab.clips import Clip, Finding
from merlab.databases.coded.clip import COPY_AGAIN
from merlab.databases.coded.coding_table import CodingTable, Row, read_coding_table
from merlab.databases.coded.examine import (
    layout_facts,
    layouts_to_read,
    make_examination,
    read_layout,
    renames,
    require_folder,
)
from merlab.databases.coded.layout import Layout, by_preference, layouts_below, misnamed_subjects
from merlab.databases.coded.published_counts import KEEP_COUNTS, compare_subjects, describe_counts
from merlab.databases.coded.release import (
    ANY_SUFFIX,
    Kind,
    LayoutFormat,
    Release,
    TableFormat,
    any_frames,
    cropped_faces,
    entries,
)
from merlab.databases.coded.table_search import read_chosen_table, table_paths, walk_folders
from merlab.databases.database import Database, Examination
from merlab.databases.preparation_record import preparation_fact, preparation_of
from merlab.databases.smic_facts import CAMERAS, QUIRKS, Camera
from merlab.databases.table_file import TEXT_SUFFIXES
from merlab.errors import MerlabError
from merlab.frames import ClipError, describe_numbers, open_frames
from merlab.progress import Progress

EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
CAMERA = re.compile(r"(?<![a-z])(?:HS|VIS|NIR)(?![a-z])", re.IGNORECASE)
# Seconds; a micro-expression of SMIC lasts at most half a second, and so does the middle one of all clips.
LONGEST_MIDDLE = 0.6
CLIP = re.compile(r"s(\d{1,2})_(ne|po|sur)_(\d{1,2})", re.IGNORECASE)
LOOKED_FOR = "s01, s02 and so on, as in HS/s01/micro/negative/s01_ne_01 or SMIC_HS_E/s01/s1_ne_01"


def parse_subject(text: str) -> str | None:
    """``s01`` from '1', '1.0', 's1' or 's01'; None from any other text."""
    match = re.fullmatch(r"s?\s*(\d{1,2})(?:\.0)?", text.strip(), re.IGNORECASE)
    return f"s{int(match.group(1)):02d}" if match else None


def padded(name: str) -> str:
    """``s01_ne_01`` from 's1_ne_01' or 's01_ne_01'; any other name is not changed."""
    match = CLIP.fullmatch(name.strip())
    return f"s{int(match[1]):02d}_{match[2].lower()}_{int(match[3]):02d}" if match else name


def _single_clips(subject: Path) -> Iterator[Path]:
    """The folders of clips, by emotion; upper and lower case of its folder's name are equal."""
    for emotion in EMOTIONS.values():
        for path in sorted(subject.glob("micro/*/*")):
            if path.is_dir() and _emotion_of(path) == emotion:
                yield path


def _emotion_of(source: Path) -> str:
    """The emotion of a single clip: the name of the folder that holds the clip's folder."""
    return source.parent.name.lower()


def _long_videos(subject: Path) -> Iterator[Path]:
    return (path for path in entries(subject) if path.is_dir() and CLIP.fullmatch(path.name))


SINGLE = LayoutFormat(
    subject_folder=r"s\d{1,2}",
    looked_for=LOOKED_FOR,
    kinds=(
        Kind("single clips, registered faces (s01/micro/negative/s01_ne_01/reg_image559740.bmp)", cropped_faces),
        Kind("single clips, whole heads (s01/micro/negative/s01_ne_01/image559740.bmp)", any_frames),
    ),
    clips_of=_single_clips,
)
LONG = replace(SINGLE, kinds=(Kind("long videos (s01/s1_ne_01/image559740.jpg)", any_frames),), clips_of=_long_videos)


def release_of(camera: Camera, layout: LayoutFormat) -> Release:
    """The release of SMIC of one camera and one form."""
    uncoded = Counter(quirk.clip.split()[0] for quirk in QUIRKS if quirk.kind == "no row")
    table = TableFormat(
        files=r".*smic.*(annotation|label|coding).*",
        looked_for=f"*SMIC*annotation* {ANY_SUFFIX}, such as SMIC-HS-E_annotation.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "OnsetF",
            "offset": "OffsetF",
            "emotion": "Emotion",
            "second onset": "Onset2F",
        },
        subject=parse_subject,
        subject_example="1",
        clip_example="s01_ne_01",
        emotions={camera.name: camera.coded_emotions or {}},
        clips_per_subject={subject: clips - uncoded[subject] for subject, clips in camera.clips_per_subject.items()},
        aliases=EMOTIONS,
        clip=padded,
    )
    return Release("smic", "SMIC", camera.fps, table, layout, QUIRKS, apex="unannotated")


def camera_of(folder: Path, root: Path) -> tuple[str, str]:
    """The camera of a folder of subjects, from the closest folder name up to ``root``, and how it was determined.

    A name with several cameras does not decide. The names that the user sees come first, then those behind symbolic
    links.
    """
    for base, top in ((folder.absolute(), root.absolute()), (folder.resolve(), root.resolve())):
        for path in (base, *base.parents):
            named = {each.upper() for each in CAMERA.findall(path.name)}
            if len(named) == 1:
                return named.pop(), f"by the folder {path.name}"
            if path == top:
                break
    return "HS", "assumed: no folder is named HS, VIS or NIR alone"


def _examine(
    root: Path, deep: bool, progress: Progress, *, heads: bool = False, table_file: Path | None = None
) -> Examination:
    require_folder(root)
    layout, others = _choose_layout(root, heads=heads)
    name, reason = camera_of(layout.folder, root)
    camera = CAMERAS[name]
    table = _find_table(root, layout, camera, table_file)
    findings = list(table.findings)
    if layout.release.layout is SINGLE:
        table, contradictions = _with_folders(table, layout)
        findings += [*contradictions, *_compare_counts(layout, camera)]
    clips, faults = read_layout(table, layout, "smic", deep, progress)
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


def _cropped_folder(root: Path, clip: Clip) -> Path:
    """``HS/s01/micro/negative/s01_ne_01`` below a root; cropped clips always have the form of single clips."""
    other = camera_of(clip.source.parent, Path(clip.source.anchor))[0]
    return root / ("HS" if clip.fps == CAMERAS["HS"].fps else other) / clip.subject / "micro" / clip.emotion / clip.name


def _choose_layout(root: Path, *, heads: bool) -> tuple[Layout, list[Layout]]:
    """The layout to read, and the other layouts. HS is preferred to VIS, VIS to NIR, and single clips to long videos.

    With ``heads``, only layouts that show whole heads are considered.
    """
    found = [
        (camera, layout)
        for form in (SINGLE, LONG)
        for camera in CAMERAS.values()
        for layout in layouts_below(root, release_of(camera, form))
        if camera_of(layout.folder, root)[0] == camera.name
    ]
    to_read = layouts_to_read([layout for _, layout in found], root, heads=heads)
    found = [(camera, layout) for camera, layout in found if layout in to_read]
    if not found:
        hint = _renames(root) or "give the folder that holds them"
        raise MerlabError(f"{root} has no frames of SMIC: searched for folders {LOOKED_FOR}; {hint}")
    first = min((camera.name for camera, _ in found), key=list(CAMERAS).index)
    form = next(layout.release.layout for camera, layout in found if camera.name == first)
    alike = [layout for camera, layout in found if camera.name == first and layout.release.layout is form]
    chosen = by_preference(root, alike)[0]
    return chosen, [layout for _, layout in found if layout is not chosen]


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


def _with_folders(table: CodingTable, layout: Layout) -> tuple[CodingTable, list[Finding]]:
    """The table with its rows replaced by the folders of single clips, and findings about their differences.

    A folder contains its clip from onset to offset, and the name of its parent is the emotion. Rows without a folder
    are kept.
    """
    by_clip = {(row.subject, row.folder): row for row in table.rows}
    findings: list[Finding] = []
    for (subject, name), source in layout.clips.items():
        row = by_clip.pop((subject, name), None)
        numbers, fault = _numbers(source)
        where = f"{subject} {name}"
        if not CLIP.fullmatch(name):
            remedy = "rename it to the name of its clip, or move it elsewhere if it is not a clip"
            findings.append(Finding("unusable", where, "a clip name such as s01_ne_01", source.name, remedy))
        elif numbers and numbers[0] == 0:
            expected, remedy = "frame numbers from 1 on", "restore the original numbers of the frames, or add 1 to each"
            findings.append(Finding("unusable", where, expected, describe_numbers(numbers), remedy))
        elif fault:
            findings.append(Finding("unusable", where, "frames that can be listed", fault, COPY_AGAIN))
        else:
            line, emotion = (row.number if row else 0), _emotion_of(source)
            note = _other_range(row, numbers) if row else ""
            from_folder = Row(line, subject, name, name, numbers[0], None, numbers[-1], "", emotion, note=note)
            findings += _misplaced(from_folder, source)
            findings += _contradictions(row, from_folder, numbers) if row else ()
            by_clip[subject, name] = from_folder
    return replace(table, rows=tuple(by_clip[key] for key in sorted(by_clip))), findings


def _numbers(source: Path) -> tuple[Sequence[int], str]:
    """The frame numbers in a folder, and the fault if the folder cannot be used."""
    try:
        numbers = open_frames(source).numbers
    except ClipError as error:
        return (), str(error)
    return numbers, "" if numbers else f"{source} has no frames"


def _misplaced(from_folder: Row, source: Path) -> Iterator[Finding]:
    """A finding if the name of a clip's folder states another subject or emotion than the folders above it."""
    match = CLIP.fullmatch(source.name)
    if match and (parse_subject(match[1]), EMOTIONS[match[2].lower()]) != (from_folder.subject, from_folder.emotion):
        expected = f"a clip of {from_folder.subject}, {from_folder.emotion}, as the folders above state"
        remedy = "the folders above are used; move the clip to the folders of its name, or rename it"
        yield Finding("differs", from_folder.where, expected, source.name, remedy)


def _other_range(row: Row, numbers: Sequence[int]) -> str:
    """What is changed for a clip whose folder has other frames than the table states; empty if nothing is."""
    if (row.onset, row.offset) == (numbers[0], numbers[-1]):
        return ""
    stated = f"the table states frames {row.onset} to {row.offset}"
    return f"{stated}: {numbers[0]} to {numbers[-1]} are used, as in the folder"


def _contradictions(row: Row, from_folder: Row, numbers: Sequence[int]) -> Iterator[Finding]:
    if row.emotion != from_folder.emotion:
        expected = f"{from_folder.emotion}, as the folder states"
        remedy = "the emotion of the folder is used; correct the row, or move the folder"
        yield Finding("differs", row.where, expected, f"{row.emotion} in the table", remedy)
    if (row.onset, row.offset) != (from_folder.onset, from_folder.offset):
        expected = f"frames {row.onset} to {row.offset}, as the table states"
        remedy = "the frames in the folder are used; frames may be missing at its ends: compare with the original"
        yield Finding("differs", row.where, expected, describe_numbers(numbers), remedy)


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
    emotions = Counter(_emotion_of(source) for source in layout.clips.values())
    if camera.emotions is None and emotions.total() != camera.clips:
        yield Finding("differs", camera.name, f"{camera.clips} clips", f"{emotions.total()} clips", KEEP_COUNTS)
    if camera.emotions is not None and emotions != camera.emotions:
        expected = f"clips {describe_counts(camera.emotions)}"
        yield Finding("differs", camera.name, expected, describe_counts(emotions), KEEP_COUNTS)
    yield from compare_subjects(
        camera.name, Counter(subject for subject, _ in layout.clips), camera.clips_per_subject, "clips"
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
    )


SMIC = _database()
