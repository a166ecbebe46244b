"""CAS(ME)^2: 300 macro- and 57 micro-expressions of 22 subjects in long videos at 30 frames per second.

Layout: ``rawpic/s15/15_0101disgustingteeth/img1.jpg``, and ``CAS(ME)^2code_final.xlsx`` without a line of column names:
subject 1 to 22, stimulus (``anger1_1``), onset, apex, offset, action units, emotion, kind, self-report. Its sheets
``naming rule1`` and ``naming rule2`` give the folders: 1 is ``s15``, anger1 is 0401. The folder of one stimulus has any
number of movements. The micro-expressions are clips for recognition; all movements are the truth of spotting.

Citation: Qu et al., CAS(ME)^2: A Database for Spontaneous Macro-Expression and Micro-Expression Spotting and
Recognition, IEEE Transactions on Affective Computing 9(4), 2018.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from merlab.databases import casme_squared_facts as facts
from merlab.databases.casme_squared_table import FOLDER, read_code_final
from merlab.databases.coded.folders import clips_below, source_name
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

VIDEO = re.compile(r"(\d{2}_\d{4}).*")


def _videos_of(subject: Path) -> Iterator[Path]:
    """The long videos of a subject; ``selectedpic`` has folders of other names, one per movement."""
    return (path for path in clips_below(subject) if VIDEO.fullmatch(source_name(path)))


def _code_of(source: Path) -> str:
    """``15_0101`` of ``15_0101disgustingteeth``."""
    return VIDEO.sub(r"\1", source_name(source))


RELEASE = Release(
    name="casme-squared",
    title="CAS(ME)^2",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*(code_?final|casme_?sq|cas\(?me\)?\^?2.*(cod|label|gt)).*",
        looked_for=f"*code_final* or *CASME_sq* {ANY_SUFFIX}, such as CAS(ME)^2code_final.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Video",
            "folder": FOLDER,
            "onset": "Onset",
            "apex": "Apex",
            "offset": "Offset",
            "action units": "Action Units",
            "emotion": "Emotion",
            "kind": "Type",
        },
        subject=partial(numbered_subject, prefix="s", digits=2),
        subject_example="1, with a folder in the sheet naming rule1",
        clip_example="anger1_1",
        emotions=facts.EMOTIONS,
        kinds=facts.KINDS,
        names_repeat=True,
        read=read_code_final,
        unknown_frames=True,
    ),
    layout=LayoutFormat(
        subject_folder=r"s\d\d",
        looked_for="s15, s16 and so on, each with one folder per long video such as 15_0101disgustingteeth",
        kinds=(
            FrameKind("Cropped: registered faces (s15/15_0101disgustingteeth/reg_*.jpg)", cropped_faces),
            FrameKind("images of long videos (s15/15_0101disgustingteeth/img1.jpg)", bool),
            FrameKind("videos (s15/15_0101disgustingteeth.avi)", any_frames),
        ),
        clips_of=_videos_of,
        name_of=_code_of,
    ),
    long=True,
    whole_heads=False,
)


CASME_SQUARED = database_of(
    RELEASE,
    title="CAS(ME)^2, 300 macro- and 57 micro-expressions of 22 subjects in long videos, 30 frames per second",
    access="free for research after signing a license agreement with its authors at the Chinese Academy of Sciences",
)
