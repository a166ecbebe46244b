"""CASME (the first): 189 coded micro-expressions of 18 subjects at 60 frames per second (its paper: 195 of 19).

Layout: ``sub01/EP01_12/`` with the frames of a clip, and a coding table with the columns Subject, Filename, OnsetF,
ApexF1, ApexF2, OffsetF, AU, Emotion. If one recording has several micro-expressions, several rows of a subject have the
same file name. These clips share a folder, and the onset is added to their names (``EP01_12@73``, ``EP01_12@163``).
Rows that disagree with the folders are listed in ``casme_facts``.

Citation: Yan et al., CASME database: A dataset of spontaneous micro-expressions collected from neutralized faces, IEEE
FG 2013.
"""

from __future__ import annotations

from functools import partial

from merlab.databases import casme_facts as facts
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

RELEASE = Release(
    name="casme",
    title="CASME",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*(casme|coding).*",
        looked_for=f"*CASME* or *coding* {ANY_SUFFIX}",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "OnsetF",
            "apex": "ApexF1",
            "offset": "OffsetF",
            "emotion": "Emotion",
            "second apex": "ApexF2",
            "action units": "AU",
        },
        subject=partial(numbered_subject, prefix="sub", digits=2),
        subject_example="1",
        clip_example="EP01_12",
        emotions=facts.EMOTIONS,
        names_repeat=True,
    ),
    layout=LayoutFormat(
        subject_folder=r"sub\d\d",
        looked_for="sub01, sub02 and so on, each with one folder per clip such as EP01_12",
        kinds=(
            FrameKind("Cropped: registered faces (sub01/EP01_12/reg_*.jpg)", cropped_faces),
            FrameKind("CASME: whole heads (sub01/EP01_12/*.jpg)", any_frames),
        ),
    ),
    quirks=facts.QUIRKS,
)


CASME = database_of(
    RELEASE,
    title="CASME (the first), 189 micro-expressions of 18 subjects, 60 frames per second",
    access="free for research after signing a license agreement with its authors at the Chinese Academy of Sciences",
)
