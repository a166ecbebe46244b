"""Of several builds of OpenCV in one folder, the last one installed remains; pip reports neither that nor its loss."""

from __future__ import annotations

import importlib

import cv2
import pytest

from merlab.errors import MerlabError
from merlab.frames import images


@pytest.mark.parametrize(("version", "state"), [("5.0.0", "is 5.0.0"), (None, "is incomplete")])
def test_another_build_is_named_with_the_remedy_when_frames_are_first_needed(monkeypatch, version, state):
    if version is None:
        monkeypatch.delattr(cv2, "__version__")
    else:
        monkeypatch.setattr(cv2, "__version__", version)
    with pytest.raises(MerlabError, match=f"OpenCV {state}, and merlab needs .* pip uninstall -y opencv-python "):
        importlib.reload(images)
