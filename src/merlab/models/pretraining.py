"""Train a recognizer to keep: one network, calibrated and scored on subjects that it has not seen, in one file.

Subjects are divided once into those that it is trained on, those that the temperature is fitted on, and those that it
is scored on. Other databases can be scored besides; nothing is ever fitted or chosen on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.evaluation.predictions import predictions_table
from merlab.evaluation.summary import summarize_run
from merlab.evaluation.unit import versions
from merlab.inputs import load_inputs, mirror_of, parse_recipe
from merlab.methods import Preset, Task, find_method
from merlab.methods.baselines import BASELINES
from merlab.models.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
)
from merlab.models.recognizer import ModelCard, Recognizer, load_recognizer
from merlab.models.synthetic_clips import Drawing, Examples, draw
from merlab.processes import each_in_processes
from merlab.progress import Progress, silent
from merlab.protocols import label_clips
from merlab.schemes import find_scheme
from merlab.storage import claim_folder
from merlab.training import NeuralClassifier

SETTINGS = "pretraining.json"
SHARES = (0.7, 0.15)
SYNTHETIC_STAMP = "SYNTHETIC"
LEAST_SUBJECTS = 6
INTENDED_USE = (
    "Research on micro-expressions, teaching, and trying the software: a first look at movements that a person then "
    "looks at."
)
LIMITS = (
    "Not for any statement about a person: no lie detection, hiring, policing, border control or diagnosis; inferring "
    "emotions at work and in education is prohibited in the European Union. Class names are the annotators' own of "
    "the training data; they need not hold for other people, ages, skins, lighting or cultures."
)
DRAWN_LIMITS = "It has learned from drawn faces alone: how often it is right on people is not known from them."
SCORED = ("uf1", "uar", "accuracy")


@dataclass(frozen=True)
class Course:
    """What is trained, and how.

    Attributes:
        name: of the recognizer.
        method, preset: of the registry; the preset's settings.
        scheme: the classes.
        recipe: of the input; the preset's own where None.
        seed: divides the subjects, draws the faces, and is that of the network that is kept.
        seeds: so many networks are trained, seeds ``seed``, ``seed`` + 1, ..., for a score with its spread.

    """

    name: str
    method: str = "dbfem-caffm"
    preset: str = "flow28"
    scheme: str = "megc2019"
    recipe: str | None = None
    seed: int = 0
    seeds: int = 5

    def __post_init__(self) -> None:
        if find_method(self.method).network is None:
            raise MerlabError(f"{self.method} is not a network; a recognizer is one, such as dbfem-caffm")
        find_scheme(self.scheme)
        self.settings()

    def settings(self) -> Preset:
        """The preset; raises MerlabError for one that does not exist."""
        return find_method(self.method).preset(self.preset)

    @property
    def stated(self) -> dict[str, Any]:
        """Everything that decides a network, as JSON keeps it, beside its clips."""
        return {"course": asdict(self), "settings": self.settings().model_dump(mode="json")}

    def full_recipe(self) -> str:
        """Everything that the input's recipe states."""
        method = find_method(self.method)
        return str(parse_recipe(self.recipe or self.settings().input or method.input).seen_by(method.view))


