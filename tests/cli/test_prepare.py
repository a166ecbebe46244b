"""Prepare, as a user types it."""

from __future__ import annotations

import json

import cv2

from tests.databases.release import truncate
from tests.preparation.conftest import raw_tree, whole_heads

__all__ = ["raw_tree", "whole_heads"]


def test_prepare_reports_what_it_did_and_the_tree_is_sound(merlab, raw_tree, tmp_path):
    status, out, err = merlab("prepare", "casme2", raw_tree("casme2"), "out", "--jobs", 1)
    assert (status, "2 clips prepared in out, 0 faults" in out) == (0, True)
    assert "merlab models get" in err
    assert merlab("doctor", "casme2", "out")[0] == 0
    assert json.loads((tmp_path / "out" / "prepared.json").read_text())["faults"] == []


def test_faults_end_with_status_1_unless_they_are_allowed(merlab, raw_tree):
    root = raw_tree("casme2")
    truncate(root / "Cropped" / "sub01" / "EP02_01f")
    status, out, _ = merlab("prepare", "casme2", root, "out", "--jobs", 1)
    assert (status, "truncated" in out, "1 clips prepared in out, 1 faults" in out) == (1, True, True)
    assert merlab("prepare", "casme2", root, "out", "--jobs", 1, "--allow-unusable")[0] == 0


def test_the_papers_detector_needs_landmarks(merlab, raw_tree):
    status, _, err = merlab("prepare", "casme2", raw_tree("casme2"), "out", "--detector", "opencv-ssd")
    assert (status, "Traceback" in err) == (1, False)
    assert "face mesh is missing" in err


def test_align_reports_what_it_did_and_warns(merlab, heads, tmp_path):
    (tmp_path / "me").mkdir()
    for number, head in enumerate(heads, start=1):
        assert cv2.imwrite(str(tmp_path / "me" / f"{number}.png"), head)
    status, out, err = merlab("align", "me", "out", "--frames", "2:3")
    assert (status, "frames 2..3 of me aligned in out/frames" in out) == (0, True)
    assert "the frame rate is not known" in err
    for wrong in (("--frames", "2-3"), ("--frames", "2:3", "--start", 0)):
        status, _, err = merlab("align", "me", "other", *wrong)
        assert (status, "--frames A:B" in err) == (1, True)
    status, _, err = merlab("align", "nothing.mp4", "other")
    assert (status, "does not exist" in err) == (1, True)
