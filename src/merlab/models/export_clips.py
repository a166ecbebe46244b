"""The clips that an exported file is compared on, and those that calibrate int8: never of the same subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inputs import Recipe, load_inputs
from merlab.models.card import ModelCard, SyntheticSettings
from merlab.models.synthetic_clips import synthetic_examples
from merlab.progress import Progress, silent
from merlab.spelling import counted

# Far from the seeds that recognizers are trained with.
CALIBRATION_SEED, TEST_SEED = 9001, 9002
CALIBRATION_SUBJECTS, CLIPS_PER_SUBJECT = 8, 6


@dataclass(frozen=True, eq=False)
class ExportClips:
    """Inputs (N, *recipe.shape) to compare on, named by ``what``, and for int8 inputs to calibrate with."""

    what: str
    test: Float32Array
    calibration: Float32Array | None


def synthetic_clips(card: ModelCard, subjects: int, calibrate: bool, progress: Progress = silent) -> ExportClips:
    """SYNTHETIC clips of this many subjects that no recognizer was trained on, ``CLIPS_PER_SUBJECT`` of each.

    Raises MerlabError for a recipe that uses more frames than onset and apex, and for a scheme that is not merlab's.
    """
    test = _generated(card, subjects, TEST_SEED, progress)
    calibration = _generated(card, CALIBRATION_SUBJECTS, CALIBRATION_SEED, progress) if calibrate else None
    return ExportClips(f"{len(test)} SYNTHETIC clips of unseen faces", test, calibration)


def _generated(card: ModelCard, subjects: int, seed: int, progress: Progress) -> Float32Array:
    settings = SyntheticSettings(
        scheme=card.scheme,
        recipe=card.recipe,
        subjects=subjects,
        clips=CLIPS_PER_SUBJECT,
        presets=("default",),
        seed=seed,
    )
    return synthetic_examples(settings, None, progress).inputs


def clips_of(table: ClipTable, recipe: Recipe, calibrate: bool, progress: Progress = silent) -> ExportClips:
    """All clips of a table; with ``calibrate``, a third of the subjects are used for calibration only.

    Raises MerlabError if there is only one subject for both.
    """
    inputs, groups = load_inputs(table, recipe, progress=progress), np.array(table.groups)
    subjects = sorted(set(table.groups))
    if calibrate and len(subjects) < 2:
        raise MerlabError(
            "int8 is calibrated and compared on clips of different subjects, but the clips are of one subject only; "
            "give clips of several subjects, or none to use SYNTHETIC ones"
        )
    calibrating = np.isin(groups, subjects[: max(1, len(subjects) // 3)] if calibrate else [])
    test, calibration = inputs[~calibrating], inputs[calibrating][: CALIBRATION_SUBJECTS * CLIPS_PER_SUBJECT]
    names = ", ".join(source.name for source in table.sources) or "your own"
    return ExportClips(f"{counted(len(test), 'clip')} of {names}", test, calibration if calibrate else None)
