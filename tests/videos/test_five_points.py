"""Faces in a video are aligned by the face mesh; five points are a choice that every output states."""

from __future__ import annotations

import json

import pytest

from merlab.errors import MerlabError
from merlab.faces import model_files
from merlab.faces.alignment import FaceFinding
from merlab.videos.recognition import recognize, recognize_each
from tests.videos.recording import write_avi

FPS = 25.0
FRAMES = 40
FIVE_POINTS = FaceFinding(landmarks="five-points")


@pytest.fixture
def no_mesh(monkeypatch, tmp_path):
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path / "models")


@pytest.fixture
def head(heads, tmp_path):
    (tmp_path / "videos").mkdir()
    return write_avi(tmp_path / "videos" / "head.avi", [heads[0]] * FRAMES, FPS)


def test_without_the_mesh_a_video_is_refused_before_any_work_with_the_one_command(head, weights, no_mesh, tmp_path):
    with pytest.raises(MerlabError, match="run `merlab models get` once.*five-points"):
        recognize(head, tmp_path / "out", weights=weights, progress=False)
    assert not (tmp_path / "out").exists()


def test_without_the_mesh_a_folder_of_videos_is_refused_once(head, weights, no_mesh, tmp_path):
    with pytest.raises(MerlabError, match="run `merlab models get` once"):
        recognize_each(head.parent, tmp_path / "out", weights=weights, progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_result_by_five_points_is_labeled_in_every_output(head, weights, no_mesh, tmp_path):
    result = recognize(head, tmp_path / "out", finding=FIVE_POINTS, weights=weights, progress=False)
    stored = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert stored["settings"]["landmarks"] == stored["asked"]["landmarks"] == "five-points"
    assert "FIVE POINTS" in stored["stamps"]
    assert "FIVE POINTS" in result.metadata.named_stamps
    assert any("tilted by up to 3 degrees" in warning for warning in result.warnings)
    for name in ("report.html", "events.eaf"):
        assert "FIVE POINTS" in (tmp_path / "out" / name).read_text(), name
    assert "FIVE POINTS" in result._repr_html_()


@pytest.fixture
def face(heads, tmp_path):
    return write_avi(tmp_path / "face.avi", [heads[0][60:342, 200:431].copy()] * FRAMES, FPS)


@pytest.mark.slow
def test_aligned_faces_need_no_mesh_and_have_no_such_label(face, weights, no_mesh, tmp_path):
    result = recognize(face, tmp_path / "out", aligned=True, finding=FIVE_POINTS, weights=weights, progress=False)
    assert result.metadata.settings.landmarks is None
    assert "FIVE POINTS" not in result.metadata.stamps


@pytest.mark.slow
def test_results_of_earlier_versions_do_not_state_the_landmarks(face, weights, no_mesh, tmp_path):
    result = recognize(face, tmp_path / "out", aligned=True, weights=weights, progress=False)
    old = result.metadata.model_dump(mode="json")
    del old["settings"]["landmarks"], old["asked"]["landmarks"], old["stamps"]
    assert type(result.metadata).model_validate(old).stamps == result.metadata.model.stamps
