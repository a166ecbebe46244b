"""Stamps: the words that a reader of a number must see first, on every table, figure and page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

STAMP_SEPARATOR = " · "
SYNTHETIC = "SYNTHETIC"

# The figures are those of the MEB re-run of OFF-ApexNet on MEGC2019.
MEANINGS = {
    SYNTHETIC: "The faces are drawn by a program. The numbers say whether the software works, not how well a method "
    "recognizes real micro-expressions.",
    "REDUCED": "A smaller network or a shorter training than published. The numbers are not those of the publication.",
    "LEAKY": "The epoch whose weights are tested was chosen by looking at the test subject. The numbers are too high "
    "and must not be compared with honest ones. How much too high: the same choice lifted the UF1 of OFF-ApexNet on "
    "MEGC2019 from .703 to .839. This mode exists to show the size of the leak.",
    "INCOMPLETE": "Clips of the database could not be used and are missing here. The numbers are not those of the "
    "whole database.",
}
FEW_SEEDS = "Too few seeds for a reported number: the spread over seeds is hardly known."


@dataclass(frozen=True)
class StampNote:
    """A stamp, what it means (empty for one that is not known here), and the methods that bear it."""

    stamp: str
    meaning: str
    methods: tuple[str, ...]


def short_stamp(stamp: str) -> str:
    """The word of a stamp without its explanation: ``LEAKY: epoch picked ...`` -> ``LEAKY``."""
    return stamp.partition(":")[0]


def all_stamps(metrics: Sequence[dict[str, Any]]) -> list[str]:
    """The stamps of all methods of a metrics list, each once, in the order of their first appearance."""
    return list(dict.fromkeys(stamp for summary in metrics for stamp in summary["stamps"]))


def stamp_notes(metrics: Sequence[dict[str, Any]]) -> list[StampNote]:
    """Each stamp of a metrics list, explained, with the methods that bear it."""
    return [
        StampNote(stamp, _meaning(stamp), tuple(summary["method"] for summary in metrics if stamp in summary["stamps"]))
        for stamp in all_stamps(metrics)
    ]


def _meaning(stamp: str) -> str:
    if stamp.endswith(("SEED", "SEEDS")):
        return FEW_SEEDS
    return MEANINGS.get(short_stamp(stamp), "")
