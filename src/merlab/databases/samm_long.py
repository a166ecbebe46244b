"""SAMM Long Videos: 343 macro- and 159 micro-movements in 147 videos of 30 subjects, 200 frames per second, gray.

Layout: ``SAMM_longvideos/006_1/006_1_0001.jpg``, one folder per video, and ``SAMM_LongVideos_V2_Release.xlsx`` with its
column names on line 10 of the sheet FACS_Movement_Only. The file name of a row (``006_1_2``) is that of a movement;
without its last number it is the video. Many frame numbers are fractions (566.4), and 0 or -1 is an unknown frame. The
table has no emotions: those of SAMM's own table of the same movements are read where it lies beside it.

Citation: Yap, Kendrick and Yap, SAMM Long Videos: A Spontaneous Facial Micro- and Macro-Expressions Dataset, IEEE FG
2020.
"""

from __future__ import annotations

import re
from functools import partial

from merlab.databases import samm_long_facts as facts
from merlab.databases.coded.folders import folder_itself
from merlab.databases.coded.registry_entry import database_of
from merlab.databases.coded.release import (
    ANY_SUFFIX,
    FrameKind,
    LayoutFormat,
    Release,
    TableFormat,
    any_frames,
    cropped_faces,
    name_alone,
    numbered_subject,
)
from merlab.databases.samm import RELEASE as SAMM

VIDEO = re.compile(r"(\d{3}_\d{1,2})_\d{1,3}")


def _video(clip: str) -> str:
    """``006_1`` of the movement ``006_1_2``."""
    return VIDEO.sub(r"\1", clip)


RELEASE = Release(
    name="samm-long",
    title="SAMM Long Videos",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*samm.*(long|lv).*",
        looked_for=f"*SAMM*Long* or *SAMMLV* {ANY_SUFFIX}, such as SAMM_LongVideos_V2_Release.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "Onset",
            "apex": "Apex",
            "offset": "Offset",
            "kind": "Type",
            "action units": "Action Units",
        },
        subject=partial(numbered_subject, prefix="", digits=3, of_clip=r"_\d{1,2}"),
        subject_example="006",
        clip_example="006_1_2",
        emotions={},
        rows=facts.ROWS,
        kinds=facts.KINDS,
        videos=facts.VIDEOS,
        sheets=("FACS_Movement_Only",),
        names_repeat=True,
        folder=_video,
        unknown_frames=True,
    ),
    layout=LayoutFormat(
        subject_folder=r"\d{3}_\d{1,2}",
        looked_for="006_1, 006_2 and so on, each with the frames of one long video",
        kinds=(
            FrameKind("Cropped: registered faces (006_1/reg_006_1_0001.jpg)", cropped_faces),
            FrameKind("images of long videos (006_1/006_1_0001.jpg)", any_frames),
        ),
        clips_of=folder_itself,
        below=name_alone,
    ),
    long=True,
    whole_heads=False,
    labels_of=SAMM,
)


SAMM_LONG = database_of(
    RELEASE,
    title="SAMM Long Videos, 343 macro- and 159 micro-movements in 147 videos of 30 subjects, 200 frames per second",
    access="free for research after signing a license agreement with its authors at Manchester Metropolitan University",
)
