"""What is summed up over all chunks: faces with what limits them, names of events."""

from __future__ import annotations

from merlab.faces.quality import ClipQuality
from merlab.videos.chunks.assembly import FaceRecord, Totals, event_name, face_warnings
from merlab.videos.chunks.chunk_record import TrackQuality
from merlab.videos.chunks.joining import Joiner
from tests.videos.chunks.test_joining import LEFT, RIGHT, write_chunk


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


def test_what_limits_hundreds_of_faces_in_the_same_way_is_one_warning():
    """A recording of an hour with cuts had 241 faces, and 405 warnings above its timeline."""
    faces = []
    for face_id in range(241):
        quality = TrackQuality(
            face_id=face_id,
            pupil_distance=40.0 + face_id % 7,
            coverage=0.8 if face_id in {4, 9} else 1.0,
            source="mesh",
            head_motion=1.0,
        )
        faces.append(FaceRecord(face_id, 1, 90, rows=90, frames=90, qualities=[quality]))
    cut_off, also_cut_off, small = face_warnings(faces)
    assert cut_off == "face 4: the face is cut off: 20 % of the layout is outside the frame"
    assert also_cut_off.startswith("face 9: the face is cut off")
    assert small.startswith(
        "faces 0, 1, 2 and 238 more: the face is small: 40 to 46 px between the pupils, but 123 px on the layout"
    )


def test_warnings_of_few_faces_are_listed_face_by_face():
    quality = TrackQuality(face_id=0, pupil_distance=40.0, coverage=0.8, source="mesh", head_motion=1.0)
    faces = [FaceRecord(each, 1, 90, rows=90, frames=90, qualities=[quality]) for each in range(3)]
    assert [text[:24] for text in face_warnings(faces)] == [
        f"face {each}: the face is {what}" for each in range(3) for what in ("smal", "cut ")
    ]


def test_a_face_counts_the_frames_in_which_it_is_followed_and_those_in_which_it_is_seen(tmp_path):
    """The first face is followed in frames 1 to 50 and not seen in 4; the second is in 61 to 90 of 51 to 100."""
    sound = TrackQuality(face_id=0, pupil_distance=100.0, coverage=1.0, source="mesh", head_motion=1.0)
    faces = {0: (LEFT, range(1, 61))}
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), faces, unseen=range(41, 45), quality=(sound,))
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), {0: (RIGHT, range(61, 91))}, quality=(sound,))
    totals = Totals()
    for chunk in Joiner().join([first, second]):
        totals.add(chunk)
    assert (totals.frames, totals.faceless) == (100, 20)
    counts = {face: (each.first, each.last, each.rows, each.frames) for face, each in totals.faces.items()}
    assert counts == {0: (1, 50, 50, 46), 1: (61, 90, 30, 30)}
    (warning,) = face_warnings(totals.faces.values())
    assert warning.startswith("face 0: no face is seen in 4 of 50 frames")


def test_names_of_events_sort_by_onset():
    assert [event_name(1), event_name(12)] == ["e0001", "e0012"]
