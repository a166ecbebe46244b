"""SMIC: 164 micro-expressions of 16 subjects at 100 frames a second (HS); VIS and NIR hold 71 of 8 at 25.

The cameras are told by a folder's name (HS, VIS, NIR). One is read at a time: HS where it is there; to read another,
give its folder as the root. Two forms of the release are known:

* single clips, ``HS/s01/micro/negative/s01_ne_01/reg_image559740.bmp``: a folder is a clip from onset to offset, its
  parent the emotion, so that no table is needed; ``SMIC-HS-E_annotation.xlsx`` is compared where it is there;
* long videos, ``SMIC_HS_E/s01/s1_ne_01/image559740.jpg``: onset and offset come from the table's sheet of the camera.

Clip names are padded alike (``s1_ne_01`` is ``s01_ne_01``). SMIC has no apex and no action units.

Citation: Li et al., A Spontaneous Micro-expression Database: Inducement, Collection and Baseline, IEEE FG 2013.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.clips import Clip, Finding
from merlab.databases.coded.clip import COPY_AGAIN
from merlab.databases.coded.examine import conclude, layout_facts, layouts_to_read, read_layout, require_folder
from merlab.databases.coded.layout import Layout, by_preference, layouts_below
from merlab.databases.coded.published_counts import KEEP_COUNTS, describe_counts, wrong_subjects
from merlab.databases.coded.release import Kind, LayoutFormat, Release, TableFormat, any_frames, cropped_faces
from merlab.databases.coded.table import CodingTable, Row, read_coding_table, table_paths
from merlab.databases.database import Database, Examination
from merlab.databases.smic_facts import CAMERAS, QUIRKS, Camera
from merlab.errors import MerlabError
from merlab.frames import ClipError, describe_numbers, open_frames
from merlab.progress import Progress

EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
CLIP = re.compile(r"s(\d{1,2})_(ne|po|sur)_(\d{1,2})", re.IGNORECASE)
LOOKED_FOR = "s01, s02 and so on, as in HS/s01/micro/negative/s01_ne_01 or SMIC_HS_E/s01/s1_ne_01"


def parse_subject(text: str) -> str | None:
    """``s01`` for '1', '1.0', 's1' or 's01'; None for anything else."""
    match = re.fullmatch(r"s?\s*(\d{1,2})(?:\.0)?", text.strip(), re.IGNORECASE)
    return f"s{int(match.group(1)):02d}" if match else None


def padded(name: str) -> str:
    """``s01_ne_01`` for 's1_ne_01' and 's01_ne_01'; any other name as it is."""
    match = CLIP.fullmatch(name.strip())
    return f"s{int(match[1]):02d}_{match[2].lower()}_{int(match[3]):02d}" if match else name


def _single_clips(subject: Path) -> Iterator[Path]:
    for emotion in EMOTIONS.values():
        for path in sorted(subject.glob(f"micro/{emotion}/*")):
            if path.is_dir():
                yield path


def _long_videos(subject: Path) -> Iterator[Path]:
    return (path for path in sorted(subject.iterdir()) if path.is_dir() and CLIP.fullmatch(path.name))


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
    """SMIC as one of its cameras saw it, in one of its forms."""
    uncoded = Counter(quirk.clip.split()[0] for quirk in QUIRKS if quirk.kind == "no row")
    table = TableFormat(
        files=r".*smic.*annotation.*\.xlsx?",
        looked_for="*SMIC*annotation*.xlsx, such as SMIC-HS-E_annotation.xlsx",
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
        emotions={camera.name: camera.coded_emotions},
        clips_per_subject={subject: clips - uncoded[subject] for subject, clips in camera.clips_per_subject.items()},
        aliases=EMOTIONS,
        clip=padded,
    )
    return Release("smic", "SMIC", camera.fps, table, layout, QUIRKS, apex="unannotated")


def camera_of(folder: Path, root: Path) -> tuple[str, str]:
    """The camera of a folder of subjects, told by the nearest name from it up to ``root``, and what told it."""
    for path in (folder.resolve(), *folder.resolve().parents):
        match = re.search(r"(?<![a-z])(HS|VIS|NIR)(?![a-z])", path.name, re.IGNORECASE)
        if match:
            return match.group(1).upper(), f"by the folder {path.name}"
        if path == root.resolve():
            break
    return "HS", "taken for granted: no folder is named HS, VIS or NIR"


def _examine(root: Path, deep: bool, progress: Progress, *, heads: bool = False) -> Examination:
    require_folder(root)
    layout, others = _choose_layout(root, heads=heads)
    name, reason = camera_of(layout.folder, root)
    camera = CAMERAS[name]
    table = _find_table(root, layout, camera)
    findings = list(table.findings)
    if layout.release.layout is SINGLE:
        table, contradictions = _by_folders(table, layout)
        findings += [*contradictions, *_against_published(layout, camera)]
    clips, faults = read_layout(table, layout, "smic", deep, progress)
    facts = {
        "camera": f"{name}, {camera.fps:g} frames a second ({reason})",
        **table.facts,
        **layout_facts([layout]),
        "apex": "SMIC has none: the input's recipe chooses (no-apex=spotted or middle)",
    }
    if others:
        named = ", ".join(str(other.folder) for other in others)
        facts["not read"] = f"{named} (HS comes first, then single clips; give a folder as the root to choose it)"
    examination = conclude(clips, [*findings, *faults], facts, deep=deep, progress=progress)
    return replace(examination, tables=(table.path,) if table.path.is_file() else ())


def _cropped_folder(root: Path, clip: Clip) -> Path:
    """``HS/s01/micro/negative/s01_ne_01`` below a root: every form becomes that of single clips."""
    other = camera_of(clip.source.parent, Path(clip.source.anchor))[0]
    return root / ("HS" if clip.fps == CAMERAS["HS"].fps else other) / clip.subject / "micro" / clip.emotion / clip.name


def _choose_layout(root: Path, *, heads: bool) -> tuple[Layout, list[Layout]]:
    """The layout to read, and the others that are there: HS before VIS before NIR, single clips before long videos.

    ``heads``: of those that show whole heads alone.
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
        raise MerlabError(
            f"{root} holds no frames of SMIC: looked for folders {LOOKED_FOR}; give the folder that holds them"
        )
    first = min((camera.name for camera, _ in found), key=list(CAMERAS).index)
    form = next(layout.release.layout for camera, layout in found if camera.name == first)
    alike = [layout for camera, layout in found if camera.name == first and layout.release.layout is form]
    chosen = by_preference(root, alike)[0]
    return chosen, [layout for _, layout in found if layout is not chosen]


