"""Messages of the library, for users of the service."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.serving.page_words import in_page_words
from merlab.spotting.aligned_frames import require_aligned


def test_frames_that_are_not_aligned_faces_are_sent_again_without_the_setting():
    with pytest.raises(MerlabError) as refused:
        require_aligned(Path("a.mp4"), np.zeros((240, 320, 3), np.uint8))
    assert in_page_words(str(refused.value)).endswith(
        "or send the video again without the setting “Aligned faces”, which aligns them"
    )
