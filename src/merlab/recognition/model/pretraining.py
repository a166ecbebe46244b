"""Train a recogniser to keep: one network, calibrated and scored on subjects that it has not seen, in one file.

Subjects are divided once into those that it is trained on, those that the temperature is fitted on, and those that it
is scored on. Other databases can be scored besides; nothing is ever fitted or chosen on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.clips import ClipTable
from merlab.databases.base import Progress, silent
from merlab.errors import MerlabError
from merlab.evaluation.predictions import predictions_table
from merlab.evaluation.summary import summarise_run
from merlab.evaluation.work import versions
from merlab.inputs import load_inputs, mirror_of, parse_recipe
from merlab.methods import Preset, Task, find_method
from merlab.methods.floors import FLOORS
from merlab.protocols import find_scheme, label_clips
from merlab.recognition.model.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
)
from merlab.recognition.model.drawn import Drawing, Examples, draw
from merlab.recognition.model.recogniser import ModelCard, Recogniser, load_recogniser
from merlab.storage import claim_folder
from merlab.training import NeuralClassifier

SETTINGS = "pretraining.json"
SHARES = (0.7, 0.15)
SYNTHETIC_STAMP = "SYNTHETIC"
LEAST_SUBJECTS = 6
SCORED = ("uf1", "uar", "accuracy")


@dataclass(frozen=True)
class Course:
    """What is trained, and how.

    Attributes:
        name: of the recogniser.
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
            raise MerlabError(f"{self.method} is not a network; a recogniser is one, such as dbfem-caffm")
        find_scheme(self.scheme)
        self.settings()

    def settings(self) -> Preset:
        """The preset; raises MerlabError for one that does not exist."""
        return find_method(self.method).preset(self.preset)

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
) -> Recogniser:
    """Train on the clips of ``own``, or on SYNTHETIC ones where None; write the recogniser to ``out`` and return it.

    ``score_on`` holds further tables by title. What is done lies in ``out`` with ``-work`` behind, so that training
    that was stopped goes on; the same settings, versions and machine give the same file.

    Raises MerlabError for too few subjects, and for clips that the recipe or the scheme does not cover.
    """
    work = out.with_name(f"{out.stem}-work")
    drawing = replace(drawing or Drawing(course.scheme, ""), scheme=course.scheme, recipe=course.full_recipe())
    origin: Any = drawing.stated if own is None else [clip.key for clip in own]
    parts = None if own is None else _divided(_of_table(own, course, cache, jobs, progress), course.seed)
    claim_folder(work, SETTINGS, {"course": asdict(course), "clips": origin, "versions": versions()}, "pretraining")
    train, calibration, scoring = parts or _divided(draw(drawing, work, jobs, progress), course.seed)
    networks = []
    for position in range(course.seeds):
        progress(position, course.seeds, f"training, seed {course.seed + position}")
        networks.append(_trained(course, train, course.seed + position, work))
    progress(course.seeds, course.seeds, "trained")
    kept, calibrated = _calibrated(networks[0], calibration)
    scored = {"held-out subjects": scoring}
    for title, table in (score_on or {}).items():
        scored[title] = _of_table(table, course, cache, jobs, progress)
    scores = []
    for title, held in scored.items():
        scores += _scores(title, course, networks, train, held)
        scores[-1]["calibration_error"] = expected_calibration_error(kept.predict_proba(held.inputs), held.labels)
    card = kept.card.model_copy(
        update={
            "trained_on": _origin(own, drawing, train),
            "calibration": calibrated,
            "scores": scores,
            "stamps": _stamps(own, course),
            "command": command,
            "versions": versions(),
        }
    )
    return replace(kept, card=card).save(out)


def _of_table(table: ClipTable, course: Course, cache: Path | None, jobs: int | None, progress: Progress) -> Examples:
    """The clips that the scheme covers, as inputs."""
    labelled = label_clips(table, find_scheme(course.scheme))
    inputs = load_inputs(labelled.table, parse_recipe(course.full_recipe()), cache, jobs, progress)
    keys = pd.DataFrame([(clip.database, clip.subject, clip.name) for clip in labelled.table])
    return Examples(inputs, labelled.labels, keys.set_axis(["database", "subject", "clip"], axis=1))


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


def _trained(course: Course, train: Examples, seed: int, work: Path) -> Recogniser:
    """The network of one seed, found in ``work`` or trained and left there."""
    path = work / f"seed-{seed}.safetensors"
    if not path.exists():
        _train(course, train, seed).save(path)
    # Read back in either case: memory laid out otherwise gives sums that differ in the last digit.
    return load_recogniser(path)


def _train(course: Course, train: Examples, seed: int) -> Recogniser:
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
    return Recogniser(card, classifier.module.cpu())


def _calibrated(recogniser: Recogniser, held: Examples) -> tuple[Recogniser, dict[str, Any]]:
    """With its temperature, and what that changed on the subjects that it was fitted on."""
    logits = recogniser.logits(held.inputs)
    temperature = fit_temperature(logits, held.labels)
    facts: dict[str, Any] = {"clips": len(held.labels), "subjects": len(set(held.groups))}
    for name, value in (("before", 1.0), ("after", temperature)):
        proba = probabilities(logits, value)
        facts[name] = {
            "negative_log_likelihood": negative_log_likelihood(proba, held.labels),
            "expected_calibration_error": expected_calibration_error(proba, held.labels),
        }
    return replace(recogniser, card=recogniser.card.model_copy(update={"temperature": temperature})), facts


def _scores(
    title: str, course: Course, networks: Sequence[Recogniser], train: Examples, held: Examples
) -> list[dict[str, Any]]:
    """A row a method on clips that none was trained on: the floors, trained on the same clips, and the networks."""
    classes = list(networks[0].classes)
    task = Task.of(len(classes), networks[0].recipe)
    tables = []
    for floor in FLOORS:
        for seed in range(course.seeds if floor.seeded else 1):
            classifier = floor.build(task, floor.preset("paper"))
            classifier.fit(train.inputs, train.labels, train.groups, seed)
            tables.append(_predictions(floor.name, seed, held, classifier.predict_proba(held.inputs), classes))
    for network in networks:
        proba = probabilities(network.logits(held.inputs))
        tables.append(_predictions(course.method, network.card.seed, held, proba, classes))
    order = [*(floor.name for floor in FLOORS), course.method]
    summary = summarise_run(pd.concat(tables, ignore_index=True), classes, order, dict.fromkeys(order, ()))
    return [{"what": title, **_short(row)} for row in summary]


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


def _origin(own: ClipTable | None, drawing: Drawing, train: Examples) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "databases": sorted(set(train.keys["database"])),
        "clips": len(train.labels),
        "subjects": len(set(train.groups)),
    }
    return facts if own is not None else {**facts, "drawn": drawing.stated}
