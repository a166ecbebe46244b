"""From synthetic heads to a report, as a user types it, with a preparation that is killed."""

from __future__ import annotations

import json
import sys

import pytest

from merlab.preparation.database_faces import prepare
from merlab.synthesis import make_faces
from tests.cli.processes import started, wait_until
from tests.helpers import move_briefly
from tests.preparation.conftest import FIVE_POINTS
from tests.preparation.test_database_faces import contents

LANDMARKS = ("--landmarks", "five-points")


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of Unix")
def test_a_killed_preparation_is_resumed_to_the_same_bytes_which_are_evaluated_like_crops(
    merlab, tmp_path, monkeypatch
):
    # A face is found in each frame, three times.
    move_briefly(monkeypatch)
    # With this seed, each subject has clips of two classes.
    raw = make_faces(tmp_path / "raw", subjects=2, clips=4, raw=True, preset="easy", seed=2, jobs=1)
    out = tmp_path / "prepared"
    with started(("prepare", "synthetic", raw, out, *LANDMARKS, "--jobs", 2)):
        wait_until(lambda: list(out.rglob("reg_img*.jpg")))
    status, printed, err = merlab("prepare", "synthetic", raw, out, *LANDMARKS, "--jobs", 1)
    assert status == 0, err
    assert "4 clips prepared" in printed
    assert "[SYNTHETIC, FIVE POINTS]" in printed
    prepare("synthetic", raw, tmp_path / "undisturbed", FIVE_POINTS, jobs=1, progress=False)
    assert contents(out) == contents(tmp_path / "undisturbed")

    assert "4 usable clips, 0 faults" in merlab("doctor", "synthetic", out)[1]
    options = ["--scheme", "casme2-5", "--protocol", "kfold", "--folds", 2, "--seeds", 1, "--jobs", 1]
    for root in (raw, out):
        run = tmp_path / f"run-{root.name}"
        evaluate = ("evaluate", "linear-svm", "--database", "synthetic", "--root", root, *options, "--out", run)
        status, _, err = merlab(*evaluate)
        assert status == 0, err
        (metrics,) = json.loads((run / "metrics.json").read_text())
        assert 0 <= metrics["uf1"]["mean"] <= 1
        assert "SYNTHETIC" in metrics["stamps"]
