"""The card of a weights file as text: what the recognizer is, and its scores on unseen subjects."""

from __future__ import annotations

import pandas as pd
from pydantic import JsonValue

from merlab.evaluation.same_people import people_of
from merlab.models.card import (
    SYNTHETIC_FACES,
    Calibration,
    CardScore,
    DatabaseCardScore,
    FlowSource,
    ModelCard,
    TrainedOn,
)
from merlab.models.recognizer import Recognizer
from merlab.reports.numbers import estimate_text, number
from merlab.spelling import counted


def card_facts(recognizer: Recognizer) -> pd.DataFrame:
    """What the card states except the scores, one row per fact; what limits the recognizer comes first."""
    card = recognizer.card
    parameters = sum(parameter.numel() for parameter in recognizer.module.parameters())
    facts = {
        "lowest score": _lowest_score(card),
        "ceiling": card.ceiling,
        "method": f"{card.method}, preset {card.preset}, {parameters:,} parameters",
        "classes": f"{', '.join(card.classes)} ({card.scheme})",
        "input": card.recipe,
        "trained on": _training_clips(card.trained_on),
        "seed": str(card.seed),
        **({} if card.calibration is None else _calibration(card.calibration, card.temperature)),
        "intended use": card.intended_use,
        "limits": card.limits,
        "SHA-256": recognizer.digest,
        "made by": card.command and f"`{card.command}`",
        "versions": ", ".join(f"{name} {version}" for name, version in card.versions.items()),
    }
    return pd.DataFrame([{"what": what, "value": value} for what, value in facts.items() if value])


def card_scores(card: ModelCard) -> pd.DataFrame:
    """One row per set of clips, or database in it, and method; the recognizer's own row is that of all its seeds."""
    rows = [_row(score, score.what, score) | _reliability(score) for score in card.scores]
    for score in card.scores:
        if len(score.by_database) > 1:
            rows += [
                _row(score, f"{score.what}: {name}", of) | _reliability(of) for name, of in score.by_database.items()
            ]
    return pd.DataFrame(rows).fillna("")


def score_table(score: CardScore) -> pd.DataFrame:
    """A score of one recognizer: one row for all clips, and one for each database if there are several."""
    parts: dict[str, CardScore | DatabaseCardScore] = {"all" if len(score.by_database) > 1 else score.what: score}
    if len(score.by_database) > 1:
        parts |= score.by_database
    rows = [
        {
            "clips of": what,
            "clips": str(of.clips),
            "UF1": estimate_text(of.uf1),
            "UAR": estimate_text(of.uar),
            "accuracy": estimate_text(of.accuracy),
            **_reliability(of),
        }
        for what, of in parts.items()
    ]
    return pd.DataFrame(rows)


def score_facts(score: CardScore) -> dict[str, JsonValue]:
    """A score as JSON: metrics as numbers with their 95 % intervals over subjects, also for each database."""
    crop: dict[str, JsonValue] = {} if score.crop is None else {"crop": score.crop}
    by_database: dict[str, JsonValue] = {name: _numbers(of) for name, of in score.by_database.items()}
    return {"scored_on": score.what, "subjects": score.subjects, **_numbers(score), **crop, "by_database": by_database}


def _numbers(of: CardScore | DatabaseCardScore) -> dict[str, JsonValue]:
    estimates = {"uf1": of.uf1, "uar": of.uar, "accuracy": of.accuracy}
    return {
        "clips": of.clips,
        **{name: estimate.mean for name, estimate in estimates.items()},
        "majority_accuracy": of.majority,
        "confidence": of.confidence,
        "calibration_error": of.calibration_error,
        **{f"{name}_interval": estimate.interval and list(estimate.interval) for name, estimate in estimates.items()},
    }


def _lowest_score(card: ModelCard) -> str:
    """The database of real faces on which the recognizer does worst; empty if it was not scored on any."""
    scored = [
        (name, of)
        for score in card.scores
        if score.method == card.method and score.confidence is not None
        for name, of in score.by_database.items()
        if people_of(name) != SYNTHETIC_FACES
    ]
    if not scored:
        return ""
    name, worst = min(scored, key=lambda each: each[1].uf1.mean)
    text = f"{name}: UF1 {estimate_text(worst.uf1)}, UAR {estimate_text(worst.uar)}, {counted(worst.clips, 'clip')}"
    if worst.confidence is None or worst.majority is None:
        return text
    return (
        f"{text}; accuracy {estimate_text(worst.accuracy)} (the most frequent class: {number(worst.majority)}), mean "
        f"confidence {number(worst.confidence)}"
    )


def _clips_of_subjects(facts: TrainedOn | FlowSource | Calibration) -> str:
    return f"{counted(facts.clips, 'clip')} of {counted(facts.subjects, 'subject')}"


def _training_clips(trained_on: TrainedOn) -> str:
    if not trained_on.databases:
        return ""
    clips = f"{_clips_of_subjects(trained_on)} of {', '.join(trained_on.databases)}"
    if settings := trained_on.synthetic:
        return f"{clips}: onset and apex, generator presets {', '.join(settings.presets)}, seed {settings.seed}"
    texts = [clips]
    if flow := trained_on.flow:
        texts.append(f"synthetic flow of {_clips_of_subjects(flow)} (SHA-256 {flow.digest})")
    if trained_on.starts:
        texts.append(f"started from files with the SHA-256 {', '.join(trained_on.starts)}")
    return "; ".join(texts)


def _calibration(calibration: Calibration, temperature: float) -> dict[str, str]:
    before, after = calibration.before, calibration.after
    clips = f"{_clips_of_subjects(calibration)} that were not used for training"
    if calibration.label_errors:
        clips += f", for annotators who give {number(calibration.label_errors)} of the labels differently"
    return {
        "temperature": f"{temperature:.3f}, fitted on {clips}",
        "negative log-likelihood there": _change(before.negative_log_likelihood, after.negative_log_likelihood),
        "expected calibration error there": _change(
            before.expected_calibration_error, after.expected_calibration_error
        ),
    }


def _change(before: float, after: float) -> str:
    return f"{number(before)} without the temperature, {number(after)} with it"


def _row(score: CardScore, what: str, of: CardScore | DatabaseCardScore) -> dict[str, str]:
    return {
        "clips of": what,
        "clips": str(of.clips),
        "method": score.method,
        "seeds": str(score.seeds),
        "UF1": estimate_text(of.uf1),
        "UAR": estimate_text(of.uar),
        "accuracy": estimate_text(of.accuracy),
    }


def _reliability(of: CardScore | DatabaseCardScore) -> dict[str, str]:
    values = {
        "most frequent class": of.majority,
        "confidence": of.confidence,
        "calibration error": of.calibration_error,
    }
    return {name: "" if value is None else number(value) for name, value in values.items()}
