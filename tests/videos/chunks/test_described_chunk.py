"""A chunk is described from what is kept of it: what is found, and in which order its pictures are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.frames.clock import Clock
from merlab.frames.frame import FramesByNumber
from merlab.spotting.spot import SpottingSettings
from merlab.videos.chunks.chunk_record import ChunkRecord, Description, TrackQuality, read_chunk
from merlab.videos.chunks.described_chunk import ChunkWriter
from merlab.videos.chunks.kept_chunk import ChunkFacts, KeptChunk, KeptTrack
from merlab.videos.chunks.mesh_facts import MeshFacts
from merlab.videos.frame_table import read_frame_lines
from merlab.videos.result import FRAMES as FRAMES_TABLE
from merlab.videos.words import WordSettings
from tests.videos.faces import moving_places, there_and_back

FPS, FRAMES = 100.0, 600


def track(face_id: int, *apexes: int) -> KeptTrack:
    """A face that moves for .4 s around each apex."""
    return track_of(face_id, np.asarray(sum(there_and_back(FRAMES, apex - 20, apex, apex + 20) for apex in apexes)))


def track_of(face_id: int, course: NDArray[np.float64]) -> KeptTrack:
    """A face that is seen from frame 1 on, and moves along this course."""
    frames = len(course)
    facts = MeshFacts(2.0, 123.0, 115.0, 145.0, 0.5, 0.0, 0.0, 0.0)
    return KeptTrack(
        face_id,
        1,
        boxes=np.ones((frames, 5)),
        places=moving_places(course),
        transforms=np.full((frames, 2, 3), np.nan),
        shown=np.arange(1, frames + 1),
        mesh=np.tile(np.array(facts, np.float32), (frames, 1)),
    )


class Pictures(FramesByNumber):
    """Pictures that are noted when they are read for the first time, as a container would have to give them."""

    def __init__(self, read: list[int]) -> None:
        self._read, self._held = read, set[int]()

    @property
    def numbers(self):
        return range(1, FRAMES + 1)

    def read(self, number):
        if number not in self._held:
            self._read.append(number)
        self._held.add(number)
        return np.zeros((282, 231, 3), np.uint8)


class Describer:
    """Looks at onset and apex of each event."""

    def describe(self, seen, faces, folder):
        faces.read(seen.event.onset)
        faces.read(seen.event.apex)
        return Description(
            label="", withheld="", why_other="", probability=0.5, regions="", action_units="", probabilities={}
        )


def described(folder: Path, tracks: Sequence[KeptTrack], first_owned: int, read: list[int]) -> ChunkRecord:
    """The record of a chunk of 600 frames with these tracks; the pictures that are read are noted in ``read``."""
    facts = ChunkFacts(
        covered=(1, FRAMES + 1),
        owned=(first_owned, FRAMES + 1),
        size=(640, 480),
        damaged=(),
        left_out=0,
        quality=tuple(
            TrackQuality(face_id=each, pupil_distance=120, coverage=1, source="mesh", head_motion=0) for each in (0, 1)
        ),
        tracks=((0, 1), (1, 1)),
    )
    clock = Clock.constant(FPS, FRAMES)
    writer = ChunkWriter(clock, SpottingSettings(), WordSettings(), Describer(), lambda track: Pictures(read))
    writer.write(KeptChunk(facts, tracks), folder)
    return read_chunk(folder)


def test_what_is_too_weak_is_listed_and_what_is_too_short_is_counted(tmp_path):
    """Movements of 2 px, .24 px and 2 px; the last takes .1 s. Another face is seen in 20 frames, of which 10 count."""
    moved = [(130, 20, 1.0), (300, 20, 0.12), (450, 5, 1.0)]
    course = np.sum([size * there_and_back(FRAMES, at - half, at, at + half) for at, half, size in moved], axis=0)
    record = described(tmp_path, [track_of(0, course), track_of(1, np.zeros(20))], 11, [])
    (event,), (weak,) = record.events, record.weak
    assert (event.face_id, weak.face_id) == (0, 0)
    assert (event.apex, weak.apex) == pytest.approx((130, 300), abs=5)
    assert (record.dropped, record.unspotted) == (1, 10)


def test_rows_have_the_score_of_their_frame_where_it_counts_and_the_box_where_the_face_is_seen(tmp_path):
    seen, brief = track(0, 130), track_of(1, np.zeros(20))
    brief.boxes[5] = np.nan
    (event,) = described(tmp_path, [seen, brief], 11, []).events
    lines = read_frame_lines(tmp_path / FRAMES_TABLE)
    scores = {row.frame: row.score for row, _ in lines if row.face_id == 0}
    assert [frame for frame, score in scores.items() if score is None] == list(range(1, 11))
    assert scores[event.apex] == max(score or 0 for score in scores.values())
    assert all((row.lids_px is None) == (row.threshold is None) == (row.score is None) for row, _ in lines)
    without = [(row.frame, row.success, row.width) for row, _ in lines if row.face_id == 1 and row.box is None]
    assert without == [(6, 0, None)]
    assert all(row.score is None for row, _ in lines if row.face_id == 1)


@pytest.mark.slow
def test_the_pictures_of_all_faces_are_read_forwards(tmp_path):
    """Where a container cannot find a key frame, each step back decodes the whole video up to there."""
    read: list[int] = []
    tracks = [track(0, 130, 400), track(1, 270, 480)]
    events = described(tmp_path, tracks, 1, read).events
    found = [(event.face_id, round(event.apex, -1)) for event in events]
    assert {(0, 130), (0, 400), (1, 270), (1, 480)} <= set(found)
    assert found == sorted(found)
    assert [event.pictures for event in events] == [str(position) for position in range(len(events))]
    assert read == sorted(number for event in events for number in (event.onset, event.apex))
