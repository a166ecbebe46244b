"""How often the 95 % interval of a metric holds the true value, and how often p is below .05 without a difference.

    python benchmarks/intervals.py --studies 300

A study has subjects with one to many clips (9 on average); each has its own mix of classes and its own difficulty, so
that some lack the rare classes. The true value is that of very many subjects. One row per kind of study and number of
subjects: the share of the studies whose interval holds the true value, for each metric, and of the difference in UF1 of
two methods that are equally good; last the share of these comparisons with p below .05.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.evaluation.metrics import METRICS, MetricName
from merlab.evaluation.significance import Interval, bootstrap_interval, paired_test

SHOWN: tuple[MetricName, ...] = ("uf1", "uar", "accuracy")
SUBJECTS = (3, 5, 10, 16, 26, 68)
MANY = 30_000


@dataclass(frozen=True)
class Studies:
    """The shares of the classes, the recall of each, and how alike the mixes of classes of the subjects are."""

    shares: tuple[float, ...]
    recalls: tuple[float, ...]
    alike: float

    def draw(self, generator: np.random.Generator, subjects: int) -> NDArray[np.int64]:
        """Confusion counts (2, subjects, K, K) of two methods on the same clips; what is wrong is any other class."""
        classes = len(self.shares)
        clips = 1 + generator.negative_binomial(1.2, 0.13, subjects)
        true = generator.multinomial(clips, generator.dirichlet(self.alike * np.array(self.shares), subjects))
        difficulty = generator.gamma(8, 1 / 8, (subjects, 1))
        wrong = generator.binomial(true, np.minimum(1, difficulty * (1 - np.array(self.recalls))), (2, *true.shape))
        others = (1 - np.eye(classes)) / (classes - 1)
        counts = np.stack([generator.multinomial(wrong[..., each], others[each]) for each in range(classes)], axis=-2)
        counts[..., range(classes), range(classes)] = true - wrong
        return counts


KINDS = {
    "3 classes": Studies((0.5, 0.3, 0.2), (0.8, 0.7, 0.6), 4.0),
    "3 classes, nearly all right": Studies((0.5, 0.3, 0.2), (0.96, 0.94, 0.9), 4.0),
    "5 classes, some rare": Studies((0.4, 0.25, 0.2, 0.1, 0.05), (0.8, 0.6, 0.6, 0.6, 0.6), 1.5),
}


def measured(studies: Studies, subjects: int, number: int) -> dict[str, str]:
    """The shares of one row."""
    many = studies.draw(np.random.default_rng(0), MANY).sum(axis=1)
    generator = np.random.default_rng(subjects)
    drawn = [studies.draw(generator, subjects) for _ in range(number)]
    row: dict[str, str] = {}
    for name in SHOWN:
        intervals = [bootstrap_interval(counts[:1], METRICS[name]) for counts in drawn]
        row[name] = _held(intervals, float(METRICS[name](many).mean()))
    compared = [paired_test(counts[:1], counts[1:], "uf1") for counts in drawn]
    row["difference"] = _held([each.interval for each in compared], 0.0)
    return {**row, "p < .05": f"{np.mean([each.p < 0.05 for each in compared]):.2f}"}


def _held(intervals: list[Interval | None], true: float) -> str:
    return f"{np.mean([each is not None and each[0] <= true <= each[1] for each in intervals]):.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=300, help="how many studies each row is about")
    number = parser.parse_args().studies
    rows = [
        {"studies": kind, "subjects": subjects, **measured(studies, subjects, number)}
        for kind, studies in KINDS.items()
        for subjects in SUBJECTS
    ]
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
