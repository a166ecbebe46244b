"""Train a recognizer that is kept: one network, calibrated and scored on unseen subjects, in one file.

The subjects are divided once: for training, for the temperature, and for the score. Other databases can be scored as
well; nothing is ever fitted or chosen on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.evaluation.study import Clips, SchemeGiven, as_table
from merlab.evaluation.unit import versions
from merlab.inputs import Recipe, mirror_of, parse_recipe
from merlab.methods import Preset, Task, find_method
from merlab.models.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
)
from merlab.models.card import Calibration, CalibrationErrors, CardScore, ModelCard, SyntheticSettings, TrainedOn
from merlab.models.held_out_scores import held_out_scores
from merlab.models.labeled_examples import LEAST_SUBJECTS, Examples, divided, examples_of
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.synthetic_clips import synthetic_examples
from merlab.processes import each_in_processes
from merlab.progress import Progress, shown_progress
from merlab.schemes import SCHEMES, Scheme, as_scheme
from merlab.stamps import SYNTHETIC
from merlab.storage import claim_folder
from merlab.training import NeuralClassifier

SETTINGS = "pretraining.json"
HELD_OUT = "held-out subjects"
INTENDED_USE = "Research on micro-expressions, teaching, and trying the software: it points to movements that a person then checks."
LIMITS = (
    "Not for any statement about a person: no lie detection, hiring, policing, border control or diagnosis; inferring "
    "emotions at work and in education is prohibited in the European Union. The class names are those of the "
    "annotators of the training data; they may not apply to other people, ages, skin colors, lighting or cultures."
)
SYNTHETIC_LIMITS = (
    "It was trained on synthetic faces only, so it is not known how often it is right on the faces of people."
)


@dataclass(frozen=True)
class Training:
    """What is trained, and how.

    Attributes:
        name: of the recognizer.
        method, preset: the network and its settings, by name.
        scheme: the classes.
        recipe: of the input; None uses the preset's own.
        seed: divides the subjects, generates the faces, and is the seed of the network that is kept.
        seeds: how many networks are trained, with seeds ``seed``, ``seed`` + 1, ..., for a score with its spread.

    Raises MerlabError for a method that is not a network, and for a preset or a recipe that does not exist.

    """

    name: str
    method: str
    preset: str
    scheme: Scheme
    recipe: str | None
    seed: int
    seeds: int

    def __post_init__(self) -> None:
        if find_method(self.method).network is None:
            raise MerlabError(f"{self.method} is not a network; choose one, such as dbfem-caffm")
        self.full_recipe()

    def settings(self) -> Preset:
        """The preset."""
        return find_method(self.method).preset(self.preset)

    def full_recipe(self) -> Recipe:
        """The recipe of the input with all its options."""
        method = find_method(self.method)
        return parse_recipe(self.recipe or self.settings().input or method.input).seen_by(method.view)

    def stated(self) -> dict[str, object]:
        """Everything that determines the networks except the clips, as JSON keeps it."""
        own_labels = {} if _is_merlabs(self.scheme) else {"labels": dict(self.scheme.emotions)}
        course = {**vars(self), "scheme": self.scheme.name, **own_labels}
        return {"course": course, "settings": self.settings().model_dump(mode="json")}


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
        scheme: which class a label gives: a name that ``merlab.schemes()`` lists, or for ``clips`` also a YAML file or
            a mapping from label to class.
        input: the recipe of the input; unless given, the preset's own.
        subjects: how many synthetic identities are generated.
        clips_per_subject: how many clips of each.
        seed: divides the subjects, generates the faces, and is the seed of the network that is kept.
        seeds: how many networks are trained, for a score with its spread; the first is kept.
        cache: the folder for inputs; None: the user's cache.
        jobs: worker processes; None: one per core. The results do not depend on it.
        command: the command that the card states.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The recognizer, as ``load_recognizer(out)`` gives it.

    Raises:
        MerlabError: for too few subjects, clips that the recipe or the scheme does not cover, clips to score on whose
            subjects were trained on, and if ``out`` is a file that was not written with these settings.

    """
    for name, value, least in (
        ("subjects", subjects, LEAST_SUBJECTS),
        ("clips", clips_per_subject, 1),
        ("seeds", seeds, 1),
    ):
        if value < least:
            raise MerlabError(f"{name} must be at least {least}, got {value}")
    path, own = Path(out), None if clips is None else as_table(clips)
    classes = as_scheme(scheme) if own is None else as_scheme(scheme).of(own)
    training = Training(path.stem, method, preset, classes, None if input is None else str(input), seed, seeds)
    if path.exists() and not (work_folder(path) / SETTINGS).exists():
        raise MerlabError(f"{path} exists; choose another name, or remove it")
    with shown_progress(progress) as show:
        load = partial(
            examples_of,
            scheme=classes,
            recipe=training.full_recipe(),
            cache=None if cache is None else Path(cache),
            jobs=jobs,
            progress=show,
        )
        source = _synthetic(training, subjects, clips_per_subject) if own is None else load(own)
        elsewhere = {title: load(table) for title, table in (score_on or {}).items()}
        work = _Work(training, work_folder(path), source, jobs, show)
        train, calibration, scoring = work.parts(elsewhere)
        networks = work.trained(train)
        kept = _calibrated(networks[0], calibration)
        scores: list[CardScore] = []
        for title, held in {HELD_OUT: scoring, **elsewhere}.items():
            scores += held_out_scores(title, networks, kept, train, held)
    facts = {
        "trained_on": _trained_on(train, source),
        "scores": tuple(scores),
        "stamps": ((SYNTHETIC,) if own is None else own.stamps) + (("REDUCED",) if training.settings().reduced else ()),
        "intended_use": INTENDED_USE,
        "limits": LIMITS if own is not None else f"{SYNTHETIC_LIMITS} {LIMITS}",
        "command": command,
        "versions": versions(),
    }
    return replace(kept, card=kept.card.model_copy(update=facts)).save(path)


