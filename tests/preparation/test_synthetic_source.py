"""Frames that are aligned from synthetic ones keep their stamp."""

from __future__ import annotations

import cv2
import pytest

from merlab.preparation.video_faces import align
from merlab.stamps import SYNTHETIC
from tests.preparation.conftest import FIVE_POINTS


@pytest.mark.slow
@pytest.mark.parametrize(("name", "stamped"), [("SYNTHETIC_sub01", True), ("sub01", False)])
def test_a_recording_outside_of_its_folder_is_known_by_its_name(tmp_path, heads, name, stamped):
    (tmp_path / name).mkdir()
    for number, head in enumerate(heads, start=1):
        cv2.imwrite(str(tmp_path / name / f"img{number}.jpg"), head)
    record = align(tmp_path / name, tmp_path / "out", FIVE_POINTS, fps=200)
    assert (SYNTHETIC in record.stamps) == stamped
