"""Stamps: the words that a reader of a number must see first, on every table, figure and page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

STAMP_SEPARATOR = " · "
SYNTHETIC = "SYNTHETIC"
FIVE_POINTS = "FIVE POINTS"
WHOLE_HEADS = "WHOLE HEADS"
TRANSDUCTIVE = "TRANSDUCTIVE"
SHARED_SUBJECTS = "SHARED SUBJECTS"
SHARED_FRAMES = "SHARED FRAMES"
SYNTHETIC_TRAINING = "SYNTHETIC TRAINING: it may have the subjects of the test"

# The two UF1 values are those of the MEB re-run of OFF-ApexNet on MEGC2019.
MEANINGS = {
    SYNTHETIC: "The faces are synthetic: a program generated them. The numbers show whether the software works, not "
    "how well a method recognizes real micro-expressions.",
    "REDUCED": "The network is smaller or the training shorter than published. The numbers are not those of the "
    "publication.",
    "NETWORK": "The network has other settings than its preset. The numbers are not those of the publication.",
    "LEAKY": "The epoch whose weights are tested was chosen on the test subject. The numbers are too high and must not "
    "be compared with numbers from a leak-free evaluation. As an example of the size: this choice raised the UF1 of "
    "OFF-ApexNet on MEGC2019 from .703 to .839. The mode exists only to measure the leak.",
    WHOLE_HEADS: "The frames show whole heads, but inputs expect aligned faces. The numbers are not those of the "
    "methods on aligned faces. `merlab prepare` aligns the faces of a database.",
    FIVE_POINTS: "The faces were aligned by five points of a face detector instead of the face mesh. They may be "
    "tilted by up to 3 degrees. Results may differ from those with the face mesh.",
    SHARED_SUBJECTS: "Names of subjects, or of their databases, differ only in spelling, or are equal in samm and "
    "samm-long, which show the same people. If they are one person, the person was trained on and tested on, and the "
    "numbers are too high. A warning of the run names them; give every person one name, and evaluate such "
    "databases apart.",
    SHARED_FRAMES: "Clips of different subjects share frames, so that frames were trained on and tested on. "
    "The numbers are too high. A warning of the run names them; correct the frames, or leave one of the clips out.",
    TRANSDUCTIVE: "The method also learned from the clips of the tested database, without their labels. The numbers "
    "are those for a database that is known before the test. They must not be compared with numbers of methods that "
    "never saw it.",
    "START": "The training started from given weights, which the preset does not state. The numbers are not those of "
    "the publication.",
    "START TRAINED ON": "The training started from weights that were trained on these data. No subject of a named "
    "database is tested. Of unknown data, merlab cannot know this: the numbers are too high if they had tested "
    "subjects.",
    "SYNTHETIC TRAINING": "The tested faces are synthetic, and training may have used the same synthetic subjects. The "
    "numbers may be too high.",
    "INCOMPLETE": "Some clips of the database could not be used and are missing here. The numbers are not those of the "
    "whole database.",
}
COUNT_OF_SEEDS = re.compile(r"\d+ SEEDS?", re.ASCII)
FEW_SEEDS = "There are too few seeds for a reported number: the spread over seeds is not well known."


class Stamped(Protocol):
    """Anything with stamps, such as the summary of a method."""

    @property
    def method(self) -> str:
        """The name of the method."""

    @property
    def stamps(self) -> Sequence[str]:
        """The stamps of its numbers."""


@dataclass(frozen=True)
class StampNote:
    """A stamp, its meaning (empty where it is unknown here), and the methods that carry it."""

    stamp: str
    meaning: str
    methods: tuple[str, ...]


def short_stamp(stamp: str) -> str:
    """The word of a stamp without its explanation: ``LEAKY: epoch picked ...`` -> ``LEAKY``."""
    return stamp.partition(":")[0]


def stamps_of_recordings(names: Iterable[str]) -> list[str]:
    """SYNTHETIC if a recording is one of merlab's own, whose names begin with this word."""
    return [SYNTHETIC] if any(name.startswith(SYNTHETIC) for name in names) else []


def in_brackets(stamps: Sequence[str], separator: str = STAMP_SEPARATOR) -> str:
    """`` [SYNTHETIC]``, for the end of a heading; empty without stamps."""
    return f" [{separator.join(stamps)}]" if stamps else ""


def all_stamps(summaries: Sequence[Stamped]) -> list[str]:
    """The stamps of all methods, each once, in the order in which each method has them."""
    merged: list[str] = []
    for summary in summaries:
        place = 0
        for stamp in summary.stamps:
            if stamp not in merged:
                merged.insert(place, stamp)
            place = merged.index(stamp) + 1
    return merged


def stamp_notes(summaries: Sequence[Stamped]) -> list[StampNote]:
    """Each stamp, explained, with the methods that carry it."""
    return [
        StampNote(stamp, meaning_of(stamp), tuple(summary.method for summary in summaries if stamp in summary.stamps))
        for stamp in all_stamps(summaries)
    ]


def meaning_of(stamp: str) -> str:
    """What a stamp says, in sentences; empty where it is unknown here."""
    if COUNT_OF_SEEDS.fullmatch(stamp):
        return FEW_SEEDS
    # NETWORK is followed by its settings, without a colon.
    return MEANINGS.get("NETWORK" if stamp.startswith("NETWORK ") else short_stamp(stamp), "")
