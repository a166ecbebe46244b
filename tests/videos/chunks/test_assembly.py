"""What is summed up over all chunks: faces with what limits them, names of events."""

from __future__ import annotations

from merlab.faces.quality import ClipQuality
from merlab.videos.chunks.assembly import FaceRecord, event_name
from merlab.videos.chunks.chunk_record import TrackQuality


def test_a_face_warns_of_the_worst_of_its_tracks():
    sound = TrackQuality(face_id=2, pupil_distance=100.0, coverage=1.0, source="mesh", head_motion=1.0)
    small = sound.model_copy(update={"pupil_distance": 40.0})
    face = FaceRecord(2, 1, 90, rows=90, frames=90, qualities=[sound, small])
    (warning,) = face.warnings()
    assert warning.startswith("face 2: the face is small: 40 px between the pupils")
    assert FaceRecord(0, 1, 90, rows=90, frames=90).warnings() == []


def test_a_face_whose_alignment_began_upside_down_is_warned_of():
    quality = ClipQuality(pupil_distance=100.0, coverage=1.0, source="mesh", roll=178.0)
    face = FaceRecord(0, 1, 90, rows=90, frames=90, qualities=[TrackQuality.of(0, quality)])
    (warning,) = face.warnings()
    assert warning.startswith("face 0: the face is turned by 178 degrees from upright: turn the video")


def test_names_of_events_sort_by_onset():
    assert [event_name(1), event_name(12)] == ["e0001", "e0012"]
