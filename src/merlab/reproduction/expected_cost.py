"""What a full reproduction will cost, before it starts: multiply-accumulates, and days on two CPU cores."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from merlab.evaluation.plan import Entry, Plan
from merlab.inference.cost import macs
from merlab.spelling import counted

# The backward pass costs about twice the forward pass. Two idle CPU cores make about so many multiply-accumulates a
# second in the convolutions of these networks.
PASSES = 3
TWO_CORES = 20e9
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class ExpectedCost:
    """The multiply-accumulates of training a method in all folds and with all seeds; None if they are not counted."""

    method: str
    macs: float | None

    @property
    def days(self) -> float:
        """Days on two CPU cores."""
        return (self.macs or 0) / TWO_CORES / SECONDS_OF_A_DAY


def expected_costs(plan: Plan) -> list[ExpectedCost]:
    """The cost of every method of a plan that trains a network, the largest first."""
    costs = [ExpectedCost(entry.name, _macs(plan, entry)) for entry in plan.entries if entry.preset.training]
    return sorted(costs, key=lambda cost: -cost.days)


def expected_cost_text(plan: Plan) -> str:
    """One sentence for each fact that a person must know before starting; empty if nothing trains a network."""
    costs = expected_costs(plan)
    if not costs:
        return ""
    known = [cost for cost in costs if cost.macs is not None]
    others = [cost.method for cost in costs if cost.macs is None]
    each = ", ".join(f"{cost.method} {_days(cost.days)}" for cost in known)
    return (
        f"Published settings: expect {_days(sum(cost.days for cost in known))} of training on two CPU cores "
        f"({each}{'; not counted: ' + ', '.join(others) if others else ''}), by the number of multiply-accumulates. A "
        "GPU is used if there is one. You can stop it at any moment; the same command resumes it."
    )


def _macs(plan: Plan, entry: Entry) -> float | None:
    training, task = entry.preset.training, plan.task(entry)
    if entry.method.network is None or training is None:
        return None
    try:
        with torch.device("meta"):
            forward = macs(entry.method.module(task, entry.preset), *task.shape)
    except Exception:
        # A network of your own may need the values of its tensors.
        if entry.own:
            return None
        raise
    trained = sum(training.steps * training.batch_size if training.steps else len(split.train) for split in plan.splits)
    return float(PASSES * forward * trained * training.epochs * len(entry.seeds))


def _days(days: float) -> str:
    if days < 1 / 24:
        return "less than an hour"
    return counted(round(24 * days), "hour") if days < 2 else f"{days:,.0f} days"
