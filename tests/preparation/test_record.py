"""What the record of a clip gives: the regions at its first onset, and its landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.alignment_record import RECORD
from merlab.errors import MerlabError
from merlab.faces.regions import REGIONS, regions_from_landmarks
from merlab.json_models import write_model
from merlab.preparation.record import AlignmentQuality, AlignmentRecord, FaceBox, landmarks_of, read_record
from merlab.vocabulary import LandmarkSource
from tests.helpers import make_clip

FIRST, SECOND = (tuple(map(tuple, 100 * np.random.default_rng(seed).random((468, 2)))) for seed in (0, 1))


def record(source: LandmarkSource) -> AlignmentRecord:
    """Of two clips that share a folder, with onsets 73 and 100."""
    return AlignmentRecord(
        clip="sub01 EP01_12",
        stamps=(),
        frames=(73, 120),
        fps=60,
        transform=((1, 0, 0), (0, 1, 0)),
        face=FaceBox(box=(0, 0, 9, 9), confidence=0.9),
        landmark_source=source,
        landmarks={73: FIRST, 100: SECOND},
        quality=AlignmentQuality(pupil_distance_px=60, coverage=1, frames_with_face=48, head_motion_px=0),
        lost=(),
        jumps=(),
        warnings=(),
    )


def test_the_regions_of_a_mesh_are_those_of_the_first_onset_also_when_they_are_read(tmp_path):
    write_model(tmp_path / RECORD, record("mesh"))
    assert record("mesh").regions == read_record(tmp_path).regions == regions_from_landmarks(FIRST)
    assert record("five-points").regions == REGIONS


def test_a_clip_has_the_landmarks_of_its_own_onset(tmp_path):
    write_model(tmp_path / RECORD, record("mesh"))
    np.testing.assert_array_equal(landmarks_of(make_clip(tmp_path, onset=100, apex=110, offset=120)), SECOND)
    with pytest.raises(MerlabError, match="has landmarks at frame 73, 100, not at the onset 99"):
        landmarks_of(make_clip(tmp_path, onset=99, apex=110, offset=120))


def test_clips_without_a_mesh_have_no_landmarks_and_the_message_says_why(tmp_path):
    clip = make_clip(tmp_path, onset=100, apex=110, offset=120)
    with pytest.raises(MerlabError, match="has no alignment.json, so its faces were not aligned by merlab"):
        landmarks_of(clip)
    write_model(tmp_path / RECORD, record("five-points"))
    with pytest.raises(MerlabError, match="was aligned by five points, which give no outlines .* into a new folder"):
        landmarks_of(clip)
