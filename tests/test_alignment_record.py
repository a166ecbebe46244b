"""What merlab recorded beside aligned faces: stamps are never lost in silence."""

from __future__ import annotations

import json

import pytest

from merlab.alignment_record import preparation_of
from merlab.errors import MerlabError
from merlab.json_models import sealed

RECORD = {"database": "casme2", "settings": {"landmarks": "mesh"}, "stamps": ["SYNTHETIC"]}


@pytest.mark.parametrize("record", [RECORD, sealed(RECORD)])
def test_the_record_is_in_the_folder_or_above_it_with_or_without_a_digest(tmp_path, record):
    (tmp_path / "prepared.json").write_text(json.dumps(record))
    (tmp_path / "clip").mkdir()
    for folder in (tmp_path, tmp_path / "clip"):
        preparation = preparation_of(folder)
        assert preparation is not None
        assert preparation.title == "merlab prepare: landmarks mesh"
        assert preparation.stamps == ("SYNTHETIC",)


@pytest.mark.parametrize("content", ["[]", "{", json.dumps({**sealed(RECORD), "stamps": []})])
def test_a_damaged_record_is_named_with_the_remedy(tmp_path, content):
    (tmp_path / "prepared.json").write_text(content)
    with pytest.raises(MerlabError, match=r"prepared\.json is .*(make the faces again|run the command)"):
        preparation_of(tmp_path)


def test_frames_without_a_record_were_not_aligned_by_merlab(tmp_path):
    assert preparation_of(tmp_path / "clip") is None
