"""The version of a run."""

from __future__ import annotations

import shutil
from pathlib import Path

from merlab.evaluation import versions


def test_the_version_of_a_run_states_the_code_that_computes_predictions(tmp_path):
    """A checkout changes its code without its version; where it lies does not matter."""
    stated, package = versions.versions()["merlab"], tmp_path / "merlab"
    for place in versions.COMPUTING:
        source, copied = Path(versions.__file__).parents[1] / place, package / place
        copied.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copied)
    assert versions.digest_of_code(package) == stated.partition("+")[2]
    with (package / "methods" / "svm.py").open("a") as file:
        file.write("TOLERANCE = 1\n")
    versions.digest_of_code.cache_clear()
    assert versions.digest_of_code(package) != stated.partition("+")[2]
