"""A run that is killed loses no finished work."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from tests.cli.commands import evaluate
from tests.cli.processes import children_of, ended_within, started, wait_until

pytestmark = pytest.mark.usefixtures("nothing_drawn")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 exists only on Unix")
def test_a_killed_run_resumes_and_gives_the_predictions_of_an_uninterrupted_one(merlab, flow, tmp_path):
    def arguments(out, jobs):
        return evaluate(flow, "ststnet", "dbfem-caffm", out=tmp_path / out, epochs=2, seeds=2, jobs=jobs)

    def finished():
        return list((tmp_path / "killed").glob("parts/*/*.parquet"))

    with started(arguments("killed", jobs=2)) as process:
        wait_until(lambda: len(finished()) >= 3)
        workers = children_of(process.pid)
    assert workers
    assert ended_within(15, workers)
    assert 3 <= len(finished()) < 16
    kept = {part: part.stat().st_mtime_ns for part in finished()}
    for out in ("killed", "uninterrupted"):
        status, _, err = merlab(*arguments(out, jobs=1))
        assert status == 0, err
    assert {part: part.stat().st_mtime_ns for part in kept} == kept
    uninterrupted, killed = (
        pd.read_parquet(tmp_path / run / "predictions.parquet") for run in ("uninterrupted", "killed")
    )
    pd.testing.assert_frame_equal(uninterrupted, killed)
