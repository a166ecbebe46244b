"""SMIC as it is distributed: its names, its two forms, and how the camera of a folder is recognized."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.databases.coded.folders import entries, source_name
from merlab.databases.coded.release import (
    ANY_SUFFIX,
    FrameKind,
    LayoutFormat,
    Release,
    TableFormat,
    any_frames,
    cropped_faces,
    numbered_subject,
)
from merlab.databases.smic_facts import QUIRKS, Camera

EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
CAMERA = re.compile(r"(?<![a-z])(?:HS|VIS|NIR)(?![a-z])", re.IGNORECASE)
CLIP = re.compile(r"s(\d{1,2})_(ne|po|sur)_(\d{1,2})", re.IGNORECASE)
LOOKED_FOR = "s01, s02 and so on, as in HS/s01/micro/negative/s01_ne_01 or SMIC_HS_E/s01/s1_ne_01"
# ``s01`` from 1, 1.0, s1 or s01.
parse_subject = partial(numbered_subject, prefix="s", digits=2)


def padded(name: str) -> str:
    """``s01_ne_01`` from 's1_ne_01' or 's01_ne_01'; any other name is not changed."""
    match = CLIP.fullmatch(name.strip())
    return f"s{int(match[1]):02d}_{match[2].lower()}_{int(match[3]):02d}" if match else name


def _single_clips(subject: Path) -> Iterator[Path]:
    """The folders of clips, by emotion; upper and lower case of the folders above are equal."""
    clips = [
        path
        for micro in entries(subject)
        if micro.name.lower() == "micro"
        for emotion in entries(micro)
        for path in entries(emotion)
        if path.is_dir()
    ]
    yield from (path for emotion in EMOTIONS.values() for path in clips if emotion_of(path) == emotion)


def emotion_of(source: Path) -> str:
    """The emotion of a single clip: the name of the folder that holds the clip's folder."""
    return source.parent.name.lower()


def _long_videos(subject: Path) -> Iterator[Path]:
    return (path for path in entries(subject) if path.is_dir() and CLIP.fullmatch(path.name))


SINGLE = LayoutFormat(
    subject_folder=r"s\d{1,2}",
    looked_for=LOOKED_FOR,
    kinds=(
        FrameKind("single clips, registered faces (s01/micro/negative/s01_ne_01/reg_image559740.bmp)", cropped_faces),
        FrameKind("single clips, whole heads (s01/micro/negative/s01_ne_01/image559740.bmp)", any_frames),
    ),
    clips_of=_single_clips,
)


def _emotion_in_name(source: Path) -> str:
    match = CLIP.fullmatch(source_name(source))
    return EMOTIONS[match[2].lower()] if match else ""


LONG = replace(
    SINGLE,
    kinds=(FrameKind("long videos (s01/s1_ne_01/image559740.jpg)", any_frames),),
    clips_of=_long_videos,
    emotion_of=_emotion_in_name,
)


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
            "second offset": "Offset2F",
            "third onset": "Onset3F",
            "third offset": "Offset3F",
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
