"""Train a recognizer that is kept: one network, calibrated and scored on unseen subjects, in one file.

The subjects are divided once: for training, for the temperature, and for the score. Other databases can be scored as
well; nothing is ever fitted or chosen on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.clips import ClipTable
from merlab.databases.whole_heads import whole_head_stamps
from merlab.errors import MerlabError
from merlab.evaluation.study import Clips, SchemeGiven, as_table
from merlab.evaluation.unit import versions
from merlab.inputs import Recipe
from merlab.models.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
)
from merlab.models.card import Calibration, CalibrationErrors
from merlab.models.held_out_scores import held_out_scores
from merlab.models.labeled_examples import LEAST_SUBJECTS, Examples, examples_of
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.training_work import SETTINGS, Training, TrainingWork, synthetic_settings
from merlab.progress import Progress, shown_progress
from merlab.schemes import as_scheme
from merlab.stamps import SYNTHETIC

HELD_OUT = "held-out subjects"
INTENDED_USE = (
    "Research on micro-expressions, teaching, and trying the software: it points to movements, which a person then "
    "checks."
)
LIMITS = (
    "Not for any statement about a person: no lie detection, hiring, policing, border control or diagnosis; inferring "
    "emotions at work and in education is prohibited in the European Union. The class names are those of the "
    "annotators of the training data; they may not apply to other people, ages, skin colors, lighting or cultures."
)
SYNTHETIC_LIMITS = (
    "It was trained on synthetic faces only, so it is not known how often it is right on the faces of people."
)


def pretrain(
    out: Path | str,
    clips: Clips | None = None,
    *,
    score_on: Mapping[str, ClipTable] | None = None,
    method: str = "dbfem-caffm",
    preset: str = "flow28",
    scheme: SchemeGiven = "megc2019",
    input: str | Recipe | None = None,  # noqa: A002 - the public name of the option
    subjects: int = 240,
    clips_per_subject: int = 9,
    seed: int = 0,
    seeds: int = 5,
    cache: Path | str | None = None,
    again: bool = False,
    jobs: int | None = None,
    command: str = "",
    progress: Progress | bool = True,
) -> Recognizer:
    """Train a recognizer, calibrate and score it on unseen subjects, and write it to one file.

    Intermediate files are kept in ``work_folder(out)``, so that interrupted training is resumed. The same settings,
    versions and machine give the same file.

    Args:
        out: the file to write, such as ``mine.safetensors``; its stem is the name of the recognizer.
        clips: clips to train on (``merlab.load``); unless given, SYNTHETIC clips are generated.
        score_on: more clips to score on, by title; nothing is fitted on them.
        method: a network that ``merlab.methods()`` lists.
        preset: its settings.
        scheme: how labels become classes: a name that ``merlab.schemes()`` lists, or for ``clips`` also a YAML file or
            a mapping from label to class.
        input: the recipe of the input; unless given, the preset's own.
        subjects: how many synthetic identities are generated.
        clips_per_subject: how many clips of each.
        seed: divides the subjects, generates the faces, and is the seed of the network that is kept.
        seeds: how many networks are trained, for a score with its spread; the first is kept.
        cache: the folder for inputs; None: the user's cache.
        again: replace the file and its intermediate files, when the new ones are complete.
        jobs: worker processes; None: one per core. The results do not depend on it.
        command: the command that the card states.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The recognizer, as ``load_recognizer(out)`` gives it.

    Raises:
        MerlabError: for too few subjects, clips that the recipe or the scheme does not cover, clips to score on whose
            subjects were trained on, and if ``out`` is a file that was not written with these settings, or is written
            by another process.

    """
    _require_at_least("subjects", subjects, LEAST_SUBJECTS)
    _require_at_least("clips per subject", clips_per_subject, 1)
    _require_at_least("seeds", seeds, 1)
    path, own = Path(out), None if clips is None else as_table(clips)
    classes = as_scheme(scheme) if own is None else as_scheme(scheme).of(own)
    training = Training(path.stem, method, preset, classes, None if input is None else str(input), seed, seeds)
    _require_replaceable(path, again)
    with shown_progress(progress) as show:
        load = partial(
            examples_of,
            scheme=classes,
            recipe=training.full_recipe(),
            cache=None if cache is None else Path(cache),
            jobs=jobs,
            progress=show,
        )
        source = synthetic_settings(training, subjects, clips_per_subject) if own is None else load(own)
        scored_on = {title: as_table(table) for title, table in (score_on or {}).items()}
        elsewhere = {title: load(table) for title, table in scored_on.items()}
        planned = TrainingWork(training, work_folder(path), source, jobs, show)
        with planned.claimed(elsewhere, again, path.exists()) as work:
            train, calibration, scoring = work.examples()
            networks = work.trained(train)
            kept, scored = _calibrated(networks[0], calibration), {HELD_OUT: scoring, **elsewhere}
            facts = {
                "trained_on": work.trained_on(train),
                "scores": tuple(
                    score
                    for title, held in scored.items()
                    for score in held_out_scores(title, networks, kept, train, held)
                ),
                "stamps": _stamps(training, own, scored_on.values()),
                "intended_use": INTENDED_USE,
                "limits": LIMITS if own is not None else f"{SYNTHETIC_LIMITS} {LIMITS}",
                "command": command,
                "versions": versions(),
            }
            return replace(kept, card=kept.card.model_copy(update=facts)).save(path)


def _require_replaceable(path: Path, again: bool) -> None:
    """Raises MerlabError for a file that this command did not write."""
    if not path.exists() or (work_folder(path) / SETTINGS).exists():
        return
    if not again:
        raise MerlabError(f"{path} exists; choose another name, or add --again to replace it")
    load_recognizer(path)


def _stamps(training: Training, own: ClipTable | None, scored_on: Iterable[ClipTable]) -> tuple[str, ...]:
    reduced = ("REDUCED",) if training.settings().reduced else ()
    scored = (f"{stamp}, scored on" for table in scored_on for stamp in whole_head_stamps(table))
    return (*((SYNTHETIC,) if own is None else own.stamps), *scored, *reduced)


def work_folder(out: Path) -> Path:
    """The folder for the faces and networks of a file that is being trained."""
    return out.with_name(f"{out.stem}-work")


def _require_at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise MerlabError(f"{name} must be at least {least}, got {value}")


def _calibrated(recognizer: Recognizer, held: Examples) -> Recognizer:
    """The recognizer with its temperature, and the errors without and with it on the clips that it was fitted on."""
    logits = recognizer.logits(held.inputs)
    temperature = fit_temperature(logits, held.labels)
    before, after = (_errors(logits, value, held) for value in (1.0, temperature))
    calibration = Calibration(clips=len(held.labels), subjects=len(set(held.groups)), before=before, after=after)
    facts = {"temperature": temperature, "calibration": calibration}
    return replace(recognizer, card=recognizer.card.model_copy(update=facts))


def _errors(logits: NDArray[np.float64], temperature: float, held: Examples) -> CalibrationErrors:
    proba = probabilities(logits, temperature)
    return CalibrationErrors(
        negative_log_likelihood=negative_log_likelihood(proba, held.labels),
        expected_calibration_error=expected_calibration_error(proba, held.labels),
    )
