"""The frames of a video have one size."""

from __future__ import annotations

import cv2
import pytest

from merlab.errors import MerlabError
from merlab.videos.recognition import recognize
from tests.videos.recording import moving_face


def test_images_of_two_sizes_are_refused_with_the_remedy(weights, tmp_path):
    (tmp_path / "images").mkdir()
    for number, size in enumerate([(231, 282)] * 3 + [(462, 564)], start=1):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), cv2.resize(moving_face(1)[0], size))
    with pytest.raises(MerlabError, match="frame 4 has 462x564 pixels, those before 231x282; .* of each size on"):
        recognize(tmp_path / "images", tmp_path / "out", aligned=True, fps=50, weights=weights, jobs=1, progress=False)
