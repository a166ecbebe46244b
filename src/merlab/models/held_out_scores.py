"""Scores of a trained network, and of the baselines, on clips of subjects that none of them was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.evaluation.predictions import predictions_table
from merlab.evaluation.summary import MethodSummary, summarize_run
from merlab.methods import Task
from merlab.methods.baselines import BASELINES
from merlab.models.calibration import expected_calibration_error, probabilities
from merlab.models.card import CardScore, DatabaseCardScore
from merlab.models.labeled_examples import Examples
from merlab.models.recognizer import Recognizer


def held_out_scores(
    title: str, networks: Sequence[Recognizer], kept: Recognizer, train: Examples, held: Examples
) -> list[CardScore]:
    """One score per baseline, fitted on ``train``, and one for the networks of all seeds, on ``held``.

    ``kept`` is the calibrated one of the networks; the last score has its confidence and calibration error. ``title``
    names the clips.
    """
    classes = list(kept.classes)
    task = Task.of(len(classes), kept.recipe)
    tables = []
    for baseline in BASELINES:
        for seed in range(len(networks) if baseline.seeded else 1):
            classifier = baseline.build(task, baseline.preset("paper"))
            classifier.fit(train.inputs, train.labels, train.groups, seed)
            tables.append(_predictions(baseline.name, seed, held, classifier.predict_proba(held.inputs), classes))
    for network in networks:
        proba = probabilities(network.logits(held.inputs))
        tables.append(_predictions(kept.card.method, network.card.seed, held, proba, classes))
    order = [*(baseline.name for baseline in BASELINES), kept.card.method]
    summaries = summarize_run(pd.concat(tables, ignore_index=True), classes, order, dict.fromkeys(order, ()))
    *baselines, own = (_score(title, summary) for summary in summaries)
    proba = kept.predict_proba(held.inputs)
    reliability = {
        "confidence": float(proba.max(axis=1).mean()),
        "calibration_error": expected_calibration_error(proba, held.labels),
    }
    return [*baselines, own.model_copy(update=reliability)]


def _predictions(
    method: str, seed: int, held: Examples, proba: NDArray[np.float64], classes: Sequence[str]
) -> pd.DataFrame:
    rows = held.keys.assign(run="", method=method, fold="", seed=seed)
    return predictions_table(rows, [classes[label] for label in held.labels], proba, classes)


def _score(title: str, summary: MethodSummary) -> CardScore:
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
    )
