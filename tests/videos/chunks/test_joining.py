"""Faces keep their number from chunk to chunk, and a movement on a border is reported once."""

from __future__ import annotations

import pytest

from merlab.sinks import CsvSink
from merlab.videos.chunks.chunk_record import ChunkEvent, ChunkMovement, ChunkRecord, Description
from merlab.videos.chunks.joining import Joiner
from merlab.videos.frame_table import HEADER, FrameLine
from merlab.videos.result import FRAMES
from merlab.videos.rows import FrameRow

LEFT, RIGHT, FAR = (10, 10), (300, 10), (600, 10)


def write_chunk(folder, owned, covered, faces, *, unseen=(), quality=(), events=(), weak=()):
    """``faces``: the number within the chunk -> its place and the frames in which it is, ``unseen`` without a box."""
    with CsvSink(folder / FRAMES, HEADER) as sink:
        for number in covered:
            there = [(face, x, y) for face, ((x, y), frames) in faces.items() if number in frames]
            rows = [
                FrameRow(number, None, face, 0.0, 0)
                if number in unseen
                else FrameRow(number, None, face, 0.9, 1, x + number / 10, y, 100, 120)
                for face, x, y in there
            ]
            for row in rows or [FrameRow(number, None, face_id=None, confidence=None, success=0)]:
                sink.write(FrameLine(row).cells)
    record = ChunkRecord(owned=(owned.start, owned.stop), size=(640, 480), quality=quality, events=events, weak=weak)
    record.write(folder)
    return folder


def weak(face_id, onset, offset, **fields):
    return ChunkMovement(face_id=face_id, onset=onset, apex=onset, offset=offset, score=9, part="chin", **fields)


def event(face_id, onset, offset, **fields):
    nothing = Description(label="", withheld="", probability=0, regions="", action_units="", probabilities={})
    return ChunkEvent(**dict(weak(face_id, onset, offset, **fields)), description=nothing, pictures="0")


def joined_faces(*folders):
    """For each chunk, the number within the video of the face at every place."""
    chunks = Joiner().join(list(folders))
    return [
        {round(row.box.left - row.frame / 10): row.face_id for row, _ in chunk.lines if row.box} for chunk in chunks
    ]


def test_a_face_keeps_its_number_if_the_next_chunk_counts_in_another_order(tmp_path):
    every = range(1, 200)
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), {0: (LEFT, every), 1: (RIGHT, every)})
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), {0: (RIGHT, every), 1: (LEFT, every)})
    assert joined_faces(first, second) == [{10: 0, 300: 1}, {10: 0, 300: 1}]


def test_a_face_at_a_new_place_gets_a_new_number(tmp_path):
    every = range(1, 200)
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), {0: (LEFT, every)})
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), {0: (FAR, every), 1: (LEFT, every)})
    third = write_chunk(tmp_path / "2", range(101, 151), range(91, 151), {0: (FAR, every), 1: (RIGHT, every)})
    assert joined_faces(first, second, third) == [{10: 0}, {600: 1, 10: 0}, {600: 1, 300: 2}]


@pytest.mark.parametrize(("moved", "number"), [(50, 0), (58, 1)])
def test_a_face_is_the_same_if_its_places_overlap_by_three_tenths(tmp_path, moved, number):
    """Of a face of 100 px that is moved by 50 px, 50 of 150 are in both places; by 58 px, 42 of 158."""
    every = range(1, 200)
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), {0: (LEFT, every)})
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), {0: ((10 + moved, 10), every)})
    assert joined_faces(first, second) == [{10: 0}, {10 + moved: number}]


def test_of_faces_side_by_side_each_keeps_the_number_of_the_nearest(tmp_path):
    every = range(1, 200)
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), {0: ((10, 10), every), 1: ((60, 10), every)})
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), {0: ((50, 10), every), 1: ((20, 10), every)})
    assert joined_faces(first, second) == [{10: 0, 60: 1}, {50: 1, 20: 0}]


def test_a_face_that_is_not_seen_in_some_frames_keeps_its_number(tmp_path):
    faces = {0: (LEFT, range(1, 200))}
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), faces, unseen=range(41, 45))
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), faces, unseen=range(50, 56))
    assert joined_faces(first, second) == [{10: 0}, {10: 0}]


def test_a_face_that_is_only_in_the_margin_gets_no_number(tmp_path):
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), {0: (FAR, range(52, 58)), 1: (LEFT, range(1, 61))})
    assert joined_faces(first) == [{10: 0}]


def test_every_frame_has_its_rows_once(tmp_path):
    first = write_chunk(tmp_path / "0", range(1, 51), range(1, 61), {})
    second = write_chunk(tmp_path / "1", range(51, 101), range(41, 101), {})
    numbers = [row.frame for chunk in Joiner().join([first, second]) for row, _ in chunk.lines]
    assert numbers == list(range(1, 101))


def joined(folder, first, second):
    """What stays of a movement of each of two chunks, frames 1 to 50 and 51 to 100 of one face."""
    folders = []
    for position, (owned, covered, movement) in enumerate(
        [(range(1, 51), range(1, 61), first), (range(51, 101), range(41, 101), second)]
    ):
        tier = "events" if isinstance(movement, ChunkEvent) else "weak"
        faces = {0: (LEFT, range(1, 200))}
        folders.append(write_chunk(folder / str(position), owned, covered, faces, **{tier: (movement,)}))
    return [movement for chunk in Joiner().join(folders) for movement in [*chunk.events, *chunk.weak]]


@pytest.mark.parametrize("first", [event(0, 44, 55), weak(0, 44, 55)])
@pytest.mark.parametrize("second", [event(0, 45, 70), weak(0, 45, 70)])
def test_a_movement_on_the_border_is_reported_once_and_as_an_event_if_one_chunk_takes_it_for_one(
    tmp_path, first, second
):
    kept = second if isinstance(second, ChunkEvent) and not isinstance(first, ChunkEvent) else first
    assert joined(tmp_path, first, second) == [kept]


@pytest.mark.parametrize("kind", ["macro", "other"])
def test_a_long_movement_on_the_border_is_reported_once_whatever_kind_the_chunks_take_it_for(tmp_path, kind):
    first, second = event(0, 5, 95, kind="macro", long=True), event(0, 6, 96, kind=kind, long=True)
    assert joined(tmp_path, first, second) == [first]


@pytest.mark.parametrize("kind", ["macro", "other"])
def test_a_brief_movement_within_a_long_one_is_another(tmp_path, kind):
    first, second = event(0, 5, 95, kind=kind, long=True), event(0, 52, 60)
    assert joined(tmp_path, first, second) == [first, second]


def test_movements_are_two_unless_they_have_a_frame_in_common(tmp_path):
    first, apart, touching = event(0, 44, 55), event(0, 56, 70), event(0, 55, 70)
    assert joined(tmp_path / "apart", first, apart) == [first, apart]
    assert joined(tmp_path / "touching", first, touching) == [first]
