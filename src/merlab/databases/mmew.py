"""MMEW: 300 micro-expressions at 90 frames per second.

Layout: ``Micro_Expression/happiness/S03-01-002/1.jpg``, one folder per emotion, and ``MMEW_Micro_Exp.xlsx``. The name
of a clip is person, emotion and sample. The folder of the emotion others is called ``repression`` in some copies; the
table decides the emotion. Macro-expressions are single images and are not read.

Citation: Ben et al., Video-Based Facial Micro-Expression Analysis: A Survey of Datasets, Features and Algorithms, IEEE
Transactions on Pattern Analysis and Machine Intelligence 44(9), 2022.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from merlab.clips import Clip
from merlab.databases import mmew_facts as facts
from merlab.databases.coded.folders import source_name
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

ALIASES = {"repression": "others"}
_subject = partial(numbered_subject, prefix="S", digits=2, of_clip=r"-\d+-\d+")


def _subject_of(source: Path) -> str:
    return _subject(source_name(source)) or source_name(source)


def _emotion_of(source: Path) -> str:
    """The folder above the clip; the folder of others has two names."""
    return ALIASES.get(source.parent.name.lower(), source.parent.name.lower())


def _below(clip: Clip) -> Path:
    return Path(clip.source.parent.name, source_name(clip.source))


RELEASE = Release(
    name="mmew",
    title="MMEW",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*mmew.*(micro|cod|label).*",
        looked_for=f"*MMEW*Micro* {ANY_SUFFIX}, such as MMEW_Micro_Exp.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "OnsetFrame",
            "apex": "ApexFrame",
            "offset": "OffsetFrame",
            "action units": "Action Units",
            "emotion": "Estimated Emotion",
        },
        subject=_subject,
        subject_example="S03",
        clip_example="S03-01-002",
        usual_clip=r"S\d\d-\d\d-\d{3}",
        emotions=facts.EMOTIONS,
        aliases=ALIASES,
    ),
    layout=LayoutFormat(
        subject_folder="|".join((*facts.EMOTIONS["2021"], "repression")),
        looked_for="happiness, surprise and so on, each with one folder per clip such as S03-01-002",
        kinds=(
            FrameKind("Cropped: registered faces (happiness/S03-01-002/reg_1.jpg)", cropped_faces),
            FrameKind("MMEW: frames of faces (happiness/S03-01-002/1.jpg)", any_frames),
        ),
        subject_of=_subject_of,
        emotion_of=_emotion_of,
        below=_below,
    ),
    quirks=facts.QUIRKS,
    whole_heads=False,
)


MMEW = database_of(
    RELEASE,
    title="MMEW, 300 micro-expressions, 90 frames per second",
    access="free for research after signing a license agreement with its authors at Shandong University",
)