def pretrain(
    course: Course,
    out: Path,
    *,
    own: ClipTable | None = None,
    drawing: Drawing | None = None,
    score_on: Mapping[str, ClipTable] | None = None,
    cache: Path | None = None,
    jobs: int | None = None,
    command: str = "",
    progress: Progress = silent,
) -> Recognizer:
    """Train on the clips of ``own``, or on SYNTHETIC ones where None; write the recognizer to ``out`` and return it.

    ``drawing`` says what is drawn (of the course's scheme and recipe); ``score_on`` holds further tables by title. What
    is done lies in ``work_folder(out)``, so that training that was stopped goes on; the same settings, versions and
    machine give the same file.

    Raises MerlabError for too few subjects, for clips that the recipe or the scheme does not cover, for clips to score
    on whose subjects were trained on, and where ``out`` is a file that this course did not write.
    """
    work = work_folder(out)
    if out.exists() and not (work / SETTINGS).exists():
        raise MerlabError(f"{out} exists; choose another name, or remove it")
    drawing = drawing or Drawing(course.scheme, course.full_recipe(), seed=course.seed)
    made = partial(_of_table, course=course, cache=cache, jobs=jobs, progress=progress)
    examples = None if own is None else made(own)
    parts = None if examples is None else _divided(examples, course.seed)
    elsewhere = {title: made(table) for title, table in (score_on or {}).items()}
    if parts is not None:
        _require_unseen(elsewhere, {*parts[0].groups, *parts[1].groups})
    clips = drawing.stated if examples is None else examples.stated
    claim_folder(work, SETTINGS, {**course.stated, "clips": clips, "versions": versions()}, "pretraining")
    train, calibration, scoring = parts or _divided(draw(drawing, work, jobs, progress), course.seed)
    networks = _trained(course, train, work, jobs, progress)
    kept, calibrated = _calibrated(networks[0], calibration)
    scores = []
    for title, held in {"held-out subjects": scoring, **elsewhere}.items():
        scores += _scores(title, course, networks, train, held)
        scores[-1] |= _sureness(kept, held)
    facts = {
        "trained_on": _origin(train, None if own is not None else drawing),
        "calibration": calibrated,
        "scores": scores,
        "stamps": _stamps(own, course),
        "intended_use": INTENDED_USE,
        "limits": LIMITS if own is not None else f"{DRAWN_LIMITS} {LIMITS}",
        "command": command,
        "versions": versions(),
    }
    return replace(kept, card=kept.card.model_copy(update=facts)).save(out)


def work_folder(out: Path) -> Path:
    """Where the faces and networks of a file that is being trained are kept."""
    return out.with_name(f"{out.stem}-work")


def _of_table(table: ClipTable, course: Course, cache: Path | None, jobs: int | None, progress: Progress) -> Examples:
    """The clips that the scheme covers, as inputs."""
    labeled = label_clips(table, find_scheme(course.scheme))
    inputs = load_inputs(labeled.table, parse_recipe(course.full_recipe()), cache, jobs, progress)
    keys = pd.DataFrame([(clip.database, clip.subject, clip.name) for clip in labeled.table])
    return Examples(inputs, labeled.labels, keys.set_axis(["database", "subject", "clip"], axis=1))


def _divided(examples: Examples, seed: int) -> tuple[Examples, Examples, Examples]:
    """Training, calibration and scoring; no subject is in two of them."""
    subjects = sorted(set(examples.groups))
    if len(subjects) < LEAST_SUBJECTS:
        raise MerlabError(
            f"{len(subjects)} subjects cannot be divided into training, calibration and scoring; "
            f"at least {LEAST_SUBJECTS} are needed"
        )
    order = np.random.default_rng(seed).permutation(len(subjects))
    bounds = np.cumsum([max(1, round(share * len(subjects))) for share in SHARES])
    first, second, third = np.split(order, np.minimum(bounds, (len(subjects) - 2, len(subjects) - 1)))
    parts = [examples.of({subjects[position] for position in part}) for part in (first, second, third)]
    return parts[0], parts[1], parts[2]


def _require_unseen(elsewhere: Mapping[str, Examples], seen: set[str]) -> None:
    for title, held in elsewhere.items():
        known = sorted(seen.intersection(held.groups))
        if known:
            raise MerlabError(
                f"{len(known)} subjects of {title} were trained on, {known[0]} among them: a score on them is too "
                "high; the score on held-out subjects is made without --score-on"
            )


def _trained(course: Course, train: Examples, work: Path, jobs: int | None, progress: Progress) -> list[Recognizer]:
    """The network of each seed, found in ``work`` or trained, ``jobs`` at a time, and left there."""
    files = {seed: work / f"seed-{seed}.safetensors" for seed in range(course.seed, course.seed + course.seeds)}
    waiting = [seed for seed, file in files.items() if not file.exists()]
    done = len(files) - len(waiting)
    progress(done, len(files), "training")
    finished = each_in_processes(partial(_train, course, train, files), waiting, jobs)
    for count, seed in enumerate(finished, start=done + 1):
        progress(count, len(files), f"trained seed {seed}")
    # Read back in either case: memory laid out otherwise gives sums that differ in the last digit.
    return [load_recognizer(file) for file in files.values()]


