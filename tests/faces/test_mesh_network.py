"""The face mesh gives the same landmarks under every runtime."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.faces.detection import make_detector
from merlab.faces.landmarks import FaceMesh
from merlab.faces.mesh_network import TOLERANCE, load_opencv, load_openvino


def test_openvino_gives_the_landmarks_of_opencv(face_mesh, heads):
    pytest.importorskip("openvino")
    opencv, openvino = (FaceMesh(face_mesh, load) for load in (load_opencv, load_openvino))
    for frame, _ in heads:
        face = make_detector().detect(frame)[0]
        expected, found = opencv.locate(frame, face), openvino.locate(frame, face)
        assert np.abs(found.points - expected.points).max() < TOLERANCE
        assert found.presence == pytest.approx(expected.presence, abs=1e-4)
