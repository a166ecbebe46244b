"""Results that others published, with the rule that selected their model: facts with their source."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from pydantic import field_validator

from merlab.json_models import ClosedModel

FILE = Path(__file__).parent / "published.csv"


class Published(ClosedModel):
    """One row of published.csv: shares in 0..1, None where nothing is published.

    ``merlab`` is the name that the method has, or would have, in merlab's registry; ``table`` the table of the
    dual-branch paper that holds the row. ``clips`` are the numbers of clips that fit, because the accuracy is a whole
    number of them, or that are stated; empty where neither is known. ``selection`` states which model's results were
    reported, ``status`` whether the figures were read in the source named, quoted by another, or are recalled and not
    verified.
    """

    method: str
    merlab: str
    table: str
    year: int | None
    venue: str
    data: str
    clips: str
    classes: str
    protocol: str
    accuracy: float | None
    uf1: float | None
    uar: float | None
    precision: float | None
    recall: float | None
    selection: str
    status: str
    source: str

    @field_validator("year", "accuracy", "uf1", "uar", "precision", "recall", mode="before")
    @classmethod
    def _empty_is_none(cls, cell: str) -> str | None:
        return cell or None


@lru_cache
def published_results() -> tuple[Published, ...]:
    """Every row of published.csv, in its order."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(Published.model_validate(row) for row in csv.DictReader(file))
