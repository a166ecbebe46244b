"""Prepare, as a user types it."""

from __future__ import annotations

import json

import cv2
import pytest

from merlab.faces import model_files
from tests.databases.release import truncate
from tests.preparation.conftest import raw_tree, whole_heads
from tests.videos.recording import write_avi

__all__ = ["raw_tree", "whole_heads"]

# The plain tests do not depend on the file of the face mesh.
FIVE_POINTS = ("--landmarks", "five-points")


@pytest.mark.slow
def test_prepare_reports_what_it_did_and_the_tree_is_sound(merlab, raw_tree, tmp_path):
    status, out, err = merlab("prepare", "casme2", raw_tree("casme2"), "out", *FIVE_POINTS, "--jobs", 1)
    assert (status, "2 clips prepared in out, 0 faults [FIVE POINTS]" in out) == (0, True)
    assert "tilted by up to 3 degrees" in err
    assert merlab("doctor", "casme2", "out")[0] == 0
    manifest = json.loads((tmp_path / "out" / "prepared.json").read_text())
    assert (manifest["faults"], manifest["stamps"]) == ([], ["FIVE POINTS"])


@pytest.mark.parametrize("command", [("prepare", "casme2", "raw-casme2", "out"), ("align", "me.avi", "out")])
def test_without_the_face_mesh_the_command_stops_before_any_work(merlab, raw_tree, video_of_heads, tmp_path, command):
    raw_tree("casme2")
    status, out, err = merlab(*command)
    assert (status, out) == (1, "")
    assert "run `merlab models get` once" in err
    assert "--landmarks five-points" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_the_command_offers_to_fetch_the_face_mesh(merlab, monkeypatch, answer: bool):
    questions: list[str] = []
    fetched: list[bool] = []

    def confirm(question: str, **_: object) -> bool:
        questions.append(question)
        return answer

    monkeypatch.setattr("merlab.cli.faces.has_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", confirm)
    monkeypatch.setattr(model_files, "get_face_mesh", lambda: fetched.append(True))
    # The fake fetches nothing, so the command stops either way.
    status, _, err = merlab("align", "me.avi", "out")
    assert (status, "run `merlab models get` once" in err) == (1, True)
    assert ("face mesh" in questions[0], fetched) == (True, [True] if answer else [])
    merlab("align", "me.avi", "out", *FIVE_POINTS)
    assert len(questions) == 1


@pytest.mark.slow
def test_faults_end_with_status_1_unless_they_are_allowed(merlab, raw_tree):
    root = raw_tree("casme2")
    truncate(root / "Cropped" / "sub01" / "EP02_01f")
    status, out, _ = merlab("prepare", "casme2", root, "out", *FIVE_POINTS, "--jobs", 1)
    assert (status, "truncated" in out, "1 clip prepared in out, 1 fault" in out) == (1, True, True)
    assert merlab("prepare", "casme2", root, "out", *FIVE_POINTS, "--jobs", 1, "--allow-unusable")[0] == 0


@pytest.fixture
def video_of_heads(heads, tmp_path):
    return write_avi(tmp_path / "me.avi", heads, 200.0)


@pytest.mark.slow
def test_align_reports_what_it_did_and_warns(merlab, heads, tmp_path, monkeypatch):
    (tmp_path / "me").mkdir()
    for number, head in enumerate(heads, start=1):
        assert cv2.imwrite(str(tmp_path / "me" / f"{number}.png"), head)
    status, out, err = merlab("align", "me", "out", "--frames", "2:3", *FIVE_POINTS)
    assert (status, "frames 2..3 of me aligned in out/frames [FIVE POINTS]" in out) == (0, True)
    assert "the frame rate is not known" in err
    for wrong in (("--frames", "2-3"), ("--frames", "2:3", "--start", 0)):
        status, _, err = merlab("align", "me", "other", *wrong)
        assert (status, "--frames A:B" in err) == (1, True)
    status, _, err = merlab("align", "nothing.mp4", "other", *FIVE_POINTS)
    assert (status, "does not exist" in err) == (1, True)
    monkeypatch.chdir(tmp_path / "me")
    assert "of me aligned in ../dot/frames" in merlab("align", ".", "../dot", "--frames", "2:3", *FIVE_POINTS)[1]
