"""What tests of whole videos share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.videos.recognizers import small_recognizer


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A file of weights that have learned nothing, and are sure of nothing."""
    path: Path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    small_recognizer(temperature=20.0).save(path)
    return path
