"""The card of a weights file as text: what the recognizer is, and its scores on unseen subjects."""

from __future__ import annotations

import pandas as pd

from merlab.models.card import Calibration, CardScore, DatabaseCardScore, ModelCard, TrainedOn
from merlab.models.recognizer import Recognizer
from merlab.reports.tables import estimate_text, number


def card_facts(recognizer: Recognizer) -> pd.DataFrame:
    """What the card states except the scores, one row per fact."""
    card = recognizer.card
    parameters = sum(parameter.numel() for parameter in recognizer.module.parameters())
    facts = {
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
            rows += [_row(score, f"{score.what}: {name}", of) for name, of in score.by_database.items()]
    return pd.DataFrame(rows).fillna("")


def _training_clips(trained_on: TrainedOn) -> str:
    if not trained_on.databases:
        return ""
    clips = f"{trained_on.clips} clips of {trained_on.subjects} subjects of {', '.join(trained_on.databases)}"
    settings = trained_on.synthetic
    if settings is None:
        return clips
    return f"{clips}: onset and apex, generator presets {', '.join(settings.presets)}, seed {settings.seed}"


def _calibration(calibration: Calibration, temperature: float) -> dict[str, str]:
    before, after = calibration.before, calibration.after
    clips = f"{calibration.clips} clips of {calibration.subjects} subjects that were not used for training"
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


def _reliability(score: CardScore) -> dict[str, str]:
    values = {"confidence": score.confidence, "calibration error": score.calibration_error}
    return {name: "" if value is None else number(value) for name, value in values.items()}
