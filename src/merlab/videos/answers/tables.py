"""Tables of events as the challenges ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from merlab.spotting.scoring.kinds import ABBREVIATED, MICRO
from merlab.videos.answers.facts import EventFacts, VideoFacts

# emotion: MEGC's spot-then-recognize, micro-expressions with their coarse class. type: MEGC's spotting, micro- and
# macro-expressions.
AnswerFormat = Literal["emotion", "type"]
COLUMNS: dict[AnswerFormat, tuple[str, ...]] = {
    "emotion": ("vid", "onset", "offset", "emotion"),
    "type": ("vid", "pred_onset", "pred_offset", "type"),
}
TYPES = {kind: short for short, kind in ABBREVIATED.items()}


def answer_table(videos: Sequence[VideoFacts], columns: AnswerFormat = "emotion") -> pd.DataFrame:
    """One row per expression, with the columns of COLUMNS.

    An emotion is the coarse class, or the class where there is no coarse one; it is empty where the class is withheld.
    """
    rows = [
        (video.name, event.onset, event.offset, _emotion(event) if columns == "emotion" else TYPES[event.kind])
        for video in videos
        for event in (video.of_kind(MICRO) if columns == "emotion" else video.events)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS[columns]))


def _emotion(event: EventFacts) -> str:
    return event.coarse or event.label
