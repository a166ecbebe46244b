"""A run that is killed loses no finished work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from tests.cli.commands import evaluate
from tests.cli.processes import children_of, ended_within


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 exists only on Unix")
def test_a_killed_run_resumes_and_gives_the_predictions_of_an_uninterrupted_one(flow, tmp_path):
    def command(out):
        arguments = evaluate(flow, "ststnet", "dbfem-caffm", out=tmp_path / out, epochs=2, seeds=2, jobs=2)
        return [sys.executable, "-m", "merlab", *map(str, arguments), "--cache", str(tmp_path / "cache")]

    subprocess.run(command("uninterrupted"), check=True, capture_output=True)
    process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "killed").glob("parts/*/*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = children_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert workers
    assert ended_within(15, workers)
    done = len(list((tmp_path / "killed").glob("parts/*/*.parquet")))
    assert 3 <= done < 16
    subprocess.run(command("killed"), check=True, capture_output=True)
    uninterrupted, killed = (
        pd.read_parquet(tmp_path / run / "predictions.parquet") for run in ("uninterrupted", "killed")
    )
    pd.testing.assert_frame_equal(uninterrupted, killed)
