"""What ``fit`` gets beside inputs, labels and subjects, for methods that declare it: action units, unlabeled inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.evaluation.fold_inputs import FoldInputs
from merlab.evaluation.plan import Entry, Plan
from merlab.frames import Float32Array


class FitArguments(TypedDict, total=False):
    """Keyword arguments of ``fit``.

    Attributes:
        action_units: the annotators' text of each row of the training inputs, empty where unknown.
        unlabeled: the inputs of the test clips, without labels.

    """

    action_units: list[str]
    unlabeled: Float32Array


def fit_arguments(entry: Entry, table: ClipTable, fold: FoldInputs, train: Sequence[int]) -> FitArguments:
    """What the entry's method declares, for a fold with these training clips; nothing of a test clip but its input."""
    given = FitArguments()
    if entry.method.action_units:
        given["action_units"] = [table[row].action_units for row in train for _ in range(fold.samples)]
    if entry.adapts:
        given["unlabeled"] = fold.test
    return given


def require_action_units(plan: Plan) -> None:
    """Raise MerlabError for a method that needs action units, on clips without any."""
    for entry in plan.entries:
        needed = entry.method.action_units and "synthetic" not in entry.preset.needs
        if needed and not any(clip.action_units for clip in plan.table):
            raise MerlabError(
                f"{entry.name} learns from the action units of the training clips, and none of the {len(plan.table)} "
                "clips has any; use clips whose coding table has action units, or a preset that learns them from "
                "synthetic flow, such as synthetic-teacher"
            )
