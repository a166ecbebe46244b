"""Prepare, as a user types it."""

from __future__ import annotations

import json

from tests.databases.release import truncate
from tests.preparation.conftest import heads, raw_tree, whole_heads

__all__ = ["heads", "raw_tree", "whole_heads"]


def test_prepare_says_what_it_did_and_the_tree_is_sound(merlab, raw_tree, tmp_path):
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


def test_the_papers_detector_asks_for_its_files(merlab, raw_tree):
    status, _, err = merlab("prepare", "casme2", raw_tree("casme2"), "out", "--detector", "opencv-ssd")
    assert (status, "Traceback" in err) == (1, False)
    assert "face mesh is absent" in err
