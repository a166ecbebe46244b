"""What every engine offers to a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.plan import Plan
from merlab.evaluation.unit import Fit

FitEpoch = Callable[[Fit, int, int], None]
Done = Iterator[tuple[Fit, pd.DataFrame]]


class Engine(Protocol):
    """Does units of work in any order."""

    def work(self, plan: Plan, cache: Path | None, fits: Sequence[Fit], on_epoch: FitEpoch) -> Done:
        """Predictions of each unit, as soon as it is finished.

        ``on_epoch(fit, done, total)`` is called in between, where epochs are known. Raises MerlabError when a
        worker is lost; what was yielded before is complete.
        """


def as_engine(engine: object) -> Engine:
    """An engine; raises MerlabError for anything that does no work."""
    if not callable(getattr(engine, "work", None)):
        raise MerlabError(f"engine must be a LocalEngine or a RayEngine, such as LocalEngine(jobs=4), got {engine!r}")
    return cast("Engine", engine)
