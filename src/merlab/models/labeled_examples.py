"""Labeled inputs of clips, and their division by subject."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.evaluation.predictions import clip_keys
from merlab.evaluation.same_people import as_person
from merlab.evaluation.seen_inputs import input_digests
from merlab.evaluation.split_faults import with_equal_inputs, with_split_faults
from merlab.frames import Float32Array
from merlab.inputs import Recipe, load_inputs
from merlab.progress import Progress
from merlab.protocols import Labeled, Split, label_clips
from merlab.schemes import Scheme
from merlab.spelling import counted

# Of the subjects, for training and for calibration; the others are for scoring.
SHARES = (0.7, 0.15)
LEAST_SUBJECTS = 6


class Examples(NamedTuple):
    """Labeled inputs (N, C, H, W), labels (N,) in the order of the classes, and database, subject, clip of each row."""

    inputs: Float32Array
    labels: NDArray[np.int64]
    keys: pd.DataFrame

    @property
    def groups(self) -> list[str]:
        """The subject of each row, ``database/subject``."""
        return list(self.keys["database"] + "/" + self.keys["subject"])

    @property
    def people(self) -> list[tuple[str, str]]:
        """The person of each row, the same for all names that may be one (``evaluation.same_people``)."""
        return [as_person(*row) for row in zip(self.keys["database"], self.keys["subject"], strict=True)]

    @property
    def sha256(self) -> str:
        """A digest of all of it."""
        digest = hashlib.sha256(np.ascontiguousarray(self.inputs).data)
        digest.update(self.labels.tobytes() + self.keys.to_csv(index=False, lineterminator="\n").encode())
        return digest.hexdigest()

    def of(self, groups: set[str]) -> Examples:
        """The clips of these subjects."""
        kept = np.array([group in groups for group in self.groups])
        return Examples(self.inputs[kept], self.labels[kept], self.keys[kept].reset_index(drop=True))


def examples_of(
    table: ClipTable, scheme: Scheme, recipe: Recipe, cache: Path | None, jobs: int | None, progress: Progress
) -> Examples:
    """The clips of a table that the scheme covers."""
    labeled = label_clips(table, scheme)
    inputs = load_inputs(labeled.table, recipe, cache, jobs, progress)
    return Examples(inputs, labeled.labels, clip_keys(labeled.table))


def divided(examples: Examples, seed: int) -> tuple[Examples, Examples, Examples]:
    """Examples for training, for calibration and for scoring, as ``division`` divides their subjects."""
    train, calibration, scoring = (examples.of(subjects) for subjects in division(examples.groups, seed))
    return train, calibration, scoring


def with_division_faults(labeled: Labeled, seed: int, inputs: Float32Array | None = None) -> Labeled:
    """The clips, stamped and with a warning for a person or frames that ``divided`` would give to two of its parts.

    With the ``inputs`` of the clips, (N, ...), the same for equal inputs.
    """
    groups = labeled.table.groups
    train, calibration, scoring = (
        tuple(row for row, group in enumerate(groups) if group in subjects) for subjects in division(groups, seed)
    )
    splits = [Split("calibration", train, calibration), Split("score", (*train, *calibration), scoring)]
    if inputs is None:
        return with_split_faults(labeled, splits)
    return with_equal_inputs(labeled, splits, input_digests(inputs))


def division(groups: Sequence[str], seed: int) -> tuple[set[str], set[str], set[str]]:
    """The subjects for training, for calibration and for scoring; each is in one of them.

    Raises MerlabError for too few subjects.
    """
    subjects = sorted(set(groups))
    if len(subjects) < LEAST_SUBJECTS:
        raise MerlabError(
            f"{counted(len(subjects), 'subject')} cannot be divided into training, calibration and scoring; "
            f"at least {LEAST_SUBJECTS} are needed"
        )
    order = np.random.default_rng(seed).permutation(len(subjects))
    bounds = np.cumsum([round(share * len(subjects)) for share in SHARES])
    train, calibration, scoring = ({subjects[position] for position in each} for each in np.split(order, bounds))
    return train, calibration, scoring
