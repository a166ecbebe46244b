"""Ctrl-C and two commands on one output, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.cli.commands import evaluate
from tests.cli.processes import children_of, ended_within, started, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals exist only on Unix")


def make_videos(out: Path, jobs: int) -> list[object]:
    return ["make-videos", out, "--subjects", 2, "--minutes", 5, "--jobs", jobs]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_command_names_what_is_kept_and_how_to_continue(tmp_path, number):
    with started(make_videos(tmp_path / "out", jobs=1)) as process:
        wait_until((tmp_path / "out" / "SYNTHETIC_videos").exists)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    lines = [line for line in err.splitlines() if not line[0].isdigit()]
    assert lines == [
        f"stopped: finished work is kept in {tmp_path / 'out'}",
        f"to continue: merlab make-videos {tmp_path / 'out'} --subjects 2 --minutes 5 --jobs 1",
    ]
    assert out == ""


@pytest.mark.slow
def test_under_nohup_the_end_of_the_terminal_stops_nothing(tmp_path):
    with started(make_videos(tmp_path / "out", jobs=1), under_nohup=True) as process:
        wait_until((tmp_path / "out" / "SYNTHETIC_videos").exists)
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=3)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_no_worker_stays_behind_and_none_prints(flow, tmp_path, number):
    evaluating = [*evaluate(flow, "ststnet", out=tmp_path / "run", epochs=3000, jobs=2), "--cache", tmp_path / "cache"]
    begun_by = {"run/run.json": evaluating, "videos/SYNTHETIC_videos": make_videos(tmp_path / "videos", jobs=2)}
    for first, arguments in begun_by.items():
        # As in a terminal, Ctrl-C and its end reach all processes of the command.
        with started(arguments, start_new_session=True) as process:
            wait_until((tmp_path / first).exists)
            wait_until(partial(_has_workers, process.pid))
            workers = children_of(process.pid)
            os.killpg(process.pid, number)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in err
        assert err.count("stopped: finished work is kept in") == 1
        assert ended_within(15, workers)


def _has_workers(process: int) -> bool:
    return len(children_of(process)) >= 2


@pytest.mark.slow
def test_a_second_command_on_the_same_output_stops(merlab, tmp_path):
    with started(make_videos(tmp_path / "out", jobs=1)) as process:
        wait_until((tmp_path / "out" / "SYNTHETIC_videos").exists)
        status, _, err = merlab(*make_videos(tmp_path / "out", jobs=1))
        assert status == 1
        assert f"out is being written by process {process.pid} since " in err
        assert "(merlab make-videos " in err
