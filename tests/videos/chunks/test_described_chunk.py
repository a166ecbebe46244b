"""A chunk is described from what is kept of it: in which order its pictures are read."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.frames.frame import FramesByNumber
from merlab.spotting.spot import SpottingSettings
from merlab.videos.chunks.chunk_record import Description, TrackQuality, read_chunk
from merlab.videos.chunks.described_chunk import ChunkWriter
from merlab.videos.chunks.kept_chunk import ChunkFacts, KeptChunk, KeptTrack
from merlab.videos.chunks.mesh_facts import MeshFacts
from merlab.videos.words import WordSettings
from tests.videos.faces import moving_places, there_and_back

FPS, FRAMES = 100.0, 600


def track(face_id: int, *apexes: int) -> KeptTrack:
    """A face that moves for .4 s around each apex."""
    course = sum(there_and_back(FRAMES, apex - 20, apex, apex + 20) for apex in apexes)
    facts = MeshFacts(2.0, 123.0, 115.0, 145.0, 0.5, 0.0, 0.0, 0.0)
    return KeptTrack(
        face_id,
        1,
        boxes=np.ones((FRAMES, 5)),
        places=moving_places(np.asarray(course)),
        transforms=np.full((FRAMES, 2, 3), np.nan),
        shown=np.arange(1, FRAMES + 1),
        mesh=np.tile(np.array(facts, np.float32), (FRAMES, 1)),
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


@pytest.mark.slow
def test_the_pictures_of_all_faces_are_read_forwards(tmp_path):
    """Where a container cannot find a key frame, each step back decodes the whole video up to there."""
    read: list[int] = []
    tracks = [track(0, 130, 400), track(1, 270, 480)]
    facts = ChunkFacts(
        covered=(1, FRAMES + 1),
        owned=(1, FRAMES + 1),
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
    writer.write(KeptChunk(facts, tracks), tmp_path)
    events = read_chunk(tmp_path).events
    found = [(event.face_id, round(event.apex, -1)) for event in events]
    assert {(0, 130), (0, 400), (1, 270), (1, 480)} <= set(found)
    assert found == sorted(found)
    assert [event.pictures for event in events] == [str(position) for position in range(len(events))]
    assert read == sorted(number for event in events for number in (event.onset, event.apex))
