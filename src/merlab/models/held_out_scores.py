"""Scores of a trained network, and of the baselines, on clips of subjects that none of them was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.evaluation.predictions import predictions_table
from merlab.evaluation.summary import MethodSummary, summarize_run
from merlab.methods import Task
from merlab.methods.baselines import BASELINES
from merlab.models.calibration import expected_calibration_error, probabilities
from merlab.models.card import CardScore, DatabaseCardScore, Reliability
from merlab.models.labeled_examples import Examples
from merlab.models.recognizer import Recognizer


def held_out_scores(
    title: str,
    networks: Sequence[Recognizer],
    kept: Recognizer,
    train: Examples,
    held: Examples,
    crop: str | None = None,
) -> list[CardScore]:
    """One score per baseline, fitted on ``train``, and one for the networks of all seeds, on ``held``.

    ``kept`` is the calibrated one of the networks; the last score has its reliability. ``title`` names the clips, and
    ``crop`` states how their crops were corrected.
    """
    classes, own = list(kept.classes), kept.card.method
    order = [*(baseline.name for baseline in BASELINES), own]
    tables = [*_of_baselines(kept, len(networks), train, held), *_of_networks(networks, held)]
    summaries = summarize_run(pd.concat(tables, ignore_index=True), classes, order, dict.fromkeys(order, ()))
    *baselines, last = (_score(title, summary, crop) for summary in summaries)
    return [*baselines, _with_reliability(last, kept, held)]


def held_out_score(title: str, recognizer: Recognizer, held: Examples, crop: str | None = None) -> CardScore:
    """The score of one calibrated recognizer on ``held``, with its reliability."""
    method = recognizer.card.method
    predictions = pd.concat(_of_networks([recognizer], held), ignore_index=True)
    (summary,) = summarize_run(predictions, list(recognizer.classes), [method], {method: ()})
    return _with_reliability(_score(title, summary, crop), recognizer, held)


def _of_baselines(kept: Recognizer, seeds: int, train: Examples, held: Examples) -> Iterator[pd.DataFrame]:
    task = Task.of(len(kept.classes), kept.recipe)
    for baseline in BASELINES:
        for seed in range(seeds if baseline.seeded else 1):
            classifier = baseline.build(task, baseline.preset("paper"))
            classifier.fit(train.inputs, train.labels, train.groups, seed)
            yield _predictions(baseline.name, seed, held, classifier.predict_proba(held.inputs), kept.classes)


def _of_networks(networks: Sequence[Recognizer], held: Examples) -> Iterator[pd.DataFrame]:
    for network in networks:
        proba = probabilities(network.logits(held.inputs))
        yield _predictions(network.card.method, network.card.seed, held, proba, network.classes)


def _predictions(
    method: str, seed: int, held: Examples, proba: NDArray[np.float64], classes: Sequence[str]
) -> pd.DataFrame:
    rows = held.keys.assign(run="", method=method, fold="", seed=seed)
    return predictions_table(rows, [classes[label] for label in held.labels], proba, classes)


def _score(title: str, summary: MethodSummary, crop: str | None) -> CardScore:
    return CardScore(
        what=title,
        method=summary.method,
        clips=summary.clips,
        subjects=summary.subjects,
        seeds=summary.seeds,
        uf1=summary.uf1,
        uar=summary.uar,
        accuracy=summary.accuracy,
        compared=summary.compared,
        by_database={
            name: DatabaseCardScore(clips=of.clips, uf1=of.uf1, uar=of.uar, accuracy=of.accuracy)
            for name, of in summary.by_database.items()
        },
        crop=crop,
    )


def _with_reliability(score: CardScore, kept: Recognizer, held: Examples) -> CardScore:
    """The score with the reliability of ``kept`` on all clips, and on those of each database."""
    proba, databases = kept.predict_proba(held.inputs), held.keys["database"].to_numpy()
    by_database = {}
    for name, of in score.by_database.items():
        rows = databases == name
        by_database[name] = of.model_copy(update=dict(_reliability(proba[rows], held.labels[rows])))
    return score.model_copy(update={**dict(_reliability(proba, held.labels)), "by_database": by_database})


def _reliability(proba: NDArray[np.float64], labels: NDArray[np.int64]) -> Reliability:
    return Reliability(
        confidence=float(proba.max(axis=1).mean()),
        calibration_error=expected_calibration_error(proba, labels),
        majority=float(np.bincount(labels).max() / len(labels)),
    )
