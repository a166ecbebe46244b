"""The face mesh gives the same landmarks under every runtime."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.faces.detection import make_detector
from merlab.faces.landmarks import FaceMesh
from merlab.faces.mesh_network import MESH_SIDE, load_opencv, load_openvino

# Slow tests run where the extras are installed.
pytestmark = pytest.mark.slow


def test_openvino_gives_the_landmarks_of_opencv(face_mesh, heads):
    pytest.importorskip("openvino")
    opencv, openvino = (FaceMesh(face_mesh, load) for load in (load_opencv, load_openvino))
    for frame, _ in heads:
        face = make_detector().detect(frame)[0]
        expected, found = opencv.locate(frame, face), openvino.locate(frame, face)
        assert np.abs(found.points - expected.points).max() < 0.05
        assert found.presence == pytest.approx(expected.presence, abs=1e-4)


def test_the_model_is_found_in_a_folder_of_any_name(monkeypatch, tmp_path, face_mesh):
    """OpenCV crashes where a path is not UTF-8, and on Windows opens none outside of the system's language."""
    read = cv2.dnn.readNetFromTFLite

    def without_paths(model):
        assert not isinstance(model, str)
        return read(model)

    monkeypatch.setattr(cv2.dnn, "readNetFromTFLite", without_paths)
    (folder := tmp_path / os.fsdecode("Müller".encode("latin-1"))).mkdir()
    copied = Path(shutil.copy(face_mesh, folder / "mesh.tflite"))
    crop = np.full((MESH_SIDE, MESH_SIDE, 3), 90, np.uint8)
    (points, presence), (expected, expected_presence) = load_opencv(copied)(crop), load_opencv(face_mesh)(crop)
    assert np.array_equal(points, expected)
    assert presence == expected_presence


@pytest.mark.skipif(sys.platform != "linux" or (os.cpu_count() or 1) < 2, reason="needs Linux and two cores")
def test_openvino_does_not_tie_the_process_to_one_core(face_mesh):
    """Several processes would share it, whatever other cores are idle."""
    pytest.importorskip("openvino")
    cores, seen = frozenset(os.sched_getaffinity(0)), set()
    # Other libraries that tests before used in this process may have tied threads of their own, as ONNX Runtime does.
    tied = {task for task, of_task in cores_of_threads().items() if of_task != cores}
    compute, crop = load_openvino(face_mesh), np.zeros((MESH_SIDE, MESH_SIDE, 3), np.uint8)
    worker = threading.Thread(target=lambda: [compute(crop) for _ in range(30)])
    worker.start()
    while worker.is_alive():
        seen |= {of_task for task, of_task in cores_of_threads().items() if task not in tied}
    assert seen == {cores}


def cores_of_threads() -> dict[int, frozenset[int]]:
    """The cores that each thread of this process may use."""
    found = {}
    for task in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that has just ended
            found[int(task.name)] = frozenset(os.sched_getaffinity(int(task.name)))
    return found
