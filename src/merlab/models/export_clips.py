"""The clips that an export is judged on, and those that int8 takes its ranges from: never of the same subject."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inputs import Recipe, load_inputs
from merlab.models.recognizer import ModelCard
from merlab.models.synthetic_clips import Drawing, draw
from merlab.progress import Progress, silent

# Far from the seeds that recognizers are trained with.
CALIBRATION_SEED, TEST_SEED = 9001, 9002
CALIBRATION_SUBJECTS, CLIPS_A_SUBJECT = 8, 6


@dataclass(frozen=True)
class ExportClips:
    """Inputs (N, *recipe.shape) to judge on and, for int8, to calibrate with; ``what`` names the former."""

    what: str
    test: Float32Array
    calibration: Float32Array | None


def drawn_clips(card: ModelCard, subjects: int, calibrate: bool, progress: Progress = silent) -> ExportClips:
    """SYNTHETIC clips of so many subjects, ``CLIPS_A_SUBJECT`` each, that no recognizer was trained on.

    Raises MerlabError for a recipe that looks at more than onset and apex.
    """

    def drawn(subjects: int, seed: int) -> Float32Array:
        drawing = Drawing(card.scheme, card.recipe, subjects, CLIPS_A_SUBJECT, presets=("default",), seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            return draw(drawing, Path(folder), None, progress).inputs

    test = drawn(subjects, TEST_SEED)
    calibration = drawn(CALIBRATION_SUBJECTS, CALIBRATION_SEED) if calibrate else None
    return ExportClips(f"{len(test)} SYNTHETIC clips of unseen faces", test, calibration)


def database_clips(
    recipe: Recipe, database: str, root: Path, calibrate: bool, progress: Progress = silent
) -> ExportClips:
    """All clips of a database; with ``calibrate``, a third of its subjects are calibrated with and not judged on.

    Raises MerlabError where one subject would have to do both.
    """
    table = load(database, root)
    inputs, groups = load_inputs(table, recipe, progress=progress), np.array(table.groups)
    subjects = sorted(set(table.groups))
    if calibrate and len(subjects) < 2:
        raise MerlabError(
            f"int8 is calibrated on other subjects than it is judged on, and {root} holds one; "
            "leave --database out to calibrate on SYNTHETIC clips"
        )
    calibrating = np.isin(groups, subjects[: max(1, len(subjects) // 3)] if calibrate else [])
    test, calibration = inputs[~calibrating], inputs[calibrating][: CALIBRATION_SUBJECTS * CLIPS_A_SUBJECT]
    return ExportClips(f"{len(test)} clips of {database}", test, calibration if calibrate else None)
