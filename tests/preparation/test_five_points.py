"""Faces that are aligned by five points are labeled in the record, in the manifest, and in what is made from them."""

from __future__ import annotations

import json

import pytest

from merlab.alignment_record import MANIFEST
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.faces import model_files
from merlab.preparation.database_faces import prepare
from merlab.preparation.record import read_record
from merlab.preparation.video_faces import FRAMES, align
from tests.preparation.conftest import FIVE_POINTS
from tests.preparation.test_video_faces import write_folder


@pytest.fixture(autouse=True)
def no_mesh(monkeypatch, tmp_path):
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path / "models")


def test_without_the_mesh_nothing_is_begun(raw_tree, heads, tmp_path):
    for begin in (
        lambda: prepare("casme2", raw_tree("casme2"), tmp_path / "out", jobs=1, progress=False),
        lambda: align(write_folder(tmp_path / "me", heads), tmp_path / "out", progress=False),
    ):
        with pytest.raises(MerlabError, match="run `merlab models get` once.*FaceFinding.landmarks='five-points'"):
            begin()
        assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["casme2", "smic"])
def test_a_prepared_database_carries_the_stamp_into_every_table_of_its_clips(raw_tree, tmp_path, name):
    prepare(name, raw_tree(name), tmp_path / "out", FIVE_POINTS, jobs=1, progress=False)
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["settings"]["landmarks"] == "five-points"
    assert manifest["stamps"] == ["FIVE POINTS"]
    table = load(name, tmp_path / "out")
    assert table.stamps == ("FIVE POINTS",)
    assert read_record(table.clips[0].source).stamps == ("FIVE POINTS",)


def test_an_aligned_clip_carries_the_stamp_and_the_warning(heads, tmp_path):
    source = write_folder(tmp_path / "me", heads)
    record = align(source, tmp_path / "out", FIVE_POINTS, fps=200, progress=False)
    assert record.stamps == ("FIVE POINTS",)
    assert any("tilted by up to 3 degrees" in warning for warning in record.warnings)
    assert read_record(tmp_path / "out" / FRAMES) == record
