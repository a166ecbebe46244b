"""From synthetic heads to a report, as a user types it; and a preparation that is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from tests.preparation.test_database_faces import contents

FIVE_POINTS = ("--landmarks", "five-points")


def merlab(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "merlab", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    root = tmp_path_factory.mktemp("raw") / "faces"
    merlab("make-faces", root, "--subjects", 2, "--clips", 6, "--raw", "--preset", "easy", "--jobs", 2)
    return root


@pytest.mark.slow
def test_prepared_heads_are_examined_and_evaluated_like_crops(raw, tmp_path):
    out = merlab("prepare", "synthetic", raw, tmp_path / "prepared", *FIVE_POINTS, "--jobs", 2)
    assert "6 clips prepared" in out
    assert "[SYNTHETIC, FIVE POINTS]" in out
    assert "6 usable clips, 0 faults" in merlab("doctor", "synthetic", tmp_path / "prepared")
    for root in (raw, tmp_path / "prepared"):
        run = tmp_path / f"run-{root.name}"
        options = ["--scheme", "casme2-5", "--protocol", "kfold", "--folds", 2, "--seeds", 1, "--out", run]
        merlab("evaluate", "linear-svm", "--database", "synthetic", "--root", root, *options, "--cache", tmp_path / "c")
        (metrics,) = json.loads((run / "metrics.json").read_text())
        assert 0 <= metrics["uf1"]["mean"] <= 1
        assert "SYNTHETIC" in metrics["stamps"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of Unix")
def test_a_killed_preparation_is_resumed_and_gives_the_same_bytes(raw, tmp_path):
    def command(out):
        command = [sys.executable, "-m", "merlab", "prepare", "synthetic", str(raw), str(tmp_path / out)]
        return [*command, *FIVE_POINTS, "--jobs", "2"]

    subprocess.run(command("undisturbed"), check=True, capture_output=True)
    victim = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "killed").rglob("reg_img*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.02)
    victim.kill()
    victim.wait()
    # Its workers may write for a moment until they notice.
    time.sleep(1)
    subprocess.run(command("killed"), check=True, capture_output=True)
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")
