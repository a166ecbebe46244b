"""The clock uses the time stamps of the container only where its frame rate varies."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.videos.chunks.assembly import Clock, FaceRecord, event_name
from merlab.videos.chunks.chunk_record import ChunkRecord, TrackQuality

FPS = 25.0


def clock_of(folder, *chunks):
    for index, seconds in enumerate(chunks):
        ChunkRecord(owned=(1, 1 + len(seconds)), seconds=seconds, size=(231, 282)).write(folder / str(index))
    return Clock.of_chunks(FPS, [folder / str(index) for index in range(len(chunks))])


def test_even_time_stamps_count_by_the_frame_rate(tmp_path):
    even = (np.arange(100) / FPS + 0.3).tolist()
    clock = clock_of(tmp_path, even[:60], even[60:])
    assert clock.times is None
    assert [clock(1), clock(26)] == [0, 1]


def test_uneven_ones_count_from_the_first_over_all_chunks(tmp_path):
    steps = np.where(np.arange(100) % 3 == 0, 0.08, 0.02)
    uneven = (0.3 + np.cumsum(steps)).tolist()
    clock = clock_of(tmp_path, uneven[:60], uneven[60:])
    assert [clock(1), clock(100)] == pytest.approx([0, uneven[99] - uneven[0]])


@pytest.mark.parametrize("seconds", [[None] * 5, [0.0, 0.0, 0.0, 0.5, 0.1], [0.0, 0.04]])
def test_missing_or_impossible_time_stamps_are_ignored(tmp_path, seconds):
    assert clock_of(tmp_path, seconds)(26) == 1


def test_a_face_warns_of_the_worst_of_its_tracks():
    sound = TrackQuality(face_id=2, pupil_distance=100.0, coverage=1.0, source="mesh", head_motion=1.0)
    small = sound.model_copy(update={"pupil_distance": 40.0})
    face = FaceRecord(2, 1, 90, rows=90, frames=90, qualities=[sound, small])
    (warning,) = face.warnings()
    assert warning.startswith("face 2: the face is small: 40 px between the pupils")
    assert FaceRecord(0, 1, 90, rows=90, frames=90).warnings() == []


def test_names_of_events_sort_by_onset():
    assert [event_name(1), event_name(12)] == ["e0001", "e0012"]
