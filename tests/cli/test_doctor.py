"""Doctor on the releases that come with a coding table: what it prints, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.databases.release import truncate
from tests.databases.test_faults import TREES


@pytest.mark.parametrize("name", ["casme2", "casme", "samm", "smic"])
def test_a_sound_copy_ends_well_and_a_damaged_one_does_not(merlab, tmp_path, name):
    tree = TREES[name]
    root = tree.write(tmp_path / "copy")
    status, out, _ = merlab("doctor", name, root)
    assert (status, "2 usable clips, 0 faults" in out) == (0, True)
    truncate(root / tree.folder)
    status, out, _ = merlab("doctor", name, root, "--json")
    (fault,) = [finding for finding in json.loads(out)["findings"] if finding["severity"] == "unusable"]
    assert (status, fault["where"], "is truncated" in fault["found"]) == (1, tree.clip, True)