def _train(course: Course, train: Examples, files: Mapping[int, Path], seed: int) -> int:
    """Train the network of one seed and leave it in its file; gives the seed."""
    preset, recipe, scheme = course.settings(), parse_recipe(course.full_recipe()), find_scheme(course.scheme)
    task = Task.of(len(scheme.classes), recipe)
    classifier = find_method(course.method).build(task, preset, mirror_of(recipe))
    assert isinstance(classifier, NeuralClassifier)
    classifier.fit(train.inputs, train.labels, train.groups, seed)
    card = ModelCard(
        name=course.name,
        method=course.method,
        preset=course.preset,
        network=dict(preset.network),
        recipe=str(recipe),
        scheme=scheme.name,
        classes=tuple(scheme.classes),
        seed=seed,
        training=classifier.settings.model_dump(mode="json"),
    )
    Recognizer(card, classifier.module.cpu()).save(files[seed])
    return seed


def _calibrated(recognizer: Recognizer, held: Examples) -> tuple[Recognizer, dict[str, Any]]:
    """With its temperature, and what that changed on the subjects that it was fitted on."""
    logits = recognizer.logits(held.inputs)
    temperature = fit_temperature(logits, held.labels)
    facts: dict[str, Any] = {"clips": len(held.labels), "subjects": len(set(held.groups))}
    for name, value in (("before", 1.0), ("after", temperature)):
        proba = probabilities(logits, value)
        facts[name] = {
            "negative_log_likelihood": negative_log_likelihood(proba, held.labels),
            "expected_calibration_error": expected_calibration_error(proba, held.labels),
        }
    return replace(recognizer, card=recognizer.card.model_copy(update={"temperature": temperature})), facts


def _scores(
    title: str, course: Course, networks: Sequence[Recognizer], train: Examples, held: Examples
) -> list[dict[str, Any]]:
    """A row a method on clips that none was trained on: the baselines, trained on the same clips, and the networks."""
    classes = list(networks[0].classes)
    task = Task.of(len(classes), networks[0].recipe)
    tables = []
    for floor in BASELINES:
        for seed in range(course.seeds if floor.seeded else 1):
            classifier = floor.build(task, floor.preset("paper"))
            classifier.fit(train.inputs, train.labels, train.groups, seed)
            tables.append(_predictions(floor.name, seed, held, classifier.predict_proba(held.inputs), classes))
    for network in networks:
        proba = probabilities(network.logits(held.inputs))
        tables.append(_predictions(course.method, network.card.seed, held, proba, classes))
    order = [*(floor.name for floor in BASELINES), course.method]
    summary = summarize_run(pd.concat(tables, ignore_index=True), classes, order, dict.fromkeys(order, ()))
    return [{"what": title, **_short(row.model_dump(mode="json"))} for row in summary]


def _predictions(
    method: str, seed: int, held: Examples, proba: NDArray[np.float64], classes: Sequence[str]
) -> pd.DataFrame:
    rows = held.keys.assign(run="", method=method, fold="", seed=seed)
    return predictions_table(rows, [classes[label] for label in held.labels], proba, classes)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    by_database = {
        name: {"clips": of["clips"], **{key: of[key] for key in SCORED}} for name, of in row["by_database"].items()
    }
    kept = {key: row[key] for key in ("method", "clips", "subjects", "seeds", *SCORED, "compared")}
    return {**kept, "by_database": by_database}


def _stamps(own: ClipTable | None, course: Course) -> tuple[str, ...]:
    found = [SYNTHETIC_STAMP] if own is None else list(own.stamps)
    return (*found, *(["REDUCED"] if course.settings().reduced else []))


def _sureness(kept: Recognizer, held: Examples) -> dict[str, float]:
    """How sure the kept network says it is on average, and how far that is from how often it is right."""
    proba = kept.predict_proba(held.inputs)
    return {
        "confidence": float(proba.max(axis=1).mean()),
        "calibration_error": expected_calibration_error(proba, held.labels),
    }


def _origin(train: Examples, drawing: Drawing | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "databases": sorted(set(train.keys["database"])),
        "clips": len(train.labels),
        "subjects": len(set(train.groups)),
    }
    return facts if drawing is None else {**facts, "drawn": drawing.stated}
