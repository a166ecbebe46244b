"""make-flow, as a user types it."""

from __future__ import annotations

import pytest

from merlab.synthesis import read_flow


@pytest.mark.slow
def test_make_flow_writes_a_folder_and_does_not_replace_other_settings(merlab, tmp_path):
    command = ("make-flow", tmp_path / "flow", "--subjects", 1, "--clips", 2, "--jobs", 1)
    status, out, _ = merlab(*command)
    assert status == 0
    assert out == f"SYNTHETIC flow of 2 clips of 1 subject written to {tmp_path / 'flow'}\n"
    assert len(read_flow(tmp_path / "flow")) == 2
    status, _, err = merlab(*command, "--seed", 1)
    assert status == 1
    assert "--seed 0 -> 1" in err
    assert merlab(*command, "--seed", 1, "--again")[0] == 0
