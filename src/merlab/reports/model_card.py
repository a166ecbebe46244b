"""A file of weights described for people: what it is, and how well it does on subjects that it has not seen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from merlab.models.recognizer import ModelCard, Recognizer
from merlab.reports.tables import estimate, number


def card_facts(recognizer: Recognizer) -> pd.DataFrame:
    """What the file says of itself, a row a fact."""
    card = recognizer.card
    parameters = sum(parameter.numel() for parameter in recognizer.module.parameters())
    before, after = card.calibration["before"], card.calibration["after"]
    facts = {
        "method": f"{card.method}, preset {card.preset}, {parameters:,} parameters",
        "classes": f"{', '.join(card.classes)} ({card.scheme})",
        "input": card.recipe,
        "trained on": f"{_counted(card.trained_on)} of {', '.join(card.trained_on['databases'])}{_drawn(card)}",
        "seed": str(card.seed),
        "temperature": f"{card.temperature:.3f}, fitted on {_counted(card.calibration)} that training did not see",
        "negative log-likelihood there": _change(before, after, "negative_log_likelihood"),
        "expected calibration error there": _change(before, after, "expected_calibration_error"),
        "intended use": card.intended_use,
        "limits": card.limits,
        "SHA-256": recognizer.digest,
        "made by": f"`{card.command}`",
        "versions": ", ".join(f"{name} {version}" for name, version in card.versions.items()),
    }
    return pd.DataFrame([{"what": what, "value": value} for what, value in facts.items() if value])


def card_scores(card: ModelCard) -> pd.DataFrame:
    """A row a set of clips, or a database in it, and a method; the model's own row is of all its seeds."""
    rows = [_score(score, score["what"], score) for score in card.scores]
    for score in card.scores:
        if len(score["by_database"]) > 1:
            rows += [_score(score, f"{score['what']}: {name}", of) for name, of in score["by_database"].items()]
    return pd.DataFrame(rows)


def _score(score: dict[str, Any], what: str, of: dict[str, Any]) -> dict[str, str]:
    return {
        "clips of": what,
        "clips": str(of["clips"]),
        "method": score["method"],
        "seeds": str(score["seeds"]),
        "UF1": estimate(**of["uf1"]),
        "UAR": estimate(**of["uar"]),
        "accuracy": estimate(**of["accuracy"]),
        "sure": number(of["confidence"]) if "confidence" in of else "",
        "calibration error": number(of["calibration_error"]) if "calibration_error" in of else "",
    }


def _counted(facts: dict[str, Any]) -> str:
    return f"{facts['clips']} clips of {facts['subjects']} subjects"


def _drawn(card: ModelCard) -> str:
    drawn = card.trained_on.get("drawn")
    if not drawn:
        return ""
    return f": onset and apex drawn in memory, generator presets {', '.join(drawn['presets'])}, seed {drawn['seed']}"


def _change(before: dict[str, float], after: dict[str, float], name: str) -> str:
    return f"{number(before[name])} without the temperature, {number(after[name])} with it"
