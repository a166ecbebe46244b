"""Faces that the tests share, because painting a face takes a second."""

from __future__ import annotations

import pytest

from merlab.synthesis import CAMERA, PRESETS, FaceRenderer, make_renderer

NOISE_FREE = PRESETS["default"].model_copy(update={"noise": 0.0})


@pytest.fixture(scope="session")
def renderer() -> FaceRenderer:
    return make_renderer(0, 0, NOISE_FREE)


@pytest.fixture(scope="session")
def camera() -> FaceRenderer:
    return make_renderer(0, 0, NOISE_FREE, CAMERA)
