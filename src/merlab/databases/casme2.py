"""CASME II: 255 coded micro-expressions of 26 subjects at 200 frames per second.

Layout: a coding table (``CASME2-coding-20140508.xlsx`` or ``CASME2-coding-20190701.xlsx``) and the frames, one folder
per clip, ``Cropped/sub01/EP02_01f/reg_img46.jpg``, or another folder of the release. Onset, apex and offset in the
table are the numbers in the file names of the frames. Quirks of single clips are listed in ``casme2_facts``; the rules
that handle them are the same for every clip and every database (``coded``).

Citation: Yan et al., CASME II: An Improved Spontaneous Micro-Expression Database and the Baseline Evaluation, PLoS ONE
9(1), 2014.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from merlab.databases import casme2_facts as facts
from merlab.databases.coded.examine import examine_release
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
from merlab.databases.database import Examination
from merlab.progress import Progress


def _first_frame_is_not_1(clips: list[dict[int, str]]) -> bool:
    return any(min(names) > 1 for names in clips)


RELEASE = Release(
    name="casme2",
    title="CASME II",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*(coding|casme.?(2|ii).*(label|annotation)).*",
        looked_for=f"*coding* or *CASME2*label* {ANY_SUFFIX}, such as CASME2-coding-20140508.xlsx or "
        "CASME2-coding-20190701.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "OnsetFrame",
            "apex": "ApexFrame",
            "offset": "OffsetFrame",
            "emotion": "Estimated Emotion",
            "action units": "Action Units",
            "objective class": "Objective Classes",
        },
        subject=partial(numbered_subject, prefix="sub", digits=2),
        subject_example="01",
        clip_example="EP02_01f",
        usual_clip=r"EP\d\d_\d\df?",
        emotions=facts.EMOTIONS,
        clips_per_subject=facts.CLIPS_PER_SUBJECT,
        objective_classes=facts.OBJECTIVE_CLASSES,
        objective_files=r".*objective.*class.*",
    ),
    layout=LayoutFormat(
        subject_folder=r"sub\d\d",
        looked_for="sub01, sub02 and so on, as in Cropped: registered faces, onset to offset (reg_img46.jpg)",
        kinds=(
            FrameKind("Cropped: registered faces, onset to offset (reg_img46.jpg)", cropped_faces),
            FrameKind("CASME2_RAW_selected: whole heads, onset to offset (img46.jpg)", _first_frame_is_not_1),
            FrameKind("CASME2-RAW: whole heads, the whole clip from img1.jpg on", bool),
            FrameKind("CASME2_compressed: one video per clip, the whole clip from frame 1 on", any_frames),
        ),
    ),
    quirks=facts.QUIRKS,
)


def examine_tree(root: Path, *, name: str, deep: bool, progress: Progress, heads: bool = False) -> Examination:
    """Examine a folder with the layout of CASME II as ``examine_release`` does; its clips get the database ``name``."""
    return examine_release(RELEASE, root, database=name, deep=deep, progress=progress, heads=heads)


CASME2 = database_of(
    RELEASE,
    title="CASME II, 255 micro-expressions of 26 subjects, 200 frames per second",
    access="free for research after signing a license agreement with its authors at the Chinese Academy of Sciences",
)
