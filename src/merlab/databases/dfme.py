"""DFME: micro-expressions at 200, 300 and 500 frames per second; its challenge has 1856, 474 and 299 clips.

Layout: one folder per clip, ``DFME_train/sub0003_01/00001.png``, and a table per set, such as
``training_full_with_AU.xlsx``, ``testA_full_with_AU.xlsx`` and ``testB_full_with_AU.xlsx``, with the columns Subject,
Filename, OnsetFrame, ApexFrame, OffsetFrame, Emotion, EmotionId, Fps, AU. The table is recognized by its number of
rows. If several are there, the one of the training set is read; ``--table`` chooses another.

Citation: Zhao et al., DFME: A New Benchmark for Dynamic Facial Micro-Expression Recognition, IEEE Transactions on
Affective Computing 15(3), 2024.
"""

from __future__ import annotations

from functools import partial

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

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
# Number of clips of each set of the challenge; the last is preferred.
ROWS = {"test B": 299, "test A": 474, "training": 1856}
# For a table without the column Fps, which is refused; every row states its own rate.
NOMINAL_FPS = 200.0

RELEASE = Release(
    name="dfme",
    title="DFME",
    fps=NOMINAL_FPS,
    table=TableFormat(
        files=r".*(dfme|training_full|test_?[ab]_full).*",
        looked_for=f"*DFME* or *training_full* {ANY_SUFFIX}, such as training_full_with_AU.xlsx",
        columns={
            "subject": "Subject",
            "clip": "Filename",
            "onset": "OnsetFrame",
            "apex": "ApexFrame",
            "offset": "OffsetFrame",
            "emotion": "Emotion",
            "frames per second": "Fps",
            "action units": "AU",
        },
        subject=partial(numbered_subject, prefix="sub", digits=4, of_clip=r"_\d+"),
        subject_example="sub0003",
        clip_example="sub0003_01",
        emotions={},
        rows=ROWS,
        labels=EMOTIONS,
        rates=(200.0, 300.0, 500.0),
        # The table of a hidden test set has no labels.
        optional=frozenset({"emotion"}),
    ),
    layout=LayoutFormat(
        subject_folder=r"sub\d{4}_\d+",
        looked_for="sub0003_01, sub0003_02 and so on, each with the frames of one clip",
        kinds=(
            FrameKind("Cropped: registered faces (sub0003_01/reg_00001.png)", cropped_faces),
            FrameKind("DFME: frames of clips (sub0003_01/00001.png)", any_frames),
        ),
        clips_of=folder_itself,
        below=name_alone,
    ),
    whole_heads=False,
)


DFME = database_of(
    RELEASE,
    title="DFME, micro-expressions at 200, 300 and 500 frames per second (challenge: 1856, 474 and 299 clips)",
    access="free for research after signing a license agreement with its authors",
)
