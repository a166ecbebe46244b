"""CAS(ME)^3, part A (860 micro- and 3346 macro-expressions) and part C (165 micro-expressions), 30 frames per second.

Layout of part A: ``part_A/spNO.1/a/color/175.jpg`` (``depth`` beside it is not read), with one of two tables of its
authors: ``CAS(ME)3_part_A_v2.xls`` (both kinds, column Expression type), or
``cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx`` (micro-expressions alone), which gives the emotions where the first has
none. Version 1 of the tables has wrong labels and is not read. One file name (``a``) has many movements, so that the
onset is added to the names of the clips. The camera dropped some frames.

Layout of part C: ``part_C/01/a/color/175.jpg``, with ``CAS(ME)3_part_C_ME.xlsx``, which has no apexes.

Citation: Li et al., CAS(ME)3: A Third Generation Facial Spontaneous Micro-Expression Database with Depth Information
and High Ecological Validity, IEEE Transactions on Pattern Analysis and Machine Intelligence 45(3), 2023.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.clips import Clip
from merlab.databases import casme3_facts as facts
from merlab.databases.coded.folders import clips_below, is_folder
from merlab.databases.coded.registry_entry import database_of
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

# The package Part_A_ME_clip.
SINGLE_CLIPS = (
    "these are single clips (Part_A_ME_clip), whose frames have the numbers of the long videos: move the images in "
    "frame/spNO.1_a_116 to part_A/spNO.1/a/color, and those of all others alike"
)
ACCESS = "free for research after signing a license agreement with its authors at the Chinese Academy of Sciences"


def _kinds(subject: str) -> tuple[FrameKind, ...]:
    """The layouts of a part, with one of its subjects as the example."""
    return (
        FrameKind(f"Cropped: registered faces ({subject}/a/color/reg_175.jpg)", cropped_faces),
        FrameKind(f"images of long videos ({subject}/a/color/175.jpg)", any_frames),
    )


def _color(video: Path) -> Path:
    """The folder of color frames of a video; a copy may have the frames in the folder of the video itself."""
    return video / "color" if is_folder(video / "color") else video


def _videos_of(subject: Path) -> Iterator[Path]:
    return (_color(path) for path in clips_below(subject))


def _letter(source: Path) -> str:
    """``a`` of ``spNO.1/a/color``."""
    return source.parent.name if source.name == "color" else source.name


def _video_name(subject: str, source: Path) -> str:
    return f"{subject}_{_letter(source)}"


def _below(clip: Clip) -> Path:
    return Path(clip.subject, _letter(clip.source), "color")


def _subject_a(text: str) -> str | None:
    """``spNO.1`` from 'spNO.1', 'spno1' or '1'."""
    match = re.fullmatch(r"(?:sp\s*no\.?\s*)?(\d{1,3})(?:\.0)?", text.strip(), re.IGNORECASE)
    return f"spNO.{int(match[1])}" if match else None


MICRO_OF_PART_A = Release(
    name="casme3",
    title="the micro-expressions of CAS(ME)^3, part A",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*(cas\(?me\)?\^?3|casme_?3).*part_?a_me_.*v2.*",
        looked_for=f"*CAS(ME)3*part_A_ME*v2* {ANY_SUFFIX}, such as cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "Onset",
            "apex": "Apex",
            "offset": "Offset",
            "action units": "AU",
            "emotion": "Emotion",
            "objective class": "Objective class",
            "kind": "Expression type",
        },
        subject=_subject_a,
        subject_example="spNO.1",
        clip_example="a",
        # Some rows have a capital letter, and their folders a small one.
        clip=str.lower,
        emotions=facts.EMOTIONS,
        kinds=facts.KINDS,
        aliases=facts.ALIASES,
        sheets=("AU+Emotion", "label"),
        names_repeat=True,
        optional=frozenset({"kind"}),
        unknown_frames=True,
    ),
    layout=LayoutFormat(
        subject_folder=r"spNO\.?\d{1,3}",
        looked_for="spNO.1, spNO.2 and so on, each with one folder per video such as a/color",
        kinds=_kinds("spNO.1"),
        clips_of=_videos_of,
        name_of=_letter,
        video_name=_video_name,
        below=_below,
        package=(r"spNO\.?\d{1,3}_[a-m]_\d+", SINGLE_CLIPS),
    ),
    quirks=facts.QUIRKS,
    long=True,
    frames_dropped=True,
    usual={"apex is onset": facts.APEX_IS_ONSET, "dropped frames": facts.DROPPED},
    whole_heads=False,
)

PART_A = replace(
    MICRO_OF_PART_A,
    title="CAS(ME)^3, part A",
    table=replace(
        MICRO_OF_PART_A.table,
        files=r".*(cas\(?me\)?\^?3|casme_?3).*part_?a(?!.*(wrong|_mae_)).*v2.*",
        looked_for=f"*CAS(ME)3*part_A*v2* {ANY_SUFFIX}, such as CAS(ME)3_part_A_v2.xls",
        optional=frozenset({"kind", "emotion"}),
    ),
    labels_of=MICRO_OF_PART_A,
)

PART_C = Release(
    name="casme3-c",
    title="CAS(ME)^3, part C",
    fps=facts.FPS,
    table=TableFormat(
        # CAS(ME)3_part_C.xls beside it has macro-expressions too.
        files=r".*(cas\(?me\)?\^?3|casme_?3).*part_?c_?me.*",
        looked_for=f"*CAS(ME)3*part_C_ME* {ANY_SUFFIX}, such as CAS(ME)3_part_C_ME.xlsx",
        columns={
            "subject": "sub",
            "clip": "count",
            "onset": "onset",
            "offset": "offset",
            "action units": "au",
            "emotion": "emotion",
        },
        subject=partial(numbered_subject, prefix="", digits=2),
        subject_example="1",
        clip_example="1",
        emotions=facts.EMOTIONS_C,
        names_repeat=True,
        folder=lambda clip: "a",
    ),
    layout=LayoutFormat(
        subject_folder=r"\d\d?",
        looked_for="01, 02 and so on, each with the folder a/color",
        kinds=_kinds("01"),
        clips_of=_videos_of,
        name_of=_letter,
        video_name=_video_name,
        below=_below,
    ),
    apex="unannotated",
    long=True,
    frames_dropped=True,
    usual={"dropped frames": facts.DROPPED},
    whole_heads=False,
)


CASME3 = database_of(
    PART_A,
    title="CAS(ME)^3, part A: 860 micro- and 3346 macro-expressions in long videos, 30 frames per second",
    access=ACCESS,
)
CASME3_C = database_of(
    PART_C,
    title="CAS(ME)^3, part C: 165 micro-expressions of 30 subjects in long videos, 30 frames per second",
    access=ACCESS,
)
