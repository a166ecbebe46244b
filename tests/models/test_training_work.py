"""What the work of a training states about its clips."""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlab.models.labeled_examples import Examples
from merlab.models.training import Training
from merlab.models.training_work import TrainingWork
from merlab.progress import silent
from merlab.schemes import find_scheme


def examples(database: str, clips: int) -> Examples:
    """Clips of two subjects of one database."""
    rows = [(database, f"s{row % 2}", f"c{row}") for row in range(clips)]
    keys = pd.DataFrame(rows, columns=["database", "subject", "clip"])
    return Examples(np.zeros((clips, 3, 28, 28), np.float32), np.zeros(clips, np.int64), keys)


def test_a_database_whose_subjects_set_the_temperature_is_one_that_training_used(tmp_path):
    training = Training("mine", "ststnet", "reduced", find_scheme("megc2019"), None, 0, 1)
    work = TrainingWork(training, tmp_path, None, None, (), 1, silent)
    stated = work.trained_on(examples("smic", 5), examples("casme2", 3))
    assert stated.databases == ("casme2", "smic")
    assert (stated.clips, stated.subjects) == (5, 2)
