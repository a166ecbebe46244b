"""4DME: micro-expressions with several labels each, gray video at 60 frames per second.

Layout: ``gray_micro/<subject>/<clip>/<frame>.jpg``, and ``4DME_Labelling_Micro_release v1.xlsx`` with the columns
sub_ID, fold_name, Emotion, Onset, Apex, Offset, AUs, and 0 or 1 in Positive, Negative, Surprise, Repression and Others.
A clip with several labels has them all as its emotion, ``negative+repression``. In ``4+7(k)``, (k) marks an action unit
that the coders were not sure of. Written from a public loader (MEB); no copy of the table was seen.

Citation: Li et al., 4DME: A Spontaneous 4D Micro-Expression Dataset With Multimodalities, IEEE Transactions on
Affective Computing 14(4), 2023.
"""

from __future__ import annotations

from merlab.databases.coded.registry_entry import database_of
from merlab.databases.coded.release import (
    ANY_SUFFIX,
    FrameKind,
    LayoutFormat,
    Release,
    TableFormat,
    any_frames,
    cropped_faces,
)
from merlab.table_files.cell_texts import FAILED_FORMULA

LABELS = ("Positive", "Negative", "Surprise", "Repression", "Others")


def _subject(text: str) -> str | None:
    """The subject as written, ``7`` for '007'; None for an empty cell and for the error of a formula."""
    subject = text.strip().removesuffix(".0")
    if subject.isdecimal():
        return str(int(subject))
    return None if not subject or FAILED_FORMULA.fullmatch(subject) else subject


RELEASE = Release(
    name="4dme",
    title="4DME",
    fps=60.0,
    table=TableFormat(
        files=r".*4dme.*micro.*",
        looked_for=f"*4DME*Micro* {ANY_SUFFIX}, such as 4DME_Labelling_Micro_release v1.xlsx",
        columns={
            "subject": "sub_ID",
            "clip": "fold_name",
            "onset": "Onset",
            "apex": "Apex",
            "offset": "Offset",
            "action units": "AUs",
            "emotion": "Emotion",
        },
        subject=_subject,
        subject_example="S01",
        clip_example="a name as of its folder",
        emotions={},
        labels=tuple(label.lower() for label in LABELS),
        flags=LABELS,
        names_repeat=True,
        optional=frozenset({"emotion"}),
    ),
    layout=LayoutFormat(
        subject_folder=r"s?\d{1,3}(_.*)?",
        looked_for="one per subject, as in the column sub_ID, each with one folder per clip",
        kinds=(
            FrameKind("Cropped: registered faces (reg_*.jpg)", cropped_faces),
            FrameKind("4DME: gray frames of clips", any_frames),
        ),
    ),
    whole_heads=False,
)


FOUR_DME = database_of(
    RELEASE,
    title="4DME, micro-expressions with one or several labels, 60 frames per second",
    access="free for research after signing a license agreement with its authors at the University of Oulu",
)