def work_folder(out: Path) -> Path:
    """The folder for the faces and networks of a file that is being trained."""
    return out.with_name(f"{out.stem}-work")


def _is_merlabs(scheme: Scheme) -> bool:
    return SCHEMES.get(scheme.name) is scheme


def _synthetic(training: Training, subjects: int, clips: int) -> SyntheticSettings:
    if not _is_merlabs(training.scheme) or not training.scheme.classes:
        raise MerlabError(
            f"synthetic faces have no labels of scheme {training.scheme.name}; choose megc2019 or casme2-5, or train "
            "on clips of your own"
        )
    recipe = str(training.full_recipe())
    return SyntheticSettings(
        scheme=training.scheme.name, recipe=recipe, subjects=subjects, clips=clips, seed=training.seed
    )


@dataclass(frozen=True, eq=False)
class _Work:
    """What is done in the work folder, where it is found again after an interruption."""

    training: Training
    folder: Path
    source: Examples | SyntheticSettings
    jobs: int | None
    progress: Progress

    def parts(self, elsewhere: Mapping[str, Examples]) -> tuple[Examples, Examples, Examples]:
        """Examples for training, calibration and scoring; claims the folder once nothing forbids the training."""
        if isinstance(self.source, SyntheticSettings):
            self._claim(self.source.model_dump(mode="json"))
            return divided(synthetic_examples(self.source, self.folder, self.jobs, self.progress), self.training.seed)
        parts = divided(self.source, self.training.seed)
        _require_unseen(elsewhere, {*parts[0].groups, *parts[1].groups})
        self._claim({"clips": len(self.source.labels), "sha256": self.source.sha256})
        return parts

    def _claim(self, clips: Mapping[str, object]) -> None:
        settings = {**self.training.stated(), "clips": clips, "versions": versions()}
        claim_folder(self.folder, SETTINGS, settings, "pretraining")

    def trained(self, train: Examples) -> list[Recognizer]:
        """The network of each seed, read from the folder or trained, ``jobs`` at a time, and written there."""
        first, number = self.training.seed, self.training.seeds
        files = {seed: self.folder / f"seed-{seed}.safetensors" for seed in range(first, first + number)}
        waiting = [seed for seed, file in files.items() if not file.exists()]
        done = number - len(waiting)
        self.progress(done, number, "training")
        finished = each_in_processes(partial(_train, self.training, train, files), waiting, self.jobs)
        for count, seed in enumerate(finished, start=done + 1):
            self.progress(count, number, f"trained seed {seed}")
        # Read from the file in either case: sums over another memory layout differ in the last digit.
        return [load_recognizer(file) for file in files.values()]


def _require_unseen(elsewhere: Mapping[str, Examples], seen: set[str]) -> None:
    for title, held in elsewhere.items():
        known = sorted(seen.intersection(held.groups))
        if known:
            raise MerlabError(
                f"{len(known)} subjects of {title} were trained on, such as {known[0]}, so a score on them would be "
                "too high; leave --score-on out, as held-out subjects are scored without it"
            )


def _train(training: Training, train: Examples, files: Mapping[int, Path], seed: int) -> int:
    """Train the network of one seed and write its file; returns the seed."""
    preset, recipe, scheme = training.settings(), training.full_recipe(), training.scheme
    task = Task.of(len(scheme.classes), recipe)
    classifier = find_method(training.method).build(task, preset, mirror_of(recipe))
    assert isinstance(classifier, NeuralClassifier)
    classifier.fit(train.inputs, train.labels, train.groups, seed)
    card = ModelCard(
        name=training.name,
        method=training.method,
        preset=training.preset,
        network=dict(preset.network),
        recipe=str(recipe),
        scheme=scheme.name,
        classes=scheme.classes,
        seed=seed,
        training=classifier.settings,
    )
    Recognizer(card, classifier.module.cpu()).save(files[seed])
    return seed


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


def _trained_on(train: Examples, source: Examples | SyntheticSettings) -> TrainedOn:
    return TrainedOn(
        databases=tuple(sorted(set(train.keys["database"]))),
        clips=len(train.labels),
        subjects=len(set(train.groups)),
        synthetic=source if isinstance(source, SyntheticSettings) else None,
    )
