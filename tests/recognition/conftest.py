"""What tests of whole videos share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recognition.recognisers import small_recogniser


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A file of weights that have learned nothing, and are sure of nothing."""
    path: Path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    small_recogniser(temperature=20.0).save(path)
    return path
