"""What a result states about its recognizer, with and without loading it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from merlab.models.shipped import SHIPPED
from merlab.videos.used_model import used_model


def test_the_card_alone_states_the_same_as_the_loaded_recognizer():
    assert used_model(None, "auto") == used_model(None, "torch") == used_model(SHIPPED, "auto")


@pytest.mark.slow
def test_a_video_is_planned_without_pytorch():
    program = "import sys, merlab.videos.recognition; print({'torch', 'openvino', 'scipy.optimize'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "set()"
