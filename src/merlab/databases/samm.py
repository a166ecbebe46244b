"""SAMM: 159 coded micro-movements of 29 subjects at 200 frames per second, gray, 2040 x 1088 px.

Layout: ``SAMM/006/006_1_2/006_05562.jpg``, and ``SAMM_Micro_FACS_Codes_v2.xlsx`` with its column names on line 14 of
the sheet MICRO_ONLY, below notes that some copies do not have. A frame number has 4 or 5 digits and counts from the
start of the long video. Rows with mistakes are listed in ``samm_facts``.

Citation: Davison et al., SAMM: A Spontaneous Micro-Facial Movement Dataset, IEEE Transactions on Affective Computing
9(1), 2018.
"""

from __future__ import annotations

from functools import partial

from merlab.databases import samm_facts as facts
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
    name="samm",
    title="SAMM",
    fps=facts.FPS,
    table=TableFormat(
        files=r".*(micro.*facs|samm.*(code|coding|label|annotation)).*",
        looked_for=f"*Micro*FACS* or *SAMM*label* {ANY_SUFFIX}, such as SAMM_Micro_FACS_Codes_v2.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "Onset Frame",
            "apex": "Apex Frame",
            "offset": "Offset Frame",
            "emotion": "Estimated Emotion",
            "duration": "Duration",
            "action units": "Action Units",
            "objective class": "Objective Classes",
        },
        subject=partial(numbered_subject, prefix="", digits=3),
        subject_example="006",
        clip_example="006_1_2",
        sheets=("MICRO_ONLY",),
        usual_clip=r"\d{3}_\d_\d{1,2}",
        emotions=facts.EMOTIONS,
        objective_classes=facts.OBJECTIVE_CLASSES,
        aliases={"others": "other"},
    ),
    layout=LayoutFormat(
        subject_folder=r"\d{3}",
        looked_for="006, 007 and so on, each with one folder per clip such as 006_1_2",
        kinds=(
            FrameKind("Cropped: registered faces (006/006_1_2/reg_006_05562.jpg)", cropped_faces),
            FrameKind("SAMM: whole heads, one folder per clip (006/006_1_2/006_05562.jpg)", any_frames),
        ),
    ),
    quirks=facts.QUIRKS,
)


SAMM = database_of(
    RELEASE,
    title="SAMM, 159 micro-movements of 29 subjects, 200 frames per second",
    access="free for research after signing a license agreement with its authors at Manchester Metropolitan University",
)