def _find_table(root: Path, layout: Layout, camera: Camera) -> CodingTable:
    """The annotation table; an empty one where there is none and the folders say all that is needed."""
    paths = table_paths(root, layout.release) if camera.sheet else []
    if len(paths) > 1:
        named = ", ".join(map(str, paths))
        raise MerlabError(f"{root} holds several annotation tables: {named}; leave only the one that merlab is to read")
    if paths:
        return read_coding_table(paths[0], layout.release, camera.sheet)
    if layout.release.layout is LONG:
        raise MerlabError(
            f"{layout.folder} holds long videos of SMIC, whose onset and offset stand in the annotation table "
            f"{layout.release.table.looked_for}, in the sheet of the camera; none was found at, below or above {root}"
        )
    return CodingTable(root, "", (), (), frozenset(layout.clips), {"coding table": "none, and none is needed"})


def _by_folders(table: CodingTable, layout: Layout) -> tuple[CodingTable, list[Finding]]:
    """The table with what the folders of single clips say, and the findings where they contradict each other.

    A folder holds its clip from onset to offset, and its parent names the emotion; rows without a folder stay.
    """
    by_clip = {(row.subject, row.folder): row for row in table.rows}
    findings: list[Finding] = []
    for (subject, name), source in layout.clips.items():
        row = by_clip.pop((subject, name), None)
        numbers, fault = _numbers(source)
        where = f"{subject} {name}"
        if not CLIP.fullmatch(name):
            remedy = "give it the name of its clip, or move it elsewhere if it is none"
            findings.append(Finding("unusable", where, "a clip's name such as s01_ne_01", source.name, remedy))
        elif fault:
            findings.append(Finding("unusable", where, "frames that can be listed", fault, COPY_AGAIN))
        else:
            line, emotion = (row.number if row else 0), source.parent.name
            told = Row(line, subject, name, name, numbers[0], None, numbers[-1], "", emotion)
            findings += [*_displaced(told, source), *(_contradictions(row, told, numbers) if row else ())]
            by_clip[subject, name] = told
    return replace(table, rows=tuple(by_clip[key] for key in sorted(by_clip))), findings


def _numbers(source: Path) -> tuple[Sequence[int], str]:
    """The frame numbers in a folder, and what forbids to use them."""
    try:
        numbers = open_frames(source).numbers
    except ClipError as error:
        return (), str(error)
    return numbers, "" if numbers else f"{source} holds no frames"


def _displaced(told: Row, source: Path) -> Iterator[Finding]:
    """A folder whose name tells another subject or emotion than the folders above it."""
    match = CLIP.fullmatch(source.name)
    if match and (parse_subject(match[1]), EMOTIONS[match[2].lower()]) != (told.subject, told.emotion):
        expected = f"a clip of {told.subject}, {told.emotion}, as the folders above say"
        remedy = "the folders above are believed; move the clip to where its name belongs, or rename it"
        yield Finding("differs", told.where, expected, source.name, remedy)


def _contradictions(row: Row, told: Row, numbers: Sequence[int]) -> Iterator[Finding]:
    if row.emotion != told.emotion:
        remedy = "the folder is believed; correct the row, or move the folder"
        yield Finding(
            "differs", row.where, f"{told.emotion}, as the folder says", f"{row.emotion} in the table", remedy
        )
    if (row.onset, row.offset) != (told.onset, told.offset):
        expected = f"frames {row.onset} to {row.offset}, as the table says"
        remedy = "the folder's own frames are used; frames may be missing at its ends: compare with the original"
        yield Finding("differs", row.where, expected, describe_numbers(numbers), remedy)


def _against_published(layout: Layout, camera: Camera) -> Iterator[Finding]:
    """Findings where the clips of an emotion or a subject are not as many as published."""
    emotions = Counter(source.parent.name for source in layout.clips.values())
    if emotions != camera.emotions:
        expected = f"clips {describe_counts(camera.emotions)}"
        yield Finding("differs", camera.name, expected, describe_counts(emotions), KEEP_COUNTS)
    yield from wrong_subjects(
        camera.name, Counter(subject for subject, _ in layout.clips), camera.clips_per_subject, "clips"
    )


SMIC = Database(
    name="smic",
    title="SMIC, 164 micro-expressions of 16 subjects, 100 frames a second (VIS, NIR: 71 of 8, 25)",
    access="free for research after signing a license agreement with its authors at the University of Oulu",
    examine=_examine,
    examine_heads=partial(_examine, heads=True),
    cropped=_cropped_folder,
)
